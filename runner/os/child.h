// What a child does between vfork and exec. It shares the parent's memory, so everything that it needs is
// laid out here before, and nothing but system calls happens in it.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace procgraph {

enum class ChildStep : std::int32_t {
  kNone,
  kDeathSignal,
  kShare,
  kSession,
  kGroup,
  kCpus,
  kNice,
  kFolder,
  kLift,
  kSeal,
  kPlace,
  kLimit,
  kExec
};

[[nodiscard]] std::string_view name(ChildStep step);

// What the child writes into the report pipe if a step fails. Exec closes that pipe, so nothing in it is a
// success, and reading waits for either even where vfork is an ordinary fork (under ThreadSanitizer).
struct ChildReport {
  ChildStep step;
  std::int32_t error;
};

struct ChildLimit {
  __rlimit_resource_t resource;
  rlimit limit;
};

// One descriptor on its way: from our number over one above every target to the child's number.
struct Move {
  int from = -1;
  int to = -1;
  int lifted = -1;
};

struct ChildScript {
  pid_t parent = -1;
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  std::span<char* const> pid_digits;  // where the child writes its process id, with room for kPidDigits each
  const char* cwd = nullptr;          // null: stays
  std::optional<mode_t> umask;
  std::span<Move> moves;
  int above_targets = 3;  // the lowest number above 2 and above every target
  std::span<const ChildLimit> limits;
  std::span<const int> groups;          // files in which it says that it enters
  int home = -1;                        // a folder: of the cgroup in which it is born; -1: ours
  int group_error = 0;                  // why one of these could not be opened: then it does not start
  bool moves_home = false;              // it is not born there
  std::span<const unsigned long> cpus;  // a set of bits, empty: stays
  std::optional<int> nice;
  int report = -1;  // the write end of the report pipe; it too goes above the targets
  // Its table of descriptors is its parent's until it takes what is below this number; 0: a copy of its own.
  int shares_below = 0;
};

inline constexpr int kPidDigits = 12;

// Runs the script in the child; never returns: either the program runs, or the report says what failed and
// the child is gone.
[[noreturn]] void become(ChildScript& script);

}  // namespace procgraph
