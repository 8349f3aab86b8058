#include "os/spawn.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>

#include "base/signals_blocked.h"
#include "os/process.h"
#include "os/spawn_script.h"

namespace procgraph {
namespace {

namespace v2 = boost::process::v2;

// Held during a spawn, and for ever once spawning has ended.
std::mutex& gate() {
  static std::mutex mutex;
  return mutex;
}

// What Boost's handle of a new child is registered with, for the moment until we take over: one for all,
// since a new one opens three descriptors.
boost::asio::io_context& waiting_room() {
  static boost::asio::io_context context;
  return context;
}

// A child that nobody has taken over yet: killed and reaped unless somebody does.
class Newborn {
 public:
  explicit Newborn(pid_t pid) : pid_(pid) {}
  Newborn(const Newborn&) = delete;
  Newborn& operator=(const Newborn&) = delete;
  ~Newborn() {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);  // what it may have started; nobody, if it leads no session yet
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  void release() { pid_ = -1; }

 private:
  pid_t pid_;
};

struct ReportPipe {
  Fd read, write;
};

bool open_report(ReportPipe& pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe = {Fd(ends[0]), Fd(ends[1])};
  return true;
}

// Waits until exec has closed the pipe, or has failed. No answer is a success.
ChildReport read_report(const Fd& pipe) {
  ChildReport report{};
  while (::read(pipe.get(), &report, sizeof report) < 0 && errno == EINTR) {
  }
  return report;
}

// Both alone in their functions: the child runs on this stack, and nothing there changes after it is back.
[[gnu::noinline]] pid_t vfork_and_become(ChildScript& script) {
  const pid_t pid = ::vfork();  // NOLINT: fork copies page tables, 100 ms with a large heap
  if (pid == 0) become(script);
  return pid;
}

// Under the sanitizers vfork is theirs.
#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
constexpr bool kHasClone = true;

// The same into a cgroup, and with our table of descriptors. Whoever enters a cgroup later makes the kernel
// wait for all its CPUs, often for 10 ms, and the C library has no vfork that takes either. The call stands
// here itself: one that returned in the child would return on the parent's stack.
[[gnu::noinline]] pid_t vfork_by_clone(ChildScript& script) {
  clone_args how{};
  how.flags = CLONE_VM | CLONE_VFORK;
  if (script.shares_below > 0) how.flags |= CLONE_FILES;
  if (script.home >= 0) how.flags |= CLONE_INTO_CGROUP;
  how.exit_signal = SIGCHLD;
  how.cgroup = static_cast<std::uint64_t>(std::max(script.home, 0));
#if defined(__x86_64__)
  long result = SYS_clone3;
  asm volatile("syscall" : "+a"(result) : "D"(&how), "S"(sizeof how) : "rcx", "r11", "memory");
#else
  register long number asm("x8") = SYS_clone3;
  register long result asm("x0") = reinterpret_cast<long>(&how);
  register long size asm("x1") = sizeof how;
  asm volatile("svc 0" : "+r"(result) : "r"(number), "r"(size) : "memory", "cc");
#endif
  if (result == 0) become(script);
  if (result > 0) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
  return -1;
}
#else
constexpr bool kHasClone = false;

pid_t vfork_by_clone(ChildScript&) {
  errno = ENOSYS;
  return -1;
}
#endif

// Where that call is not to be had (a filter of a container's may refuse it) the child moves, and has a copy.
pid_t start_child(ChildScript& script) {
  if (kHasClone && (script.home >= 0 || script.shares_below > 0)) {
    const bool moves = std::exchange(script.moves_home, script.moves_home && script.home < 0);
    const pid_t pid = vfork_by_clone(script);
    if (pid >= 0 || (errno != ENOSYS && errno != EPERM)) return pid;
    script.moves_home = moves;
  }
  return vfork_and_become(script);
}

bool write_number(pid_t pid, const char* file, int number) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(number);
  return fd && ::write(fd.get(), text.data(), text.size()) >= 0;
}

// The child cannot do this itself: until exec it is as closed to /proc as we are. It may even be gone
// already.
int rank(pid_t pid, const SpawnRequest& request) {
  // Where the kernel weighs sessions against each other and not processes (autogroups), each of ours is alone
  // in its own. It lets an ordinary user do this ten times a second, and goes without where there is no such
  // file.
  if (request.nice) (void)write_number(pid, "autogroup", *request.nice);
  if (!request.oom_score_adj || write_number(pid, "oom_score_adj", *request.oom_score_adj)) return 0;
  return errno == ENOENT || errno == ESRCH || !request.insists_on_oom_score_adj ? 0 : errno;
}

// A launcher as Boost.Process v2 wants it, instead of its own ones of 1.81: those lose descriptors, copy page
// tables, allocate in the child and mistake a missing program for a success. Its error names the step.
struct Launcher {
  SpawnError& error;
  pid_t& started;  // as soon as its program runs and is to stay

  template <class Executor>
  v2::basic_process<Executor> operator()(Executor executor, const SpawnRequest& request) const {
    ReportPipe pipe;
    if (!open_report(pipe)) return fail(executor, "pipe2", errno);
    Newborn child(start(request, pipe));
    if (child.pid() < 0) return fail(executor, "vfork", errno);
    if (const ChildReport report = read_report(pipe.read); report.step != ChildStep::kNone)
      return fail(executor, name(report.step), report.error);
    if (const int refused = rank(child.pid(), request); refused != 0)
      return fail(executor, "oom_score_adj", refused, true);
    Result<Fd> process = open_pidfd(child.pid());
    if (!process) return fail(executor, "pidfd_open", process.error().code, true);
    started = child.pid();
    child.release();
    v2::basic_process<Executor> running(executor, started, process->get());
    (void)process->release();
    return running;
  }

 private:
  static pid_t start(const SpawnRequest& request, ReportPipe& pipe) {
    SpawnScript script(request, pipe.write.get());
    const SignalsBlocked
        blocked;  // in the child too, which shares our memory until exec: no handler of ours runs
    const pid_t pid = start_child(script.child());
    const int code = errno;
    pipe.write.reset();
    errno = code;
    return pid;
  }

  template <class Executor>
  v2::basic_process<Executor> fail(Executor executor, std::string_view step, int code,
                                   bool ran = false) const {
    error = {std::string(step), code, ran};
    return v2::basic_process<Executor>(executor);
  }
};

// Boost's handle would kill its child at its end and wait for it, but the supervisor is the only reaper.
std::variant<Child, SpawnError> take_over(pid_t pid) {
  Result<Fd> pidfd = open_pidfd(pid);
  if (pidfd) return Child{pid, std::move(*pidfd)};
  const Newborn unwanted(pid);
  return SpawnError{"pidfd_open", pidfd.error().code, true};
}

}  // namespace

std::variant<Child, SpawnError> spawn(const SpawnRequest& request) {
  const std::lock_guard lock(gate());
  SpawnError error;
  pid_t started = -1;
  try {
    auto process = Launcher{error, started}(waiting_room().get_executor(), request);
    if (error.code != 0) return error;
    return take_over(process.detach().id());
  } catch (const boost::system::system_error& refused) {
    // A process that runs does without the handle, which it would have lost in any case.
    if (started > 0) return take_over(started);
    return SpawnError{"asio", refused.code().value()};
  }
}

bool end_spawning() {
  return gate().try_lock();
}

}  // namespace procgraph
