// Waiting: what the threads of another process wait for, as /proc tells it. Whatever is not known for sure is
// no wait: who may be woken by time, by a signal or by something that cannot be seen counts as one who can
// move.
//
// A look costs two reads per thread, and stops nobody. It takes what ptrace takes: the same user, and where
// Yama says so, that the process descends from us.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

// One descriptor on which a thread waits until something can be read (or written).
struct DescriptorWait {
  int fd = -1;
  bool write = false;

  bool operator==(const DescriptorWait&) const = default;
};

struct ThreadWait {
  enum class On : std::uint8_t {
    kNothing,      // it can move, as far as we know
    kDescriptors,  // any of `descriptors`
    kFutex,        // that another process wakes it at `address`
    kThreads,      // other threads of its process
    kChildren,     // the end of `child`, or of any child
  };

  pid_t tid = -1;
  // How often it was taken off a processor so far. While this is the same, and it sleeps, it has not run.
  std::uint64_t switches = 0;
  On on = On::kNothing;
  std::string_view
      doing{};  // of kNothing, for people: "runs", "is stopped", "sleeps", "waits for something else"
  std::vector<DescriptorWait> descriptors{};
  std::uint64_t address = 0;
  std::optional<pid_t> child{};

  bool operator==(const ThreadWait&) const = default;
};

// Nothing: the process is gone, or it is not ours to look at.
[[nodiscard]] std::optional<std::vector<ThreadWait>> threads_of(pid_t pid);

// It has a timer that may send it a signal, whatever it waits for.
[[nodiscard]] bool has_timers(pid_t pid);
// The descriptor is a timer that is set to no time and has not run out: only who has it can make it readable.
[[nodiscard]] bool is_unset_timer(pid_t pid, int fd);

// A pipe, or one end of a pair of sockets, whoever holds it.
struct KernelBuffer {
  std::uint64_t inode = 0;

  auto operator<=>(const KernelBuffer&) const = default;
};
// An end that a process holds.
struct HeldEnd {
  int fd = -1;
  KernelBuffer buffer;
  bool reads = false, writes = false;
  bool socket = false;
};
// All pipes and sockets that it has open; nothing: it is gone, or not ours to look at.
[[nodiscard]] std::optional<std::vector<HeldEnd>> ends_held_by(pid_t pid);
// What a descriptor of our own is an end of; nothing: neither a pipe nor a socket.
[[nodiscard]] std::optional<KernelBuffer> buffer_behind(int fd);
// The inode of the file that our own memory at this address maps; 0: none.
[[nodiscard]] std::uint64_t mapped_file(const void* address);
// Where in the file with this inode the address of a process lies; nothing: not in it.
[[nodiscard]] std::optional<std::uint64_t> offset_in_file(pid_t pid, std::uint64_t address,
                                                          std::uint64_t inode);

// The descendants of a process that live, itself the first, parents before their children.
struct Descendant {
  pid_t pid = -1, parent = -1;
};
[[nodiscard]] std::vector<Descendant> descendants_of(pid_t first);
// "sort": what the kernel calls it.
[[nodiscard]] std::string command_name(pid_t pid);

// Of a pipe that a process has open.
struct PipeLevel {
  std::uint64_t fill = 0, capacity = 0;  // bytes
};
[[nodiscard]] std::optional<PipeLevel> pipe_level(pid_t holder, int fd);
// As much as this machine lets a pipe have, for one more that is not ours alone to give.
[[nodiscard]] std::uint64_t most_pipe_capacity();
// Gives it another capacity; whoever waits for room goes on. Returns 0 or errno (EPERM: more than this user
// may have).
[[nodiscard]] int enlarge_pipe(pid_t holder, int fd, std::uint64_t capacity);

}  // namespace procgraph
