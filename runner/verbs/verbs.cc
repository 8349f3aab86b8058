// The list of verbs, and the help that comes from it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "verbs/verb.h"

namespace procgraph {
namespace {

constexpr std::array kVerbs{
    Verb{"run", "Run", "check, plan, start and supervise a graph until it is done",
         "  procgraph run                          the graph in ./procgraph.yaml\n"
         "  procgraph run etl.yaml --set day=mon   with ${day} in the file\n"
         "  procgraph run etl.yaml --dry-run       say what would be started, start nothing\n"
         "  cat etl.yaml | procgraph run -         the file from standard input\n",
         declare_run},
    Verb{"exec", "Run", "run a graph that is written on one line",
         "  procgraph exec 'seq 1000000 ! grep 7 *4 ! wc -l'           four copies of grep share the lines\n"
         "  procgraph exec --print 'seq 10 ! tac' > tac.yaml           the file that says the same\n",
         declare_exec},
    Verb{"check", "Look before", "find every mistake in a file, start nothing",
         "  procgraph check etl.yaml\n"
         "  procgraph check etl.yaml --format json   for an editor or a script\n",
         declare_check},
    Verb{"plan", "Look before", "print the decided run: objects, descriptors, commands, order",
         "  procgraph plan etl.yaml\n", declare_plan},
    Verb{"graph", "Look before", "draw it",
         "  procgraph graph etl.yaml\n"
         "  procgraph graph etl.yaml --format svg > etl.svg     needs Graphviz's dot\n",
         declare_graph},
    Verb{"ps", "See a running graph", "its processes: state, uptime, CPU, memory, what each waits for",
         "  procgraph ps                       all running graphs\n"
         "  procgraph ps --graph etl --wide\n"
         "  procgraph ps --json | jq '.graphs[].processes[] | select(.state == \"failed\")'\n",
         declare_ps},
    Verb{"logs", "See a running graph", "what its processes have printed lately, and print",
         "  procgraph logs -f                  all of them, until the graph has ended\n"
         "  procgraph logs -n 20 worker api.0\n"
         "  procgraph logs --since 5m\n",
         declare_logs},
    Verb{"events", "See a running graph", "starts, ends, restarts, failures, as they happen",
         "  procgraph events -f\n"
         "  procgraph events --json -n 100\n",
         declare_events},
    Verb{"stats", "See a running graph",
         "its channels: how full, how much has passed, how long writers waited",
         "  procgraph stats --watch            again each second, with rates\n", declare_stats},
    Verb{"why", "See a running graph", "what a process waits for, and those in turn; or why it does not run",
         "  procgraph why worker\n", declare_why},
    Verb{"attach", "See a running graph", "what it says from here on, to its end; Ctrl-C leaves it running",
         "  procgraph run --detach etl.yaml && procgraph attach\n", declare_attach},
    Verb{"wait", "See a running graph", "until it has ended; ends with its exit code",
         "  procgraph wait --graph etl --timeout 1h && mail -s done me@example.org\n", declare_wait},
    Verb{"stop", "Act on a running graph", "it, in order, or some of its processes",
         "  procgraph stop                     sources first, the rest drains; returns when all is over\n"
         "  procgraph stop worker.2\n",
         declare_stop},
    Verb{"restart", "Act on a running graph", "stop processes, and start them again",
         "  procgraph restart api\n", declare_restart},
    Verb{"signal", "Act on a running graph", "send a signal to processes",
         "  procgraph signal HUP api           to read its configuration again, say\n", declare_signal},
    Verb{"pause", "Act on a running graph", "processes stand still until they are resumed",
         "  procgraph pause worker\n", declare_pause},
    Verb{"resume", "Act on a running graph", "they go on", "  procgraph resume worker\n", declare_resume},
    Verb{"put", "Use a running graph", "put messages into a channel, from outside or in a node's script",
         "  procgraph put jobs 'first' 'second'\n"
         "  seq 100 | procgraph put jobs --graph etl   each line is a message\n"
         "  procgraph put jobs --file < photo.jpg      all of it is one\n",
         declare_put},
    Verb{"get", "Use a running graph", "get messages out of a channel, a line each",
         "  procgraph get results                      until the data ends\n"
         "  procgraph get results -n 1 --timeout 5s\n",
         declare_get},
    Verb{"each", "Use a running graph", "run a command for each message; its exit code 0 acknowledges",
         "  procgraph each jobs -- convert - out.png                the message is its stdin\n"
         "  procgraph each jobs -n 1 -- sh -c 'work && echo done'\n"
         "  procgraph each names -j 4 -- gzip {}                    … and its argument\n",
         declare_each},
    Verb{"new", "Write", "the source of a node of your own, ready to build",
         "  procgraph new count && cmake -S count -B count/build && cmake --build count/build\n",
         declare_new},
    Verb{"schema", "Write", "the JSON schema of the file, for editors",
         "  procgraph schema > procgraph.schema.json\n", declare_schema},
    Verb{"completion", "Write", "completion for bash, zsh or fish", "  source <(procgraph completion bash)\n",
         declare_completion},
    Verb{"kinds", "What there is", "the kinds of channels", "  procgraph kinds\n", declare_kinds},
    Verb{"nodes", "What there is", "the node programs that a file's commands can name",
         "  procgraph nodes etl.yaml                    … and what they say of themselves\n"
         "  procgraph nodes copy                        one of them\n"
         "  procgraph nodes --format json\n",
         declare_nodes},
    Verb{"doctor", "What there is", "what this machine allows: containment, limits, shared memory, pipes",
         "  procgraph doctor\n", declare_doctor},
    Verb{"version", "What there is", "the version", "  procgraph version\n", declare_version},
    Verb{"help", "What there is", "this text, or a verb's", "  procgraph help run\n", declare_help},
};

std::string flag_name(const FlagRow& row) {
  std::string names = row.names;
  if (std::size_t comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  return row.value.empty() ? names : fmt::format("{} {}", names, row.value);
}

std::string rows_text(std::string_view title, const std::vector<FlagRow>& rows, bool arguments) {
  std::size_t column = 0;
  for (const FlagRow& row : rows) {
    if (row.argument == arguments) column = std::max(column, width(flag_name(row)));
  }
  std::string text;
  for (const FlagRow& row : rows) {
    if (row.argument != arguments) continue;
    std::string name = flag_name(row);
    text += fmt::format("  {}{:{}}  {}\n", name, "", column - width(name), row.help);
  }
  return text.empty() ? text : fmt::format("\n{}:\n{}", title, text);
}

Outcome print_help(const Context& context, const std::string& name) {
  for (const Verb& verb : kVerbs) {
    if (verb.name != name) continue;
    Flags flags("procgraph", verb.name);
    verb.declare(flags, context);
    std::fputs(verb_help(verb, flags).c_str(), stdout);
    return {};
  }
  if (name.empty()) {
    std::fputs(program_help().c_str(), stdout);
    return {};
  }
  fmt::print(stderr, "procgraph: there is no verb '{}'\n", escape(name));
  return {.code = kExitUsage};
}

}  // namespace

std::span<const Verb> all_verbs() {
  return kVerbs;
}

std::string verb_help(const Verb& verb, const Flags& flags) {
  std::string text = fmt::format("procgraph {} – {}\n\nusage: {}\n", verb.name, verb.summary, flags.usage());
  text += rows_text("arguments", flags.rows(), true);
  text += rows_text("flags", flags.rows(), false);
  text += fmt::format("\nexamples:\n{}", verb.examples);
  return text;
}

std::string program_help() {
  std::string text =
      "procgraph – runs a graph of processes from one YAML file, as one program\n\n"
      "usage: procgraph VERB [flags] [arguments]\n";
  std::string_view group;
  for (const Verb& verb : kVerbs) {
    if (verb.group != group) text += fmt::format("\n{}:\n", verb.group);
    group = verb.group;
    text += fmt::format("  {:<11} {}\n", verb.name, verb.summary);
  }
  text +=
      "\nprocgraph VERB --help has its flags and examples. Every flag can also be set in the environment:\n"
      "--log-format json is PROCGRAPH_LOG_FORMAT=json.\n\n"
      "The smallest graph:\n"
      "  processes:\n"
      "    f: { command: f, writes: q }\n"
      "    m: { command: m, reads: q }\n"
      "  queues: [q]\n";
  return text;
}

Action declare_help(Flags& flags, const Context& context) {
  auto verb = std::make_shared<std::string>();
  flags.argument("VERB", *verb, "the verb to explain", false);
  return [verb, context] { return print_help(context, *verb); };
}

}  // namespace procgraph
