#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/keys.h"
#include "config/schema.h"

namespace procgraph {

using namespace config;

namespace {

constexpr std::string_view kOpening =
    R"(<!-- Generated from the keys table by `procgraph schema --reference`; do not edit. -->

# The file

A graph is one YAML file, or several: those on the command line and those they `include` add up. A name or a setting in two of them
is an error. Every mistake is reported with its place, all in one go; an unknown key is a mistake, too.

```yaml
processes:
  f: { command: f, writes: q }
  m: { command: m, reads: q }
queues: [q]
```

Processes and channels share their names: letters, digits, `_` and `-`, a letter first, at most 63. `none`, `log` and `inherit` are reserved.

## Values

- Sizes are `4096`, `64KiB`, `16MiB`, `1GB`; durations `250ms`, `10s`, `5m`, `1h`; numbers decimal; flags `true` or `false`, nothing else.
- `${NAME}`, `${NAME:-default}` (also where it is empty) and `${NAME:?message}` are filled in after the file has been parsed, in values and never
  in keys; `$$` is a `$`, and any other `$` is itself. What is filled in is never parsed or split again. A name that is not set is an error.
- Their sources, of which the later wins: `vars:`, the `.env` file beside the first file, the environment, `--set NAME=value`.
- `${replica}` (from 0) and `${replicas}` are filled in for each copy of a process, in `command`, `env`, `cwd`, `cpus`, the files of
  its streams and the probes of `ready` and `health`.
- `${socket.NAME.address}`, `.host` and `.port` are those of a declared socket, in `command` (but for the program), `env` and probes; a unix socket has
  its path for an address, and no host and port.
- A command given as one text is split into words first, by the shell's rules for quotes and backslashes; no shell runs, so that an
  unquoted `|`, `>`, `<`, `;`, `&`, `` ` ``, `$(`, `*`, or a `~` at a word's beginning, is an error. Nothing is filled in inside `shell:`.
- In `cwd`, `env_file`, `file`, `include` and the program of a command, if it has a slash, a relative path means the folder of the file in which it
  stands. The other words of a command are never touched.
- An empty value is an error, except for a channel: there it means all defaults.
- Anchors, aliases and `<<` work; `env` maps of `<<` and of `defaults` merge variable by variable. A key that stands twice in one map is an error.
- A file is at most 16 MiB of UTF-8 (all together 32 MiB), one document, 64 levels deep, with at most 1,000,000 values, aliases counted as what they stand for.
)";

struct Section {
  Place place;
  std::string_view title;
  std::string_view opening;
};

constexpr std::array kSections{
    Section{Place::kTop, "The top level", "Keys that begin with `x-` are ignored: a place for anchors."},
    Section{Place::kDefaults, "`defaults`", ""},
    Section{Place::kProcess, "A process", "`sorted: sort -u` is short for `sorted: { command: sort -u }`."},
    Section{Place::kPort, "A port",
            "The value of a port in a map of `reads` or `writes`; a channel's name alone is short for `{ "
            "channel: NAME }`."},
    Section{Place::kStream, "A stream",
            "`stdin`, `stdout` or `stderr` as a map: `{ file: PATH }`, `{ file: PATH, append: true }` or `{ "
            "channel: NAME }`."},
    Section{Place::kStop, "`stop`", ""},
    Section{Place::kRestart, "`restart`",
            "`restart: on_failure` is short for `restart: { policy: on_failure }`."},
    Section{Place::kReady, "`ready`",
            "`ready: notify`, or a map with one of the ways; an address is `HOST:PORT` or "
            "`${socket.NAME.address}`."},
    Section{Place::kHealth, "`health`",
            "One of the ways. A look is taken each `interval`; `watchdog` has no other key beside it."},
    Section{Place::kHttp, "`http`", "`http: http://127.0.0.1:8080/live`, or a map for a declared socket."},
    Section{
        Place::kPer, "`per`",
        "`per: message` gives each run one message. What a run is given, and what its end means, is in the "
        "[guide](guide.md#a-command-for-every-message)."},
    Section{Place::kOrdered, "`ordered`", "`ordered: true` is short for `ordered: { window: 1024 }`."},
    Section{
        Place::kLimits, "`limits`",
        "Each copy of a process has its own, and what it starts is under them too. What cannot be had on a "
        "machine, or is above its hard limit, is refused before anything starts."},
    Section{
        Place::kLogs, "`logs`",
        "No disk is waited for: what one is too slow for, or refuses, is missing in the file, which says so "
        "there and at the end of the run."},
    Section{
        Place::kContainment, "`containment`",
        "What each tier holds, and what it takes, is in [operations](operations.md); `procgraph doctor` says "
        "what a machine has."},
    Section{Place::kDeadlock, "`deadlock`",
            "What is looked at, and what a circle looks like, is in the [guide](guide.md#deadlocks)."},
    Section{Place::kQueue, "A queue", "`queues: [a, b]` is short for `queues: { a: {}, b: {} }`."},
    Section{Place::kTopic, "A topic", "`topics: [a, b]` is short for `topics: { a: {}, b: {} }`."},
    Section{
        Place::kFraming, "`framing`",
        "`lines` and `nul`: each ends with a newline, or a NUL. `length`: 4 bytes with the length, the "
        "highest "
        "first, before each. `netstring`: as `5:hello,`. `whole`: all is one message. Or one of these, as "
        "`framing: { record: 16 }`:"},
    Section{Place::kDeadLetter, "`dead_letter`",
            "`dead_letter: failed` is short for `dead_letter: { queue: failed }`."},
    Section{Place::kPipe, "A pipe", "`pipes: [a, b]` is short for `pipes: { a: {}, b: {} }`."},
    Section{Place::kSharedMemory, "A shared memory area",
            "Its programs use the SDK, or map the descriptors that PROCGRAPH_PORTS names."},
    Section{
        Place::kSocket, "A socket",
        "`sockets: [a, b]` is short for `sockets: { a: {}, b: {} }`. A host is an IPv4 address, an IPv6 "
        "address in brackets, or `localhost`, which is 127.0.0.1; a relative path means the file's folder."},
    Section{
        Place::kManifest, "A node's manifest",
        "A file of its own: `NAME.node.yaml` beside the program `NAME`. `check` holds graphs against it, and "
        "`procgraph nodes` shows it."},
    Section{Place::kManifestPort, "A port in a manifest",
            "`in: {}` is a port of which there is no more to say."},
};

std::string cell(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string takes(const Key& key) {
  if (key.type == Type::kAfter)
    return fmt::format("{}; conditions: {}", phrase(key), join(words_of(key.words), ", "));
  return phrase(key);
}

std::string table(Place place) {
  std::string text = "| key | takes | default | meaning |\n| --- | --- | --- | --- |\n";
  std::string later;
  for (const Key& key : keys()) {
    if (key.place != place) continue;
    if (key.supported) {
      text += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(takes(key)), cell(key.otherwise),
                          cell(key.help));
    } else {
      later += fmt::format("{}`{}`", later.empty() ? "" : ", ", key.name);
    }
    for (const std::string& word : words_of(key.later_words))
      later += fmt::format("{}`{}: {}`", later.empty() ? "" : ", ", key.name, word);
  }
  if (!later.empty()) text += fmt::format("\nNot supported yet, and refused: {}.\n", later);
  return text;
}

struct Kind {
  std::string_view name;
  Place place;
};

constexpr std::array kKinds{Kind{"queue", Place::kQueue}, Kind{"topic", Place::kTopic},
                            Kind{"pipe", Place::kPipe}, Kind{"shared_memory", Place::kSharedMemory},
                            Kind{"socket", Place::kSocket}};

}  // namespace

std::string file_reference_markdown() {
  std::string text(kOpening);
  for (const Section& one : kSections) {
    text += fmt::format("\n## {}\n\n", one.title);
    if (!one.opening.empty()) text += fmt::format("{}\n\n", one.opening);
    text += table(one.place);
  }
  return text;
}

std::vector<std::string> kinds_with_options() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

std::string options_markdown(std::string_view kind) {
  const auto* found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& one) { return one.name == kind; });
  return found == kKinds.end() ? "" : table(found->place);
}

}  // namespace procgraph
