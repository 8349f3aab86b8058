#include "traced_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include "fakes/temporary_folder.h"

namespace procgraph::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kSyscallStop = SIGTRAP | 0x80;
constexpr int kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
constexpr unsigned kLongest = 60;  // s for a whole run

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
    names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Where the run has everything that it may leave behind.
struct Ground {
  explicit Ground(const std::string& graph) : folder(temporary.path()) {
    for (const char* name : {"tmp", "runtime"}) fs::create_directory(folder / name);
    fs::permissions(folder / "runtime", fs::perms::owner_all);
    std::ofstream(folder / "graph.yaml") << graph;
  }

  [[noreturn]] void enter() const {
    setsid();
    setenv("TMPDIR", (folder / "tmp").c_str(), 1);
    setenv("XDG_RUNTIME_DIR", (folder / "runtime").c_str(), 1);
    const int out = open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (chdir(folder.c_str()) == 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2)
      execl(PROCGRAPH_BINARY, PROCGRAPH_BINARY, "run", "graph.yaml", nullptr);
    _exit(127);
  }

  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> names = names_in(folder / "tmp");
    for (std::string& name : names_in(folder / "runtime")) {
      // The user's folder stays, with the locks of runs that can be there only once.
      if (!name.ends_with("/procgraph") && !name.ends_with(".single")) names.push_back(std::move(name));
    }
    const std::vector<std::string> now = names_in("/dev/shm");
    std::set_difference(now.begin(), now.end(), shm.begin(), shm.end(), std::back_inserter(names));
    return names;
  }

  TemporaryFolder temporary;
  fs::path folder;
  std::vector<std::string> shm = names_in("/dev/shm");
};

class Tracer {
 public:
  Tracer(TracedRun& run, const std::function<Deed(const Call&)>& decide) : run_(run), decide_(decide) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever has lost its parents becomes ours
    struct sigaction interrupt {};
    interrupt.sa_handler = [](int) {};
    sigaction(SIGALRM, &interrupt, &before_);
    alarm(kLongest);
  }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer() {
    alarm(0);
    sigaction(SIGALRM, &before_, nullptr);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  void start(const Ground& ground) {
    int gate[2];
    must(pipe2(gate, O_CLOEXEC) == 0, "pipe2");
    root_ = fork();
    must(root_ >= 0, "fork");
    if (root_ == 0) {
      alarm(0);
      close(gate[1]);
      char nothing = 0;
      if (read(gate[0], &nothing, 1) != 0) _exit(126);
      ground.enter();
    }
    close(gate[0]);
    must(ptrace(PTRACE_SEIZE, root_, nullptr, kOptions) == 0, "PTRACE_SEIZE");
    must(ptrace(PTRACE_INTERRUPT, root_, nullptr, nullptr) == 0, "PTRACE_INTERRUPT");
    close(gate[1]);
  }

  // Until nobody is left.
  void follow() {
    for (;;) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid > 0) {
        see(pid, status);
      } else if (errno == EINTR) {
        run_.survived = true;
        kill_all();
        alarm(1);
      } else {
        must(errno == ECHILD, "waitpid");
        return;
      }
    }
  }

 private:
  static void kill_all() {
    const std::string self = std::to_string(getpid());
    std::ifstream children("/proc/" + self + "/task/" + self + "/children");
    for (pid_t pid = 0; children >> pid;) kill(pid, SIGKILL);
  }

  void see(pid_t pid, int status) {
    if (!WIFSTOPPED(status)) {
      if (pid == root_) run_.status = status;
      failing_.erase(pid);
      return;
    }
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (signal == kSyscallStop) {
      see_call(pid);
    } else if (event == PTRACE_EVENT_EXEC && entered_) {
      ptrace(PTRACE_DETACH, pid, nullptr, nullptr);  // a program of the graph
    } else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
      ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);
    } else if (event != 0) {
      entered_ |= event == PTRACE_EVENT_EXEC;
      go_on(pid, 0);
    } else {
      go_on(pid, signal);
    }
  }

  void see_call(pid_t pid) {
    user_regs_struct registers{};
    __ptrace_syscall_info info{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0) return;  // killed meanwhile
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
      const auto failing = failing_.find(pid);
      if (failing != failing_.end() && ptrace(PTRACE_GETREGS, pid, nullptr, &registers) == 0) {
        registers.rax = static_cast<unsigned long long>(-static_cast<long long>(failing->second));
        ptrace(PTRACE_SETREGS, pid, nullptr, &registers);
        failing_.erase(failing);
      }
      return go_on(pid, 0);
    }
    if (!entered_) return go_on(pid, 0);
    const auto number = static_cast<long>(info.entry.nr);
    Call call{run_.calls.size(), number, {}};
    std::ranges::copy(info.entry.args, call.arguments.begin());
    const Deed deed = decide_(call);
    run_.calls.push_back(number);
    if (deed.kind == Deed::kKill) {
      kill(pid, SIGKILL);
      return;
    }
    if (deed.kind == Deed::kFail && ptrace(PTRACE_GETREGS, pid, nullptr, &registers) == 0) {
      registers.orig_rax = static_cast<unsigned long long>(-1);  // no such call: it is not made
      ptrace(PTRACE_SETREGS, pid, nullptr, &registers);
      failing_[pid] = deed.error;
    }
    go_on(pid, 0);
  }

  static void go_on(pid_t pid, int signal) { ptrace(PTRACE_SYSCALL, pid, nullptr, signal); }

  TracedRun& run_;
  const std::function<Deed(const Call&)>& decide_;
  struct sigaction before_ {};
  pid_t root_ = -1;
  bool entered_ = false;  // has become procgraph
  std::map<pid_t, int> failing_;
};

}  // namespace

TracedRun run_traced(const std::string& graph, const std::function<Deed(const Call&)>& decide) {
  TracedRun run;
  const Ground ground(graph);
  {
    Tracer tracer(run, decide);
    tracer.start(ground);
    tracer.follow();
  }
  run.out = text_of(ground.folder / "out");
  run.err = text_of(ground.folder / "err");
  run.left = ground.left();
  return run;
}

}  // namespace procgraph::testing
