// Who waits for what, and who is woken. Whoever makes something possible looks at the line of those who wait
// for it, after having published; whoever is about to sleep stands in the line first and looks again after
// that: one of the two sees the other.
//
// A bit in a line is an offer to be woken; clearing it elects its thread. The elected must use its election
// or hand it on: a thread that leaves, and finds its bit cleared, wakes the next one, as does one that wakes
// and cannot go on with what there is.
#pragma once

#include <cstdint>
#include <optional>

#include "bell.h"
#include "queue/view.h"

namespace procgraph::detail {

[[nodiscard]] inline bool anybody(const Control& control, Line line) {
  return static_cast<std::uint32_t>(control.summary[static_cast<unsigned>(line)].load()) != 0;
}

// Wakes one of the line that can go on: any reader, any writer that wants a place, the first whose block or
// bytes are there now.
void wake_one(View& view, Line line);
// Wakes all of the line: what they wait for is for each of them.
void wake_all(View& view, Line line);
// Rings everybody who waits for anything here, without electing anybody.
void ring_all(View& view);
// Takes a participant out of all lines: it is dead, or stopped and cannot use an election. It stands in them
// again when it looks.
void take_out_of_lines(View& view, std::uint16_t participant);

inline void wake_reader(View& view) {
  if (anybody(view.control(), Line::kReaders)) wake_one(view, Line::kReaders);
}
inline void wake_place(View& view) {
  if (anybody(view.control(), Line::kPlaces)) wake_one(view, Line::kPlaces);
}
inline void wake_freed(View& view) {
  if (anybody(view.control(), Line::kBlocks)) wake_one(view, Line::kBlocks);
  if (anybody(view.control(), Line::kBytes)) wake_one(view, Line::kBytes);
}

// There is something that only the runner can do. It looks, sooner or later; nobody waits for it.
inline void call_runner(View& view) {
  view.roster.ring(kRunnerBell);
}
// A message was taken: there is a place, for one who waits, or for the runner.
inline void free_place(View& view) {
  wake_place(view);
  if ((view.control().state.load() & kRunnerWaits) != 0) call_runner(view);
}

// How an attempt ended: with what it wanted, or why it cannot go on, and with that where it waits.
enum class Want : std::uint8_t {
  kNothing,  // it is done
  kMessage,  // none is there
  kPlace,    // `limit` messages wait already
  kBlock,    // no block of the class is free
  kBytes,    // the memory is in flight
  kStopped,  // Control::state says why, or the data has ended
  kTime,     // the deadline is over
  kSlot,     // too many threads wait already
  kDropped,  // there was no room: by the queue's policy the message is gone
  kFull,     // there was no room: by the queue's policy its writer is told
};

// One thread's place among the waiters of one queue, for the length of one wait.
class Sleeper {
 public:
  // Nothing: 4,096 threads wait on this queue already, or 16,384 in this graph.
  [[nodiscard]] static std::optional<Sleeper> enter(View& view);
  // With a doorbell that is rung for several queues; sleeping is its owner's affair.
  [[nodiscard]] static std::optional<Sleeper> enter(View& view, const Bell& bell);
  Sleeper(Sleeper&& other) noexcept;
  Sleeper& operator=(Sleeper&&) = delete;
  ~Sleeper();

  // Stands in a line; the caller looks again after this, and then sleeps, arms for something else, or leaves.
  void arm(Line line, std::uint64_t need);
  // Until somebody rings; false: the time is over. Elected or not, the caller arms and looks again.
  bool sleep(const Deadline& deadline);
  // Leaves the line. With what it came for, or without: if it was elected meanwhile, the next one is woken.
  void disarm();

 private:
  Sleeper(View& view, unsigned slot) : view_(&view), slot_(slot) {}

  View* view_;
  unsigned slot_;
  std::optional<Bell> bell_;  // nothing: of somebody else
  std::uint32_t rings_ = 0;
  Line line_ = Line::kReaders;
  bool armed_ = false;
};

}  // namespace procgraph::detail
