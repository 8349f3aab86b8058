// DeadlockWatch: looks at a graph whose shape can hang every now and then, finds those who can never move
// again, and does what the file says: enlarges a buffer, warns, or has the run fail. Other graphs it never
// looks at, so that nothing wakes them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "supervise/observer.h"

namespace procgraph {

class DeadlockWatch {
 public:
  struct Hears {
    std::function<Sight()> look;
    std::function<void(const Deadlock&)> found;
  };

  DeadlockWatch(boost::asio::io_context& io, const DeadlockSpec& options, const Observer& observer,
                Hears hears);

  // What was seen before counts no longer: time has stood still.
  void forget() { before_.reset(); }
  void stop();

 private:
  void wait();
  void look();
  void judge(const Sight& sight, const Waits& waits, const Circle& circle);
  [[nodiscard]] Deadlock resolve(Sight sight, Waits waits, const Circle& circle);
  bool enlarge(const Sight& sight, Deadlock& deadlock);

  boost::asio::steady_timer timer_;
  const DeadlockSpec options_;
  const Observer& observer_;
  const Hears hears_;
  std::optional<Sight> before_;
  std::set<std::string> told_;  // circles that stand, and were told
  bool hurry_ = false;          // a circle was resolved just now, and may come back larger
  bool stopped_ = false;
  Bytes used_{};
};

}  // namespace procgraph
