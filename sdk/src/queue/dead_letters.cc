// What the runner does with messages that have failed too often.
#include <algorithm>
#include <cstring>

#include "procgraph/admin.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/frame.h"
#include "queue/letter.h"
#include "queue/overflow.h"
#include "queue/poison.h"
#include "queue/producer.h"
#include "queue/settle.h"

namespace procgraph {
namespace {

using detail::BlockIndex;
using detail::BlockWord;
using detail::State;
using detail::View;
using detail::Want;

std::optional<View> view_of(const QueueRegions& regions) {
  auto memory = detail::QueueMemory::attach(regions.control, regions.payload);
  auto bells = detail::Roster::of_runner(regions.roster);
  if (!memory || !bells) return std::nullopt;
  return View{.memory = *memory, .roster = *bells};
}

// The parked message of this number, if it is there still.
std::optional<BlockIndex> find(View& view, std::uint64_t sequence) {
  std::optional<BlockIndex> found;
  detail::Ticket ticket = sequence + view.memory.geometry().first_ticket();
  view.memory.for_each_block([&](BlockIndex block) {
    BlockWord own{view.memory.descriptor(block).own.load()};
    if (own.state() == State::kParked && own.ticket() == ticket) found = block;
  });
  return found;
}

// Its bytes, without the headers of an earlier death.
std::span<const std::byte> body_of(View& view, BlockIndex block) {
  detail::Descriptor& d = view.memory.descriptor(block);
  std::uint64_t size = std::min(d.size.load(), view.memory.capacity_of(block));
  std::span<const std::byte> bytes(view.memory.bytes(block), size);
  return (d.flags.load() & detail::kLetter) == 0 ? bytes : bytes.first(detail::size_in_letter(bytes));
}

Want try_to_put(View& view, detail::Producer& producer, std::span<const std::byte> body,
                const std::string& trailer) {
  std::size_t size = body.size() + trailer.size();
  if (size > view.memory.geometry().largest) return Want::kFull;
  detail::Consumer dropper(view);
  // As many messages as there can be may give way; a queue that says more often that one has is no queue.
  std::uint64_t left = std::uint64_t{view.memory.geometry().blocks} + 8;
  return with_policy(view, dropper, size, [&] {
    if (left-- == 0) return Want::kFull;
    BlockIndex block = 0;
    if (Want want = producer.claim(size, block); want != Want::kNothing) return want;
    std::byte* to = view.memory.bytes(block);
    if (!body.empty()) std::memcpy(to, body.data(), body.size());
    std::memcpy(to + body.size(), trailer.data(), trailer.size());
    Want want = producer.publish(block, detail::kLetter);
    if (want != Want::kNothing) release(view, block);
    return want;
  });
}

// Dead letters are put even when no writer and no reader is left: then they are what is found at the end.
bool put(View& view, std::span<const std::byte> body, const std::string& trailer) {
  detail::Producer producer(view, detail::kPoisoned);
  detail::Control& c = view.control();
  c.state.fetch_and(~detail::kRunnerWaits);
  Want want = try_to_put(view, producer, body, trailer);
  if (want != Want::kNothing && want != Want::kDropped) {
    c.state.fetch_or(detail::kRunnerWaits);  // whoever makes room from now on rings us: look once more
    want = try_to_put(view, producer, body, trailer);
  }
  producer.forget();
  return want == Want::kNothing || want == Want::kDropped;
}

// What is left of a frame, each as a letter of its own, with no delivery where it was not seen; what was
// moved is written down, so that a full queue can be tried again.
bool put_records(View& source, BlockIndex block, View& target, DeadLetter letter) {
  detail::Descriptor& d = source.memory.descriptor(block);
  detail::RecordCursor records = detail::records_of(body_of(source, block));
  const std::uint64_t left = detail::left_of(d), given = detail::frame_head(d).given.load();
  const std::uint32_t deliveries = letter.deliveries;
  for (unsigned i = 0; i < detail::kMostRecords && left >> i != 0; ++i) {
    const std::byte* data = nullptr;
    std::uint32_t size = 0;
    if (!records.take(data, size)) {
      poison(source, detail::Poison::kLength);
      return false;
    }
    const std::uint64_t bit = std::uint64_t{1} << i;
    if ((left & bit) == 0) continue;
    letter.deliveries = (given & bit) != 0 ? deliveries : 0;
    if (!put(target, {data, size}, detail::trailer_of(letter))) return false;
    detail::mark_done(d, bit);
  }
  return true;
}

std::string_view name_of(detail::Cause cause) {
  return cause == detail::Cause::kDeath ? "death" : cause == detail::Cause::kRejected ? "reject" : "nack";
}

}  // namespace

std::uint32_t parks(std::span<std::byte> control) {
  auto memory = detail::QueueMemory::attach(control, {});
  return memory ? memory->control().parks.load() : 0;
}

std::vector<DeadMessage> parked(std::span<std::byte> control) {
  auto memory = detail::QueueMemory::attach(control, {});
  std::vector<DeadMessage> all;
  if (!memory) return all;
  memory->for_each_block([&](BlockIndex block) {
    detail::Descriptor& d = memory->descriptor(block);
    BlockWord own{d.own.load()};
    if (own.state() != State::kParked) return;
    all.push_back({.sequence = own.ticket() - memory->geometry().first_ticket(),
                   .deliveries = d.tries.load(),
                   .participant = own.owner(),
                   .cause = name_of(detail::Journal{d.note.load()}.cause())});
  });
  std::ranges::sort(all, {}, &DeadMessage::sequence);
  return all;
}

bool move_dead(const QueueRegions& from, const QueueRegions& to, const DeadLetter& letter) {
  auto source = view_of(from), target = view_of(to);
  if (!source || !target) return false;
  auto block = find(*source, letter.sequence);
  if (!block) return false;
  const bool moved = is_frame(source->memory.descriptor(*block))
                         ? put_records(*source, *block, *target, letter)
                         : put(*target, body_of(*source, *block), detail::trailer_of(letter));
  if (moved) release(*source, *block);
  return moved;
}

bool finished(std::span<std::byte> control) {
  auto memory = detail::QueueMemory::attach(control, {});
  if (!memory) return true;
  std::uint32_t state = memory->control().state.load();
  if ((state & detail::kPoisoned) != 0) return true;
  if ((state & (detail::kDraining | detail::kNoReader)) == 0) return false;
  bool open = false;
  memory->for_each_block([&](BlockIndex block) {
    BlockWord own{memory->descriptor(block).own.load()};
    bool waits = own.state() == State::kRedeliver ||
                 (own.state() == State::kPushing && memory->is_published(block, own));
    open |= own.is_lease() || own.is_settling() || own.state() == State::kParked ||
            (waits && (state & detail::kNoReader) == 0);
  });
  return !open;
}

}  // namespace procgraph
