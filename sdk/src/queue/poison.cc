#include "queue/poison.h"

#include "queue/waiting.h"

namespace procgraph::detail {

const char* to_text(Poison reason) {
  switch (reason) {
    case Poison::kNone:
      break;
    case Poison::kBlockIndex:
      return "its ring names a block that does not exist";
    case Poison::kLap:
      return "the laps of its ring do not follow each other";
    case Poison::kLength:
      return "a message is longer than its block";
    case Poison::kDoorbell:
      return "a waiting thread names a doorbell that does not exist";
    case Poison::kLimit:
      return "it is said to have no room for any message, or more than there is";
    case Poison::kReader:
      return "what one of its readers has taken and acknowledged cannot be";
    case Poison::kState:
      return "its state is none that there is";
    case Poison::kCount:
      return "what is counted of its memory cannot be";
    case Poison::kWaiters:
      return "somebody waits who cannot";
    case Poison::kBlock:
      return "a block of it is in a state that cannot be";
    case Poison::kFrame:
      return "of messages that were put together it says what cannot be";
  }
  return "no reason is given";
}

void poison(View& view, Poison reason) {
  std::uint32_t none = 0,
                found = static_cast<std::uint32_t>(view.self) << 16 | static_cast<std::uint32_t>(reason);
  // Publishes the first reason; later ones are its consequences.
  const bool first = view.control().poison.compare_exchange_strong(none, found);
  // Who waits here is not to be learned from what is written here.
  const bool was_stopped = (view.control().state.fetch_or(kPoisoned) & kPoisoned) != 0;
  if (first || !was_stopped) view.roster.ring_all();  // who wrote that it is stopped may have rung nobody
}

Poison poison_of(Control& control) {
  return static_cast<Poison>(control.poison.load() & 0xffff);
}

}  // namespace procgraph::detail
