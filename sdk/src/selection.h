// Selection: one call of Node::select(). It stands in the lines of all its ends with one doorbell, looks at
// each, and sleeps.
//
// It takes nothing, so whatever it is elected for it hands on: when it leaves after having slept, the next
// waiter of each end that is ready is woken.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "area/port.h"
#include "area/watch.h"
#include "bridge.h"
#include "ends.h"
#include "poll_until.h"
#include "procgraph/select.h"

namespace procgraph::detail {

// The bridges of a process, for those who select among descriptors too. Threads: any.
class Bridges {
 public:
  [[nodiscard]] std::unique_ptr<Bridge> take(const Roster& roster, std::uint16_t participant);
  void give_back(std::unique_ptr<Bridge> bridge);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Bridge>> idle_;
};

class Selection {
 public:
  explicit Selection(std::span<const Selectable> ends);

  // The ends that are ready; none: the time is over.
  [[nodiscard]] std::vector<std::size_t> wait(const Deadline& deadline, Bridges& bridges);

 private:
  struct End {
    ReaderState* reader = nullptr;
    WriterState* writer = nullptr;
    std::size_t size = 0;
    Want want = Want::kMessage;       // what it has to wait for, when last looked at
    Want armed_for = Want::kMessage;  // and what it stands in line for
    bool ready = false;
    std::optional<Sleeper> sleeper;
    AreaPort* area = nullptr;
    SyncObject* event = nullptr;   // of the area; null: its version
    std::uint64_t since = 0;       // the version, or how often the event had been set
    std::unique_ptr<Watch> watch;  // while asleep

    [[nodiscard]] QueuePort* port() const {
      return reader != nullptr ? &reader->port : writer != nullptr ? &writer->port : nullptr;
    }
    // Of an area or an event.
    [[nodiscard]] bool has_come() const;
    // What the line is told.
    [[nodiscard]] std::uint64_t need() const {
      return want == Want::kBlock ? writer->port.view.memory.geometry().class_for(size) : size;
    }
  };

  bool look(bool about_to_sleep);
  [[nodiscard]] static bool is_ready(End& end, bool about_to_sleep);
  [[nodiscard]] bool spin(const Deadline& deadline);
  void sleep_until_ready(const Deadline& deadline, Bridges& bridges);
  template <class Before, class Sleep>
  void stand_in_line(const Bell& bell, const Deadline& deadline, Before before, Sleep sleep);
  void watch();
  void enter(const Bell& bell);
  void arm();
  [[nodiscard]] bool is_armed() const;
  void hand_on();
  void leave(bool woken);
  [[nodiscard]] Deadline first_alarm(Deadline deadline) const;
  [[nodiscard]] QueuePort* first_port() const;

  std::vector<End> ends_;
  std::vector<pollfd> descriptors_;  // of those ends that have one; while asleep, of watches and the bridge
  std::vector<std::size_t> described_;  // whose they are
};

}  // namespace procgraph::detail
