#include "command.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

extern char** environ;

namespace pool {
namespace {

// Of each run.
constexpr std::array<std::string_view, 2> kOfRuns{"PROCGRAPH_SEQUENCE=", "PROCGRAPH_DELIVERY="};
// The runs are no nodes: they have neither our descriptors nor our number. PROCGRAPH_PID stays: by that the
// runner knows whose the daemons are that one leaves.
constexpr std::array<std::string_view, 6> kOurs{
    "PROCGRAPH_PARTICIPANT=", "PROCGRAPH_ROSTER=",  "PROCGRAPH_PORTS=",
    "PROCGRAPH_ATTACH=",      "PROCGRAPH_REPLICA=", "PROCGRAPH_REPLICAS="};

constexpr std::size_t kStackSize = 64U << 10;

// All that the child needs between its birth and its program, in memory that it shares with us until then.
struct Script {
  const char* program;
  char* const* words;
  char* const* environment;
  int in, out;
  const std::vector<Limit>& limits;
  bool inherits;  // what is not close-on-exec
  pid_t parent;
  volatile int error = 0;
};

// Runs in the child, on a stack of its own. Async-signal-safe calls only; no signal handler of ours exists.
int become(void* argument) {
  Script& script = *static_cast<Script*>(argument);
  const auto run = [&] {
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return;
    if (getppid() != script.parent) return;  // it died before it could be told to take us along
    if (dup2(script.in, STDIN_FILENO) < 0 || dup2(script.out, STDOUT_FILENO) < 0) return;
    for (const Limit& limit : script.limits) {
      if (setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &limit.value) != 0) return;
    }
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!script.inherits && close_range(STDERR_FILENO + 1, ~0U, 0) != 0) return;
    execve(script.program, script.words, script.environment);
  };
  run();
  script.error = errno;
  _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Our soft limit is raised as far as it goes, for each run takes a few descriptors here; theirs stays what it
// was.
void keep_limit_of_files(std::vector<Limit>& limits) {
  const auto has = [&](const Limit& limit) { return limit.resource == RLIMIT_NOFILE; };
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  if (std::ranges::none_of(limits, has)) limits.push_back({RLIMIT_NOFILE, now});
  now.rlim_cur = now.rlim_max;
  setrlimit(RLIMIT_NOFILE, &now);
}

}  // namespace

Command::Command(const Options& options) : options_(options), limits_(options.limits), stack_(kStackSize) {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    const auto is_prefix = [&](std::string_view name) { return variable.starts_with(name); };
    const bool ours = !options.each && std::ranges::any_of(kOurs, is_prefix);
    if (!ours && std::ranges::none_of(kOfRuns, is_prefix)) environment_.emplace_back(variable);
  }
  if (!options.each) environment_.push_back("PROCGRAPH_REPLICAS=" + std::to_string(options.runs));
  keep_limit_of_files(limits_);
}

Child Command::start(const Occasion& occasion, int in, int out) {
  Child child;
  std::vector<std::string> words = options_.words, environment = environment_;
  for (std::string& word : words) {
    if (word == "{#}") word = occasion.number;
    if (word != "{}") continue;
    word = occasion.message;
    child.at_fault = true;  // if anything is
  }
  if (child.at_fault && occasion.message.find('\0') != occasion.message.npos) {
    child.error = EINVAL;
    return child;
  }
  if (!options_.each) environment.push_back("PROCGRAPH_REPLICA=" + std::to_string(occasion.place));
  environment.push_back("PROCGRAPH_SEQUENCE=" + occasion.number);
  environment.push_back("PROCGRAPH_DELIVERY=" + std::to_string(occasion.delivery));

  const std::vector<char*> argv = pointers(words), envp = pointers(environment);
  Script script{.program = options_.program.c_str(),
                .words = argv.data(),
                .environment = envp.data(),
                .in = in,
                .out = out,
                .limits = limits_,
                .inherits = options_.each,
                .parent = getpid()};
  int process = -1;
  child.pid = clone(become, stack_.data() + stack_.size(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                    &script, &process);
  if (child.pid < 0) {
    child.error = errno;
    child.at_fault = false;
    return child;
  }
  child.process = Descriptor(process);
  child.error = script.error;
  if (child.error != 0) waitpid(child.pid, nullptr, 0);
  child.at_fault = child.at_fault && child.error == E2BIG;
  return child;
}

}  // namespace pool
