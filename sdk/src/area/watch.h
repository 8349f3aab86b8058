// Watch: a descriptor that is readable once something has become true in an area, for the length of one wait.
// Event counts are no descriptors, so a thread of ours sleeps on the count.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "area/event_count.h"

namespace procgraph::detail {

class Watch {
 public:
  // `has_come`, called by the thread, stays true once it is. Throws Failure where no descriptor or thread is
  // to be had.
  Watch(EventCount& events, std::function<bool()> has_come);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  [[nodiscard]] int fd() const { return fd_; }

 private:
  void run();

  EventCount& events_;
  std::function<bool()> has_come_;
  int fd_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace procgraph::detail
