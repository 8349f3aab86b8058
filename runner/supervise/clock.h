// Clock: the time of a run: monotonic, from 0, standing still while the run is stopped by Ctrl-Z.
#pragma once

#include <chrono>

#include "supervise/events.h"

namespace procgraph {

class Clock {
 public:
  using Point = std::chrono::steady_clock::time_point;

  [[nodiscard]] Instant now() const { return Point::clock::now() - origin_; }
  // When this instant will be, if the run is not stopped before.
  [[nodiscard]] Point at(Instant instant) const {
    return origin_ + std::chrono::duration_cast<Point::duration>(instant);
  }
  // Takes out the time since `instant`.
  void resume_from(Instant instant) { origin_ += now() - instant; }

 private:
  Point origin_ = Point::clock::now();
};

}  // namespace procgraph
