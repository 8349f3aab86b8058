// Subscription: a reader's place in a topic, as its process has it: what was taken is acknowledged, or given
// back, here. Shared by all handles and threads of the port.
//
// Of a reader that gates, `next` says what was taken and `cursor` what is acknowledged without a gap; only
// what falls between them out of order has a note. Of one that does not, every message that is taken has one.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "topic/memory.h"

namespace procgraph::detail {

struct Subscription {
  TopicView* view = nullptr;
  std::uint32_t reader = 0;
  std::mutex taking;          // of a reader that does not gate
  std::uint64_t skipped = 0;  // with `taking`: passed over before messages that were too old, to be told yet
  std::mutex counting;        // see topic/settle.h

  [[nodiscard]] ReaderSlot& slot() { return view->topic.slot(reader); }
  [[nodiscard]] ReaderNote& note(Ticket t) { return view->topic.note(reader, t); }
  // It has as many messages in hand as it may; a reader that gates may have any number.
  [[nodiscard]] bool is_full_handed() {
    return slot().gates == 0 && slot().in_hand.load(std::memory_order_relaxed) >= kMostInHand;
  }
};

// Takes up the place: from here on what this process takes and leaves behind is the participant's. False:
// there is no such reader.
[[nodiscard]] bool subscribe(Subscription& subscription, TopicView& view, std::uint32_t reader);

// The same where several processes of a node may come, one after the other: only if the one that has the
// place is gone, and reaped. `started` is the number of the one that was started, which is gone only when the
// whole node is. False: it is not, or there is no such reader.
[[nodiscard]] bool follow(Subscription& subscription, TopicView& view, std::uint32_t reader,
                          std::uint16_t started);

// The message is done with. Its block is the one that it was taken with.
void acknowledge(Subscription& subscription, Ticket t, BlockIndex block);
// Where a message lies that the reader has taken and not acknowledged; kNoBlock if that makes no sense.
[[nodiscard]] BlockIndex block_of(Subscription& subscription, Ticket t);

// After a death: one thread may have noted a message as done while another, that died too, moved the cursor
// to it and did not come to look.
void catch_up(Subscription& subscription);

// Messages that the reader has passed over, ever, up to the last one that it has taken.
[[nodiscard]] std::uint64_t missed_so_far(ReaderSlot& slot);

// From the first ticket at whose place there may be a message in hand to one past the last that was taken;
// nothing if that makes no sense.
[[nodiscard]] std::optional<std::pair<Ticket, Ticket>> taken_range(TopicView& view, ReaderSlot& slot);

// Calls visit(ticket) for every message that the reader has taken and not acknowledged, as far as its notes
// and tickets tell. False: they make no sense.
template <class Visit>
[[nodiscard]] bool for_each_taken(TopicView& view, std::uint32_t reader, Visit visit) {
  ReaderSlot& slot = view.topic.slot(reader);
  auto range = taken_range(view, slot);
  if (!range) return false;
  for (Ticket t = range->first; t < range->second; ++t) {
    NoteWord note{view.topic.note(reader, t).word.load()};
    if (slot.gates != 0) {
      if (note.of(t) != Note::kDone) visit(t);
    } else if (note.keeps() && note.ticket() < range->second) {
      visit(note.ticket());  // an older one may be in hand at this place
    }
  }
  return true;
}

}  // namespace procgraph::detail
