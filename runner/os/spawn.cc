#include "os/spawn.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <cerrno>
#include <csignal>
#include <memory>
#include <new>

#include "os/child.h"

namespace procgraph {
namespace {

namespace v2 = boost::process::v2;

constexpr std::string_view kPidName = "PROCGRAPH_PID=";

// While it lives, no handler of ours can run: not in the child either, which shares our memory until exec.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

struct Unmap {
  void operator()(ChildReport* report) const { ::munmap(report, sizeof(ChildReport)); }
};
using SharedReport = std::unique_ptr<ChildReport, Unmap>;

SharedReport make_report() {
  void* page =
      ::mmap(nullptr, sizeof(ChildReport), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return SharedReport(page == MAP_FAILED ? nullptr : new (page) ChildReport{});
}

// A request in the form that the kernel takes: arrays that end in null, the moves, room for the process id.
class Script {
 public:
  explicit Script(const SpawnRequest& request);
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  [[nodiscard]] const ChildScript& child() const { return child_; }
  [[nodiscard]] bool complete() const { return null_ || !needs_null_; }

 private:
  void add_moves(const SpawnRequest& request);
  void add_files_limit(std::uint64_t soft);

  std::vector<char*> argv_, envp_;
  std::string pid_{kPidName};
  std::vector<Move> moves_;
  Fd null_;
  bool needs_null_ = false;
  ChildScript child_;
};

Script::Script(const SpawnRequest& request) {
  for (const std::string& word : request.argv) argv_.push_back(const_cast<char*>(word.c_str()));
  argv_.push_back(nullptr);
  pid_.resize(kPidName.size() + kPidDigits);
  for (const std::string& entry : request.env) envp_.push_back(const_cast<char*>(entry.c_str()));
  envp_.push_back(pid_.data());
  envp_.push_back(nullptr);
  add_moves(request);
  child_ = ChildScript{.parent = ::getpid(),
                       .program = request.program.c_str(),
                       .argv = argv_.data(),
                       .envp = envp_.data(),
                       .pid_digits = pid_.data() + kPidName.size(),
                       .cwd = request.cwd.empty() ? nullptr : request.cwd.c_str(),
                       .umask = request.umask,
                       .moves = moves_,
                       .above_targets = 3};
  for (const Move& move : moves_) child_.above_targets = std::max(child_.above_targets, move.to + 1);
  if (request.files_limit) add_files_limit(*request.files_limit);
}

void Script::add_moves(const SpawnRequest& request) {
  for (const auto& [from, to] : request.fds) moves_.push_back({from, to});
  for (int standard = 0; standard <= 2; ++standard) {
    if (std::ranges::any_of(moves_, [=](const Move& move) { return move.to == standard; })) continue;
    needs_null_ = true;
    if (!null_) null_ = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    moves_.push_back({null_.get(), standard});
  }
}

void Script::add_files_limit(std::uint64_t soft) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(soft, limit.rlim_max);
  child_.files = limit;
}

// Alone in its function: the child runs on this stack, and nothing here changes after it is back.
[[gnu::noinline]] pid_t vfork_and_become(const ChildScript& script, ChildReport* report) {
  const pid_t pid = ::vfork();  // NOLINT: fork copies page tables, 100 ms with a large heap
  if (pid == 0) become(script, report);
  return pid;
}

// A launcher as Boost.Process v2 wants it, instead of its own ones of 1.81: those lose descriptors, copy page
// tables, allocate in the child and mistake a missing program for a success.
struct Launcher {
  Fd& pidfd;

  template <class Executor>
  v2::basic_process<Executor> operator()(Executor executor, SpawnError& error,
                                         const ChildScript& script) const {
    const SharedReport report = make_report();
    if (!report) return error = {"mmap", errno}, v2::basic_process<Executor>(executor);
    pid_t pid = -1;
    {
      const SignalsBlocked blocked;
      pid = vfork_and_become(script, report.get());
      if (pid < 0) error = {"vfork", errno};
    }
    if (pid < 0) return v2::basic_process<Executor>(executor);
    pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
      error = {"pidfd_open", errno};
      ::kill(pid, SIGKILL);
    } else if (report->error != 0) {
      error = {std::string(name(report->step)), report->error};
    }
    if (error.code == 0)
      return v2::basic_process<Executor>(executor, pid, ::fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 3));
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return v2::basic_process<Executor>(executor);
  }
};

}  // namespace

std::variant<Child, SpawnError> spawn(const SpawnRequest& request) {
  const Script script(request);
  if (!script.complete()) return SpawnError{"open", errno};
  Fd pidfd;
  SpawnError error;
  boost::asio::io_context context;
  auto process = Launcher{pidfd}(context.get_executor(), error, script.child());
  if (error.code != 0) return error;
  // Boost's handle would kill its child at its end and wait for it: the supervisor is the only reaper.
  return Child{process.detach().id(), std::move(pidfd)};
}

}  // namespace procgraph
