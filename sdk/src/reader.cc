// Reader.
#include <bit>
#include <string>
#include <utility>

#include "ends.h"
#include "procgraph/queue.h"
#include "queue/frame.h"
#include "queue/poison.h"

namespace procgraph {

using detail::BlockIndex;
using detail::Deadline;
using detail::ReaderState;
using detail::TakenMessage;
using detail::Want;

namespace {

// Waits until there is a message, or will be none. `source` is the queue's or the topic's way to take;
// take() tries it once.
template <class Source, class Take, class Alarm>
Want wait_for_message(ReaderState& s, Source& source, const Deadline& deadline, Take take, Alarm alarm) {
  detail::View& view = s.port.view;
  bool poll = detail::is_over(deadline);
  Want want = wait_for(
      view, s.spinner, deadline, [](Want) { return 0; },
      [&](bool about_to_sleep) {
        if (take()) return Want::kNothing;
        if (s.is_broken()) return Want::kStopped;
        if ((about_to_sleep || poll) && source.is_at_end()) {
          s.ended = true;
          return Want::kStopped;
        }
        return Want::kMessage;
      },
      alarm);
  if (want == Want::kTime) s.ended = source.is_at_end();
  if (want == Want::kNothing) source.resume();
  return want;
}

[[gnu::noinline]] Want wait_for_queue(ReaderState& s, const Deadline& deadline, TakenMessage& message) {
  return wait_for_message(
      s, s.consumer, deadline, [&] { return (message.block = s.consumer.take()) != detail::kNoBlock; },
      [&] { return s.consumer.alarm(); });
}

Want take_from_queue(ReaderState& s, const Deadline& deadline, TakenMessage& message) {
  message.block = s.consumer.take();
  if (message.block != detail::kNoBlock) {
    s.spinner.got();
    s.consumer.resume();
  } else if (Want want = wait_for_queue(s, deadline, message); want != Want::kNothing) {
    return want;
  }
  detail::Descriptor& d = s.port.view.memory.descriptor(message.block);
  message.ticket = detail::BlockWord{d.own.load(std::memory_order_relaxed)}.ticket();
  message.deliveries = d.tries.load(std::memory_order_relaxed) + 1;
  return Want::kNothing;
}

[[gnu::noinline]] Want wait_for_topic(ReaderState& s, const Deadline& deadline,
                                      detail::Subscriber::Taken& taken) {
  return wait_for_message(
      s, *s.subscriber, deadline, [&] { return s.subscriber->take(taken); }, detail::no_alarm);
}

Want take_from_topic(ReaderState& s, const Deadline& deadline, TakenMessage& message) {
  if (s.port.subscription.is_full_handed()) {
    throw Failure("this process has " + std::to_string(detail::kMostInHand) + " messages of " +
                  s.port.name() +
                  " in hand, which is as many as one that nobody waits for may: acknowledge some before "
                  "taking more");
  }
  detail::Subscriber::Taken taken;
  if (s.subscriber->take(taken)) {
    s.spinner.got();
    s.subscriber->resume();
  } else if (Want want = wait_for_topic(s, deadline, taken); want != Want::kNothing) {
    return want;
  }
  message.block = taken.block;
  message.ticket = taken.ticket;
  message.deliveries = taken.deliveries;
  message.missed = taken.missed;
  return Want::kNothing;
}

// Tries, or waits, once. False: `ended` tells whether the time is over or the data has ended.
bool take_once(ReaderState& s, const Deadline& deadline, TakenMessage& taken) {
  s.ended = false;
  const Want want = s.subscriber ? take_from_topic(s, deadline, taken) : take_from_queue(s, deadline, taken);
  if (want == Want::kNothing) return true;
  // Something else may end with this channel.
  if (s.ended && !std::exchange(s.has_told_end, true)) call_runner(s.port.view);
  if (want == Want::kSlot) throw Failure("too many threads wait on " + s.port.name() + " or in this graph");
  if (want == Want::kStopped && !s.ended) s.port.throw_broken();
  return false;
}

// Nothing was there: the descriptor is not to be readable until there is something, so it stands in line, and
// looks once more.
bool take_for_poller(ReaderState& s, TakenMessage& taken) {
  bool found = false;
  if (!s.ended) {
    s.poller->bridge.quiet();
    s.poller->sleeper->arm(detail::Line::kReaders, 0);
    found = take_once(s, detail::kAtOnce, taken);
  }
  if (found || s.ended) {
    s.poller->bridge.ring();
  } else {
    s.poller->bridge.ring_at(s.alarm());
  }
  return found;
}

[[noreturn, gnu::noinline, gnu::cold]] void throw_spoilt(ReaderState& s) {
  poison(s.port.view, detail::Poison::kLength);
  s.port.throw_broken();
}

std::span<const std::byte> bytes_of(ReaderState& s, BlockIndex block) {
  detail::QueueMemory& memory = s.port.view.memory;
  const std::uint64_t size = memory.descriptor(block).size.load(std::memory_order_relaxed);
  if (size > memory.capacity_of(block)) throw_spoilt(s);
  return {memory.bytes(block), size};
}

// Takes a message, or opens a frame. False as take_once().
bool start(ReaderState& s, const Deadline& deadline, TakenMessage& taken) {
  if (!s.port.view.is_ours()) s.port.require_ours();
  if (!take_once(s, deadline, taken) && !(s.poller && take_for_poller(s, taken))) return false;
  detail::Descriptor& d = s.port.view.memory.descriptor(taken.block);
  if (s.subscriber || !is_frame(d)) return true;
  const auto left = open_frame(d);
  if (!left) throw_spoilt(s);
  taken.records = *left;
  if (s.poller) s.poller->bridge.ring();  // what nobody else can have is not to be slept on
  s.frame = detail::OpenFrame{.taken = taken, .records = detail::records_of(bytes_of(s, taken.block))};
  return true;
}

// The next record that is left of the open frame.
std::span<const std::byte> next_record(ReaderState& s, TakenMessage& taken) {
  detail::OpenFrame& frame = *s.frame;
  taken = frame.taken;
  taken.records &= -taken.records;
  const std::byte* data = nullptr;
  std::uint32_t size = 0;
  for (const auto number = static_cast<unsigned>(std::countr_zero(taken.records)); frame.next <= number;
       ++frame.next) {
    if (!frame.records.take(data, size)) throw_spoilt(s);
  }
  s.consumer.renew(taken.block);
  give_out(s.port.view.memory.descriptor(taken.block), taken.records);
  frame.taken.records &= ~taken.records;
  if (frame.taken.records == 0) s.frame.reset();
  return {data, size};
}

}  // namespace

Reader::Reader(std::unique_ptr<ReaderState> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

std::optional<Message> Reader::get(std::chrono::nanoseconds timeout) {
  return take(detail::deadline_in(timeout));
}
std::optional<Message> Reader::try_get() {
  return get(std::chrono::nanoseconds::zero());
}

std::optional<Message> Reader::take(const Deadline& deadline) {
  ReaderState& s = *state_;
  TakenMessage taken;
  if (!s.frame && !start(s, deadline, taken)) return std::nullopt;
  const auto bytes = s.frame ? next_record(s, taken) : bytes_of(s, taken.block);
  return std::optional<Message>(std::in_place, s.port.view, taken, bytes);
}

std::optional<Frame> Reader::get_many(std::chrono::nanoseconds timeout) {
  ReaderState& s = *state_;
  TakenMessage taken;
  if (!s.frame && !start(s, detail::deadline_in(timeout), taken)) return std::nullopt;
  if (s.frame) {
    taken = std::exchange(s.frame, std::nullopt)->taken;
    give_out(s.port.view.memory.descriptor(taken.block), taken.records);
  }
  return Frame(Message(s.port.view, taken, bytes_of(s, taken.block)));
}

bool Reader::ended() const {
  return state_->ended;
}

std::string_view Reader::kind() const {
  return state_->port.port.info.kind;
}

int Reader::fd() {
  ReaderState& s = *state_;
  s.port.require_ours();
  if (!s.poller) {
    s.poller = std::make_unique<detail::Poller>(s.port);
    s.poller->bridge.ring();  // try_get() will tell
  }
  return s.poller->bridge.fd();
}

std::vector<Message> Reader::get_batch(std::size_t max, std::chrono::nanoseconds within) {
  std::vector<Message> batch;
  if (max == 0) return batch;
  auto first = get();
  if (!first) return batch;
  Deadline deadline = detail::deadline_in(within);
  batch.push_back(std::move(*first));
  while (batch.size() < max && !(state_->subscriber && state_->port.subscription.is_full_handed())) {
    auto next = take(deadline);
    if (!next) break;
    batch.push_back(std::move(*next));
  }
  return batch;
}

}  // namespace procgraph
