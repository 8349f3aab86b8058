// Bridge: a descriptor that is readable from a ring of its doorbell on, for those who wait with poll or
// epoll. Futexes are no descriptors, so a thread of ours sleeps on the doorbell: what poll's users pay is one
// more wake-up.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "bell.h"

namespace procgraph::detail {

class Bridge {
 public:
  // on_ring() is called by the thread at each ring, before the descriptor becomes readable. Throws Failure
  // where there is no doorbell, descriptor or thread to be had.
  Bridge(const Roster& roster, std::uint16_t participant, std::function<void()> on_ring);
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;
  ~Bridge();

  [[nodiscard]] const Bell& bell() const { return bell_; }
  [[nodiscard]] int fd() const { return timer_; }
  // Not readable until the next ring. Afterwards stand in line, and look.
  void quiet();
  // Readable from now on.
  void ring();
  // Readable at that time too, unless it was rung since quiet().
  void ring_at(Clock::time_point when);

 private:
  void run(std::uint32_t seen);
  void set(Clock::time_point when);

  Bell bell_;
  int timer_;  // a timer: it can be made readable at once, and at a time
  std::function<void()> on_ring_;
  std::mutex setting_;
  bool rung_ = false;  // since quiet()
  std::atomic<bool> stopping_ = false;
  int process_;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace procgraph::detail
