// `run`: the straight line from a file's text to one exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"
#include "launch/launch.h"
#include "os/claim.h"
#include "os/doorplate.h"
#include "os/guard.h"
#include "os/keeper.h"
#include "os/objects.h"
#include "os/pid_namespace.h"
#include "procgraph/attach.h"
#include "report/log_files.h"
#include "report/reporter.h"
#include "supervise/supervise.h"
#include "verbs/background.h"
#include "verbs/run.h"

namespace procgraph {
namespace {

std::optional<Duration> graph_timeout(const RunFlags& flags, Front& front) {
  if (flags.timeout.empty()) return front.graph.timeout;
  std::optional<Duration> given = parse_duration(flags.timeout);
  bool usable = given && given->count() > 0;
  if (!usable)
    front.usage =
        fmt::format("procgraph run: --timeout {}: a duration such as 90s, 5m or 1h", escape(flags.timeout));
  return given;
}

ReportOptions report_options(const RunFlags& flags, const Plan& plan) {
  ReportOptions options{.format = flags.log_format == "json" ? LogFormat::kJson : LogFormat::kText,
                        .prefix = !flags.no_prefix,
                        .timestamps = flags.timestamps,
                        .color_out = use_color(flags.color, STDOUT_FILENO),
                        .color_err = use_color(flags.color, STDERR_FILENO),
                        .quiet = flags.quiet,
                        .verbose = flags.verbose};
  for (const Spawn& spawn : plan.spawns) {
    // Nodes of ours, which nobody wrote down, have nothing to say unless something is wrong.
    if (!plan.graph.at(spawn.process).builtin)
      options.label_width = std::max(options.label_width, spawn.label.size());
  }
  return options;
}

// To the console, and into files where the graph says so.
Result<std::unique_ptr<Reporter>> reporter_for(const RunFlags& flags, const Plan& plan) {
  auto console = make_reporter(report_options(flags, plan));
  if (!plan.graph.logs) return console;
  const LogsSpec& logs = *plan.graph.logs;
  return with_log_files({.folder = logs.folder.value,
                         .rotation = {.size = logs.rotate.value, .keep = logs.keep},
                         .format = logs.json ? LogFormat::kJson : LogFormat::kText},
                        std::move(console));
}

// What somebody else has on this machine; all other refusals are the operating system's.
int exit_code(const Error& refused) {
  return is_of_address(refused) ? kExitMachine : kExitSystem;
}

// The name of a graph that is `single`; what holds it is kept until nothing of the run is left.
Result<Claim> claim_name(const Graph& graph, const Keeper& keeper) {
  if (!graph.single) return Claim{};
  Result<Claim> claimed =
      claim(meeting_folders(), graph.name, ::getppid());  // the guard: the pid that people see
  if (!claimed) return claimed;
  for (const Fd& lock : claimed->locks) {
    if (Result<void> kept = keeper.keep(lock.get()); !kept) return kept.error();
  }
  return claimed;
}

// Exit code 0: the name is free, or ours.
int refuse_second_run(const Graph& graph, const Result<Claim>& claimed) {
  if (!claimed) {
    fmt::print(stderr, "procgraph: {}\n", claimed.error().text());
    return kExitSystem;
  }
  if (!claimed->taken) return 0;
  const std::string holder = claimed->holder > 0 ? fmt::format(" (pid {})", claimed->holder) : "";
  fmt::print(stderr, "procgraph: '{}' is running already{}, and is single: no second run of that name\n",
             escape(graph.name), holder);
  return kExitMachine;
}

// The tier, and why it is no better.
std::pair<Tier, std::string> in_force(const Containment& decided, const Opened& opened) {
  if (opened.why_no_group().empty()) return {decided.tier, decided.because};
  return {Tier::kGuard, "no cgroup: " + opened.why_no_group()};
}

Outcome run_plan(const RunFlags& flags, const Front& front, std::optional<Duration> timeout,
                 const Surroundings& around, pid_t guard, const Doorplate& plate) {
  Result<std::unique_ptr<Reporter>> made = reporter_for(flags, front.plan);
  if (!made) {
    fmt::print(stderr, "procgraph: {}\n", made.error().text());
    return {.code = kExitSystem};
  }
  Reporter& reporter = **made;
  for (const std::string& note : front.graph.notes) reporter.news(note);
  Result<Opened> opened =
      Opened::open(front.plan, around.runner);  // the kernel's objects exist, nothing runs
  if (!opened) {
    reporter.error(opened.error().text());
    (void)reporter.flush();
    return {.code = exit_code(opened.error())};
  }
  if (front.graph.containment.tier && !opened->why_no_group().empty())
    reporter.warning("containment by cgroup cannot be had: " + opened->why_no_group());
  const auto [tier, because] = in_force(front.plan.containment, *opened);
  return supervise(front.plan, *opened, reporter,
                   {.keep_going = flags.keep_going,
                    .strict = flags.strict,
                    .timeout = timeout,
                    .containment = std::string(name(tier)),
                    .because = because,
                    .pid = guard,
                    .plate = &plate,
                    .begun = flags.begun,
                    .manager = &around.manager,
                    .shown_pid = [&](pid_t pid) { return outer_pid(around.outer_proc, pid); }});
}

// Which a run in the background does not have.
void refuse_stdin(const RunFlags& flags, Front& front) {
  if (std::ranges::find(flags.front.files, "-") != flags.front.files.end())
    front.usage = "procgraph run: --detach takes standard input away, so the graph cannot be there";
  for (const Process& process : front.graph.processes)
    if (process.streams[0].kind == StreamKind::kInherit)
      front.usage = fmt::format(
          "procgraph run: --detach takes standard input away, which process '{}' has by "
          "'stdin: inherit'",
          process.name);
}

Guarded ended(int code) {
  return {.run = [code](const Surroundings&) { return Outcome{.code = code}; }};
}

// What is left to do once all is decided.
Guarded prepare_run(const RunFlags& flags, const Context& context, const Keeper& keeper,
                    const Doorplate& plate) {
  // pure: text → Spec → Graph → Plan; nothing exists yet
  auto front = std::make_shared<Front>(prepare(flags.front, context, UpTo::kPlan));
  std::optional<Duration> timeout = graph_timeout(flags, *front);
  if (flags.detach) refuse_stdin(flags, *front);
  const bool refused = !front->ok() || (flags.strict && front->diagnostics.warnings() > 0);
  if (!flags.quiet || refused) print_diagnostics(*front, use_color(flags.color, STDERR_FILENO));
  if (refused) return ended(front->ok() ? kExitInput : front->exit_code());
  if (flags.dry_run) {
    std::string text = to_text(front->plan);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return ended(0);
  }
  // Before anything is made or emptied that the other run may use.
  const auto name = std::make_shared<const Result<Claim>>(claim_name(front->graph, keeper));
  if (const int code = refuse_second_run(front->graph, *name); code != 0) return ended(code);
  return {.tier = front->plan.containment.tier,
          .run = [&flags, &plate, front, timeout, name, guard = ::getppid()](const Surroundings& around) {
            return run_plan(flags, *front, timeout, around, guard, plate);
          }};
}

}  // namespace

void RunFlags::declare(Flags& flags) {
  flags.toggle("-d,--detach", detach,
               "return once the run can be found, with its name; it goes on without a terminal");
  flags.toggle("--dry-run", dry_run, "print the plan, start nothing");
  flags.toggle("--keep-going", keep_going,
               "after a failure run the rest to its end; the first failure is the exit code");
  flags.toggle("--strict", strict, "warnings fail too, and so does a port that is never opened");
  flags.text("--timeout", timeout, "DURATION", "stop after this long (90s, 5m, 1h) with exit code 124");
  flags.choice("--log-format", log_format, {"text", "json"}, "output as text for people, or as JSON lines");
  flags.toggle("--no-prefix", no_prefix, "lines of processes without their process's name");
  flags.toggle("--timestamps", timestamps, "each line with its time");
  declare_color(flags, color);
  flags.toggle("-q,--quiet", quiet, "no warnings, only errors");
  flags.toggle("-v,--verbose", verbose, "starts, ends and a summary too");
}

namespace {

Outcome run_here(const std::shared_ptr<RunFlags>& flags, const Context& context) {
  const Result<Keeper> keeper = Keeper::open();
  if (!keeper) {
    fmt::print(stderr, "procgraph: {}\n", keeper.error().text());
    return {.code = kExitSystem};
  }
  const Result<Doorplate> plate = Doorplate::make();
  if (!plate) {
    fmt::print(stderr, "procgraph: {}\n", plate.error().text());
    return {.code = kExitSystem};
  }
  if (flags->dry_run) return prepare_run(*flags, context, *keeper, *plate).run({});
  guarded([flags, context, &keeper, &plate] { return prepare_run(*flags, context, *keeper, *plate); },
          &*keeper, &*plate);
}

}  // namespace

Outcome run(const std::shared_ptr<RunFlags>& flags, const Context& context) {
  if (!flags->detach || flags->dry_run) return run_here(flags, context);
  return in_background([&](std::function<void(const std::string&)> begun) {
    flags->begun = std::move(begun);
    return run_here(flags, context);
  });
}

Action declare_run(Flags& flags, const Context& context) {
  auto own = std::make_shared<RunFlags>();
  own->front.declare(flags);
  own->declare(flags);
  return [own, context]() -> Outcome { return run(own, context); };
}

}  // namespace procgraph
