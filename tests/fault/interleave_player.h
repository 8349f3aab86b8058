// Player: a child that is led from one touch of shared memory to the next, and can be set back.
//
// Between two such touches a process does nothing that another one could see, so that to stop it there is to
// stop it at any instruction in between. The kernel finds them: the shared mappings are closed to the child,
// and opened for the one instruction that faults.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "killstep_tracee.h"

namespace procgraph::testing {

// Memory that children which are made later do not get. On the heap the copies of one child's memory would
// become part of the next one's, and of its copies, and so on from test to test.
class Unshared {
 public:
  Unshared() = default;
  Unshared(const Unshared&) = delete;
  Unshared& operator=(const Unshared&) = delete;
  ~Unshared();

  void resize(std::size_t size);  // what was in it may be lost
  [[nodiscard]] std::byte* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::span<std::byte> bytes_;
  std::size_t size_ = 0;
};

// Where a stopped child was: its registers and its own memory. Knows nothing of what it shares.
struct Checkpoint {
  std::vector<std::byte> registers, vectors;
  Unshared memory;
  std::uint64_t stack = 0;  // from here on the stack was saved
  long touches = 0;
  bool ended = false, standing = false;
};

class Player {
 public:
  // `setup` runs freely; `body` is played. Shared is what is mapped so when `setup` has ended.
  Player(const std::function<void()>& setup, const std::function<void()>& body);

  // On to where the next instruction touches what is shared, or calls the kernel; false: to its end.
  [[nodiscard]] bool advance();
  // The next instruction sends it to sleep.
  [[nodiscard]] bool is_about_to_sleep() const;
  // Lets it go on to its end, and waits for that; whoever sleeps must be woken in between.
  void go() {
    tracee_.go();
    gone_on_ = true;
  }
  void wait_if_gone_on() {
    if (std::exchange(gone_on_, false)) tracee_.wait();
  }
  void finish() { tracee_.finish(); }
  // R: it runs, S: it sleeps in the kernel, t: it is stopped, as /proc has it.
  [[nodiscard]] char state() const;
  // It goes on into its sleep, and is asleep on return.
  void fall_asleep();

  void save(Checkpoint& to) const;
  void restore(const Checkpoint& from);
  [[nodiscard]] std::string where() const;  // for people
  [[nodiscard]] bool has_failed() const { return tracee_.has_failed(); }

 private:
  struct Range {
    std::uint64_t begin = 0, end = 0;
    int protection = 0;
    bool is_stack = false;
  };

  void find_mappings();
  void give_orders();
  void obey(std::size_t first, std::size_t end) const;
  void close_shared() const;
  void open_shared() const;
  // The signal that stopped it.
  int run_to_stop(__ptrace_request how) const;
  void step_back_from_call() const;
  // The number of the call that its next instruction makes, if it does.
  [[nodiscard]] std::optional<std::uint64_t> next_call() const;

  Tracee tracee_;
  std::vector<Range> own_, shared_;
  std::size_t closing_orders_ = 0, all_orders_ = 0;  // of those that the child has been given
  long touches_ = 0;
  bool gone_on_ = false;
  bool standing_ = false;  // before an instruction that touches what is shared
};

}  // namespace procgraph::testing
