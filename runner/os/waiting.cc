#include "os/waiting.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>

#include "os/fd.h"
#include "os/open_folder.h"
#include "os/proc.h"

namespace procgraph {
namespace {

using On = ThreadWait::On;

// Calls visit(number) for every entry that is one; false: there is no such folder, or it is not ours.
bool each_number(const std::string& path, const std::function<void(int)>& visit) {
  const OpenFolder folder = folder_to_read(path);
  if (!folder) return false;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) visit(number);
  }
  return true;
}

// The beginning of a file of /proc; empty: it cannot be read.
std::string beginning_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text;
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

// The call in which a thread sleeps.
struct Call {
  long number = -1;
  std::array<std::uint64_t, 6> args{};

  [[nodiscard]] int fd(std::size_t i) const { return static_cast<int>(args[i]); }
};

// "0 0x3 0x7ffe… 0x20000 …": the number in decimal, the others not.
std::optional<Call> parse_call(const std::string& text) {
  Call call;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = std::from_chars(at, end, call.number);
  if (number.ec != std::errc{} || call.number < 0) return std::nullopt;  // "running", or in no call
  at = number.ptr;
  for (std::uint64_t& arg : call.args) {
    if (end - at < 4) return std::nullopt;
    const auto [next, error] = std::from_chars(at + 3, end, arg, 16);  // " 0x"
    if (error != std::errc{}) return std::nullopt;
    at = next;
  }
  return call;
}

template <class T>
bool read_memory(pid_t pid, std::uint64_t address, std::vector<T>& into) {
  const std::size_t size = into.size() * sizeof(T);
  const iovec ours{into.data(), size};
  const iovec theirs{reinterpret_cast<void*>(address), size};  // NOLINT(performance-no-int-to-ptr)
  return ::process_vm_readv(pid, &ours, 1, &theirs, 1, 0) == static_cast<ssize_t>(size);
}

constexpr std::uint64_t kMostPolled = 4096;

bool on_polled(pid_t pid, const Call& call, ThreadWait& wait) {
  if (call.args[1] == 0 || call.args[1] > kMostPolled) return false;
  std::vector<pollfd> polled(call.args[1]);
  if (!read_memory(pid, call.args[0], polled)) return false;
  for (const pollfd& each : polled) {
    if (each.fd < 0) continue;
    // Only the end of the other side: not what anybody here would do by moving on.
    if ((each.events & (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM)) == 0) return false;
    if ((each.events & (POLLIN | POLLRDNORM)) != 0) wait.descriptors.push_back({each.fd, false});
    if ((each.events & (POLLOUT | POLLWRNORM)) != 0) wait.descriptors.push_back({each.fd, true});
  }
  return true;
}

bool on_selected(pid_t pid, const Call& call, ThreadWait& wait) {
  constexpr std::uint64_t kBits = 8 * sizeof(std::uint64_t);
  if (call.args[0] == 0 || call.args[0] > kMostPolled || call.args[3] != 0) return false;
  for (const std::size_t set : {1U, 2U}) {
    if (call.args[set] == 0) continue;
    std::vector<std::uint64_t> words((call.args[0] + kBits - 1) / kBits);
    if (!read_memory(pid, call.args[set], words)) return false;
    for (std::uint64_t fd = 0; fd < call.args[0]; ++fd) {
      if ((words[fd / kBits] >> (fd % kBits) & 1U) != 0)
        wait.descriptors.push_back({static_cast<int>(fd), set == 2});
    }
  }
  return true;
}

// "tfd:        5 events:       19 data: …", a line for each.
bool on_epoll(pid_t pid, int epoll, ThreadWait& wait) {
  std::ifstream file(fmt::format("/proc/{}/fdinfo/{}", pid, epoll));
  for (std::string line; std::getline(file, line);) {
    int fd = -1;
    unsigned events = 0;
    if (std::sscanf(line.c_str(), "tfd: %d events: %x", &fd, &events) != 2) continue;  // NOLINT(cert-err34-c)
    if ((events & (POLLIN | POLLOUT)) == 0) return false;
    if ((events & POLLIN) != 0) wait.descriptors.push_back({fd, false});
    if ((events & POLLOUT) != 0) wait.descriptors.push_back({fd, true});
  }
  return true;
}

// A private futex is one of its own threads', another somebody else's too; with a time it wakes by itself.
On on_futex(const Call& call, ThreadWait& wait) {
  const auto operation = static_cast<int>(call.args[1]);
  const int command = operation & FUTEX_CMD_MASK;
  if ((command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET) || call.args[3] != 0) return On::kNothing;
  wait.address = call.args[0];
  return (operation & FUTEX_PRIVATE_FLAG) != 0 ? On::kThreads : On::kFutex;
}

On on_child(std::int64_t pid, ThreadWait& wait) {
  if (pid > 0) wait.child = static_cast<pid_t>(pid);
  return On::kChildren;
}

On on_descriptor(const Call& call, std::size_t arg, bool write, ThreadWait& wait) {
  wait.descriptors.push_back({call.fd(arg), write});
  return On::kDescriptors;
}

// Both sides of a copy: it waits for one of them, and it is not seen for which.
On on_copy(int from, int to, ThreadWait& wait) {
  wait.descriptors = {{from, false}, {to, true}};
  return On::kDescriptors;
}

On on_any(bool known, ThreadWait& wait) {
  return known && !wait.descriptors.empty() ? On::kDescriptors : On::kNothing;
}

constexpr std::uint64_t kForEver = 0xffffffff;  // -1, as the register has it

On decode(pid_t pid, const Call& call, ThreadWait& wait) {
  switch (call.number) {
    case SYS_read:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
      return on_descriptor(call, 0, false, wait);
    case SYS_write:
    case SYS_writev:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_vmsplice:
      return on_descriptor(call, 0, true, wait);
    case SYS_splice:
      return on_copy(call.fd(0), call.fd(2), wait);
    case SYS_tee:
      return on_copy(call.fd(0), call.fd(1), wait);
    case SYS_sendfile:
      return on_copy(call.fd(1), call.fd(0), wait);
    case SYS_ppoll:
      return on_any(call.args[2] == 0 && on_polled(pid, call, wait), wait);
    case SYS_pselect6:
      return on_any(call.args[4] == 0 && on_selected(pid, call, wait), wait);
    case SYS_epoll_pwait:
      return on_any((call.args[3] & kForEver) == kForEver && on_epoll(pid, call.fd(0), wait), wait);
#ifdef SYS_poll
    case SYS_poll:
      return on_any((call.args[2] & kForEver) == kForEver && on_polled(pid, call, wait), wait);
    case SYS_select:
      return on_any(call.args[4] == 0 && on_selected(pid, call, wait), wait);
    case SYS_epoll_wait:
      return on_any((call.args[3] & kForEver) == kForEver && on_epoll(pid, call.fd(0), wait), wait);
#endif
    case SYS_futex:
      return on_futex(call, wait);
    case SYS_wait4:
      return on_child(static_cast<std::int32_t>(call.args[0]), wait);
    case SYS_waitid:
      return call.args[0] == P_PID   ? on_child(static_cast<std::int32_t>(call.args[1]), wait)
             : call.args[0] == P_ALL ? on_child(-1, wait)
                                     : On::kNothing;
    default:
      return On::kNothing;
  }
}

bool is_sleep(const Call& call) {
  return call.number == SYS_nanosleep || call.number == SYS_clock_nanosleep ||
         call.number == SYS_restart_syscall;
}

std::uint64_t number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = text.substr(at + key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::uint64_t number = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

// The state first, then the call: who sleeps in the one and has not run since is in the other.
ThreadWait look_at(pid_t pid, pid_t tid) {
  ThreadWait wait{.tid = tid, .doing = "runs"};
  const std::string folder = fmt::format("/proc/{}/task/{}/", pid, tid);
  const std::string status = beginning_of(folder + "status");
  const std::size_t at = status.find("\nState:\t");
  const char state = at == std::string::npos || at + 8 >= status.size() ? '?' : status[at + 8];
  wait.switches = number_after(status, "\nvoluntary_ctxt_switches:") +
                  number_after(status, "\nnonvoluntary_ctxt_switches:");
  if (state == 'T' || state == 't') wait.doing = "is stopped";
  if (state == 'D') wait.doing = "waits for a disk";
  if (state != 'S') return wait;
  const auto call = parse_call(beginning_of(folder + "syscall"));
  if (!call) return wait;
  wait.on = decode(pid, *call, wait);
  if (wait.on == On::kNothing) wait.doing = is_sleep(*call) ? "sleeps" : "waits for something else";
  return wait;
}

std::string descriptor_path(pid_t pid, int fd) {
  return fmt::format("/proc/{}/fd/{}", pid, fd);
}

// The same pipe once more, for an instant, as one who reads: a look at it takes a descriptor of it. Whoever
// writes in that instant to a pipe whose last reader has just gone is told so by his next write.
Fd open_again(pid_t holder, int fd) {
  return Fd(::open(descriptor_path(holder, fd).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

std::optional<std::vector<ThreadWait>> threads_of(pid_t pid) {
  std::vector<ThreadWait> threads;
  const bool there =
      each_number(fmt::format("/proc/{}/task", pid), [&](int tid) { threads.push_back(look_at(pid, tid)); });
  if (!there || threads.empty()) return std::nullopt;
  return threads;
}

bool has_timers(pid_t pid) {
  return !beginning_of(fmt::format("/proc/{}/timers", pid)).empty();
}

bool is_unset_timer(pid_t pid, int fd) {
  const std::string about = beginning_of(fmt::format("/proc/{}/fdinfo/{}", pid, fd));
  return about.find("\nticks: 0\n") != std::string::npos &&
         about.find("\nit_value: (0, 0)\n") != std::string::npos;
}

std::optional<std::vector<HeldEnd>> ends_held_by(pid_t pid) {
  std::vector<HeldEnd> ends;
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  const Fd at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool there =
      at && each_number(folder, [&](int fd) {
        std::array<char, 64> target{};
        const std::string name = std::to_string(fd);
        const ssize_t size = ::readlinkat(at.get(), name.c_str(), target.data(), target.size() - 1);
        const std::string_view text(target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        const bool socket = text.starts_with("socket:[");
        if (!socket && !text.starts_with("pipe:[")) return;
        struct stat link {};  // the mode of the link is that of the descriptor
        if (::fstatat(at.get(), name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0) return;
        ends.push_back({.fd = fd,
                        .buffer = {number_after(text, "[")},
                        .reads = (link.st_mode & S_IRUSR) != 0,
                        .writes = (link.st_mode & S_IWUSR) != 0,
                        .socket = socket});
      });
  if (!there) return std::nullopt;
  return ends;
}

std::optional<KernelBuffer> buffer_behind(int fd) {
  struct stat about {};
  if (fd < 0 || ::fstat(fd, &about) != 0) return std::nullopt;
  if (!S_ISFIFO(about.st_mode) && !S_ISSOCK(about.st_mode)) return std::nullopt;
  return KernelBuffer{about.st_ino};
}

namespace {

struct Map {
  std::uint64_t begin = 0, end = 0, offset = 0, inode = 0;
};

// "7f01…-7f02… rw-s 00000000 00:01 1036   /memfd:roster (deleted)".
std::optional<Map> map_at(const std::string& maps, std::uint64_t address) {
  std::ifstream file(maps);
  for (std::string line; std::getline(file, line);) {
    unsigned long begin = 0, end = 0, offset = 0, inode = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %lx %*s %lu", &begin, &end, &offset,  // NOLINT(cert-err34-c)
                    &inode) != 4)
      continue;
    if (address >= begin && address < end) return Map{begin, end, offset, inode};
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t mapped_file(const void* address) {
  const auto map = map_at("/proc/self/maps", reinterpret_cast<std::uintptr_t>(address));
  return map ? map->inode : 0;
}

std::optional<std::uint64_t> offset_in_file(pid_t pid, std::uint64_t address, std::uint64_t inode) {
  const auto map = map_at(fmt::format("/proc/{}/maps", pid), address);
  if (!map || inode == 0 || map->inode != inode) return std::nullopt;
  return address - map->begin + map->offset;
}

std::vector<Descendant> descendants_of(pid_t first) {
  std::vector<Descendant> found{{first, -1}};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const pid_t parent = found[i].pid;
    (void)each_number(fmt::format("/proc/{}/task", parent), [&](int tid) {
      std::ifstream children(fmt::format("/proc/{}/task/{}/children", parent, tid));
      for (pid_t child = 0; children >> child;) found.push_back({child, parent});
    });
  }
  std::erase_if(found, [](const Descendant& one) {
    const auto line = process_line(one.pid);
    return !line || !line->alive();
  });
  return found;
}

std::string command_name(pid_t pid) {
  std::string name = beginning_of(fmt::format("/proc/{}/comm", pid));
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

std::optional<PipeLevel> pipe_level(pid_t holder, int fd) {
  const Fd pipe = open_again(holder, fd);
  int waiting = 0;
  const int capacity = pipe ? ::fcntl(pipe.get(), F_GETPIPE_SZ) : -1;
  if (capacity < 0 || ::ioctl(pipe.get(), FIONREAD, &waiting) != 0) return std::nullopt;
  return PipeLevel{static_cast<std::uint64_t>(waiting), static_cast<std::uint64_t>(capacity)};
}

std::uint64_t most_pipe_capacity() {
  const std::string text = beginning_of("/proc/sys/fs/pipe-max-size");
  return number_after(text, "");
}

int enlarge_pipe(pid_t holder, int fd, std::uint64_t capacity) {
  const Fd pipe = open_again(holder, fd);
  if (!pipe) return errno;
  return ::fcntl(pipe.get(), F_SETPIPE_SZ, static_cast<int>(capacity)) < 0 ? errno : 0;
}

}  // namespace procgraph
