// History: what a victim said about its messages before it died, and the rules that what is found afterwards
// must obey.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procgraph/admin.h"
#include "queue/frame.h"
#include "queue/view.h"

namespace procgraph::testing {

inline constexpr int kMessages = 48;  // the text of a message is its id
inline constexpr int kEach = 16;      // of each writer: what was there before, the others, the victim
inline constexpr int kOthers = kEach, kVictim = 2 * kEach;  // first ids

// Lies in shared memory; written by whoever does it, just before or just after.
struct History {
  enum Step : std::uint32_t {
    kPutBegun = 1,
    kPut = 2,
    kTaken = 4,
    kAckBegun = 8,
    kAcked = 16,
    kAckedBeside = 32,   // by the other one, of a topic
    kAged = 64,          // before the victim began
    kBesideBegun = 128,  // its acknowledgement there
  };

  std::atomic<bool> in_frames;    // the queue counts by frames, not by messages
  std::atomic<bool> puts_back;    // what comes back without having failed counts as a return too
  std::atomic<bool> overslept;    // somebody's time was over before it had what there was
  std::atomic<bool> overwritten;  // a message changed in somebody's hand
  std::array<std::atomic<std::uint32_t>, kMessages> steps;
  std::array<std::atomic<std::uint32_t>, kMessages> deliveries;  // when its acknowledgement began

  void note(int id, Step step) { steps[static_cast<std::size_t>(id)].fetch_or(step); }
  void note_ack(int id, std::uint32_t delivery) {
    deliveries[static_cast<std::size_t>(id)] = delivery;
    note(id, kAckBegun);
  }
};

struct Found {
  int id = 0;
  std::uint32_t deliveries = 1;
  bool came_back = false;  // from somebody's hands
  bool parked = false;     // for the runner, which takes them in no order
};

// Empty, or what is wrong: a message lost, doubled or invented, or out of order, or a counter that does not
// tell the truth. `sample` is the queue's after the drain.
[[nodiscard]] std::string judge(const History& history, const std::vector<Found>& found,
                                const QueueSample& sample, bool at_most_once);

// Calls visit(text) for each message that is left in the block, of which there may be many.
template <class Visit>
void for_each_message(detail::View& view, detail::BlockIndex block, Visit visit) {
  detail::Descriptor& d = view.memory.descriptor(block);
  std::span<const std::byte> bytes(view.memory.bytes(block), d.size.load());
  const auto text_of = [](std::span<const std::byte> b) {
    return std::string_view(reinterpret_cast<const char*>(b.data()), b.size());
  };
  if (!is_frame(d)) return visit(text_of(bytes));
  detail::RecordCursor records = detail::records_of(bytes);
  const std::byte* data = nullptr;
  std::uint32_t size = 0;
  for (std::uint64_t left = detail::left_of(d); left != 0 && records.take(data, size); left >>= 1) {
    if ((left & 1) != 0) visit(text_of({data, size}));
  }
}

// Takes everything out of the queue as `participant`, rested or not, and what is parked as the runner. Then
// the queue must be as good as new: no block, byte, waiter or place is missing.
[[nodiscard]] std::vector<Found> drain(std::span<std::byte> control, std::span<std::byte> payload,
                                       std::span<std::byte> roster, std::uint16_t participant);
// The dead one waits nowhere any more.
[[nodiscard]] std::string check_waiters(detail::View& view, std::uint16_t dead);
[[nodiscard]] std::string inspect(std::span<std::byte> control, std::span<std::byte> payload,
                                  std::span<std::byte> roster, std::uint16_t participant, std::uint16_t dead);

}  // namespace procgraph::testing
