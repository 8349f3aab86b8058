#include "os/pid_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "os/kernel_text.h"
#include "os/process.h"

namespace procgraph {
namespace {

Result<void> write_own(const char* file, const std::string& text) {
  const Fd fd(::open(file, O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) < 0)
    return Error{fmt::format("write '{}'", file), errno};
  return {};
}

// One line each, our own number on both sides: all that the kernel lets an ordinary user map.
Result<void> map_ids(uid_t user, gid_t group) {
  if (auto denied = write_own("/proc/self/setgroups", "deny"); !denied) return denied;
  if (auto users = write_own("/proc/self/uid_map", fmt::format("{0} {0} 1", user)); !users) return users;
  return write_own("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
}

// For as long as the maps are written we are open to our own user, as the files are then ours: nothing of the
// graph runs yet.
Result<void> enter_user_namespace() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return Error{"unshare CLONE_NEWUSER", errno};
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  ::prctl(PR_SET_DUMPABLE, 1);
  Result<void> mapped = map_ids(user, group);
  ::prctl(PR_SET_DUMPABLE, dumpable);
  return mapped;
}

void drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  ::syscall(SYS_capset, &header, none.data());
}

[[noreturn]] void be_init(pid_t parent_line, int line) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "procgraph-init");
  ::signal(SIGCHLD, SIG_IGN);  // the kernel reaps for us
  ::close(parent_line);
  ::dup2(line, 0);
  ::syscall(SYS_close_range, 1U, ~0U, 0U);
  char byte = 0;
  while (::read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

// Everything that a run would do, by way of trial.
Result<void> try_all() {
  if (auto begun = begin_pid_namespace(); !begun) return begun;
  const pid_t first = ::fork();
  if (first < 0) return Error{"fork", errno};
  if (first == 0) {
    const Result<Fd> proc = enter_own_proc();
    ::_exit(proc ? 0 : proc.error().code);
  }
  int status = 0;
  ::waitpid(first, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error{"a /proc of its own", WIFEXITED(status) ? WEXITSTATUS(status) : EIO};
}

// What an administrator has turned off, in his words.
std::string behind(int code) {
  if (read_number("/proc/sys/user/max_user_namespaces") == 0U) return " (user.max_user_namespaces is 0)";
  if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0U)
    return " (kernel.unprivileged_userns_clone is 0)";
  if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").value_or(0) != 0)
    return " (kernel.apparmor_restrict_unprivileged_userns is set)";
  if (read_number("/proc/sys/user/max_pid_namespaces") == 0U) return " (user.max_pid_namespaces is 0)";
  return code == EPERM ? " (it takes privileges here, or a user namespace)" : "";
}

}  // namespace

std::string why_no_pid_namespace() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{"pipe2", errno}.text();
  Fd read(ends[0]), write(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error{"fork", errno}.text();
  if (child == 0) {
    const Result<void> tried = try_all();
    const std::string text = tried ? "" : tried.error().text() + behind(tried.error().code);
    [[maybe_unused]] const ssize_t written = ::write(write.get(), text.data(), text.size());
    ::_exit(0);
  }
  write.reset();
  std::array<char, 512> text{};
  const ssize_t size = ::read(read.get(), text.data(), text.size());
  ::waitpid(child, nullptr, 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

Result<void> begin_pid_namespace() {
  if (::unshare(CLONE_NEWPID) == 0) return {};
  if (errno != EPERM) return Error{"unshare CLONE_NEWPID", errno};
  if (auto entered = enter_user_namespace(); !entered) return entered;
  if (::unshare(CLONE_NEWPID) != 0) return Error{"unshare CLONE_NEWPID", errno};
  return {};
}

Result<pid_t> start_init(Fd& line) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{"pipe2", errno};
  const Fd read(ends[0]);
  line = Fd(ends[1]);
  const pid_t init = ::fork();
  if (init == 0) be_init(line.get(), read.get());
  if (init < 0) return Error{"fork", errno};
  return init;
}

Result<Fd> enter_own_proc() {
  Fd outer(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!outer) return Error{"open '/proc'", errno};
  if (::unshare(CLONE_NEWNS) != 0) return Error{"unshare CLONE_NEWNS", errno};
  // What others mount later is to be seen here; what is mounted here is not to be seen there.
  if (::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return Error{"mount '/' as a slave", errno};
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return Error{"mount '/proc'", errno};
  if (::geteuid() != 0) drop_capabilities();
  return outer;
}

pid_t outer_pid(const Fd& outer_proc, pid_t pid) {
  const Result<Fd> process = open_pidfd(pid);
  if (!outer_proc || !process) return pid;
  const auto number =
      read_field(fmt::format("/proc/self/fd/{}/self/fdinfo/{}", outer_proc.get(), process->get()), "Pid:");
  return number ? static_cast<pid_t>(*number) : pid;
}

}  // namespace procgraph
