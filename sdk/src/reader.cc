// Reader and Message.
#include <time.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "ends.h"
#include "procgraph/queue.h"
#include "queue/blocks.h"
#include "queue/letter.h"
#include "queue/poison.h"
#include "queue/settle.h"

namespace procgraph {

using detail::BlockIndex;
using detail::Deadline;
using detail::ReaderState;
using detail::TakenMessage;
using detail::View;
using detail::Want;

namespace {

// Waits until there is a message, or will be none. `source` is the queue's or the topic's way to take;
// take() tries it once.
template <class Source, class Take, class Alarm>
Want wait_for_message(ReaderState& s, Source& source, const Deadline& deadline, Take take, Alarm alarm) {
  View& view = s.port.view;
  bool poll = detail::is_over(deadline);
  Want want = wait_for(
      view, s.spinner, deadline, [](Want) { return 0; },
      [&](bool about_to_sleep) {
        if (take()) return Want::kNothing;
        if ((view.control().state.load() & detail::kPoisoned) != 0) return Want::kStopped;
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

Want take_from_queue(ReaderState& s, const Deadline& deadline, TakenMessage& message) {
  Want want = wait_for_message(
      s, s.consumer, deadline, [&] { return (message.block = s.consumer.take()) != detail::kNoBlock; },
      [&] { return s.consumer.alarm(); });
  if (want != Want::kNothing) return want;
  detail::Descriptor& d = s.port.view.memory.descriptor(message.block);
  message.ticket = detail::BlockWord{d.own.load(std::memory_order_relaxed)}.ticket();
  message.deliveries = d.tries.load(std::memory_order_relaxed) + 1;
  return want;
}

Want take_from_topic(ReaderState& s, const Deadline& deadline, TakenMessage& message) {
  if (s.port.subscription.is_full_handed()) {
    throw Failure("this process has " + std::to_string(detail::kMostInHand) + " messages of " +
                  s.port.name() +
                  " in hand, which is as many as one that nobody waits for may: acknowledge some before "
                  "taking more");
  }
  detail::Subscriber::Taken taken;
  Want want = wait_for_message(
      s, *s.subscriber, deadline, [&] { return s.subscriber->take(taken); }, detail::no_alarm);
  if (want == Want::kNothing) message = {taken.block, taken.ticket, taken.deliveries, taken.missed};
  return want;
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
bool Reader::ended() const {
  return state_->ended;
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

// Whose descriptor is to be readable, or not, afterwards: it stands in line, and looks once more.
std::optional<Message> Reader::take(const Deadline& deadline) {
  ReaderState& s = *state_;
  auto message = take_once(deadline);
  if (message || !s.poller) return message;
  if (!s.ended) {
    s.poller->bridge.quiet();
    s.poller->sleeper->arm(detail::Line::kReaders, 0);
    message = take_once(detail::kAtOnce);
  }
  if (message || s.ended) {
    s.poller->bridge.ring();
  } else {
    s.poller->bridge.ring_at(s.alarm());
  }
  return message;
}

std::optional<Message> Reader::take_once(const Deadline& deadline) {
  ReaderState& s = *state_;
  View& view = s.port.view;
  s.port.require_ours();
  s.ended = false;
  TakenMessage taken;
  Want want = s.subscriber ? take_from_topic(s, deadline, taken) : take_from_queue(s, deadline, taken);
  // Something else may end with this channel.
  if (s.ended && !std::exchange(s.has_told_end, true)) call_runner(view);
  if (want == Want::kNothing) {
    std::uint64_t size = view.memory.descriptor(taken.block).size.load(std::memory_order_relaxed);
    if (size <= view.memory.capacity_of(taken.block)) return Message(view, taken, size);
    poison(view, detail::Poison::kLength);
    want = Want::kStopped;
  }
  if (want == Want::kSlot) throw Failure("too many threads wait on " + s.port.name() + " or in this graph");
  if (want == Want::kStopped && !s.ended) s.port.throw_poisoned();
  return std::nullopt;
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

Message::Message(View& view, const TakenMessage& taken, std::size_t size)
    : view_(&view),
      block_(taken.block),
      deliveries_(taken.deliveries),
      size_(size),
      data_(view.memory.bytes(taken.block)),
      sequence_(taken.ticket - view.memory.geometry().first_ticket()),
      missed_(taken.missed),
      unwinding_(std::uncaught_exceptions()) {
  detail::Descriptor& d = view.memory.descriptor(taken.block);
  std::uint32_t flags = d.flags.load(std::memory_order_relaxed);
  missed_ += flags >> detail::kMissedShift;
  if ((flags & detail::kLetter) != 0) {
    size_ = detail::size_in_letter(bytes());
    trailer_ = size - size_;
  }
  enqueued_at_ =
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(d.time.load(std::memory_order_relaxed)));
}

std::optional<DeadLetter> Message::dead_letter() const {
  if (trailer_ == 0) return std::nullopt;
  return detail::read_trailer({data_ + size_, trailer_});
}

Message::Message(Message&& other) noexcept
    : view_(std::exchange(other.view_, nullptr)),
      block_(other.block_),
      deliveries_(other.deliveries_),
      size_(other.size_),
      data_(other.data_),
      sequence_(other.sequence_),
      missed_(other.missed_),
      enqueued_at_(other.enqueued_at_),
      trailer_(other.trailer_),
      unwinding_(other.unwinding_) {}

Message& Message::operator=(Message&& other) noexcept {
  if (this == &other) return *this;
  settle();
  view_ = std::exchange(other.view_, nullptr);
  block_ = other.block_;
  deliveries_ = other.deliveries_;
  data_ = other.data_;
  size_ = other.size_;
  sequence_ = other.sequence_;
  missed_ = other.missed_;
  enqueued_at_ = other.enqueued_at_;
  trailer_ = other.trailer_;
  unwinding_ = other.unwinding_;
  return *this;
}

Message::~Message() {
  settle();
}

void Message::settle() {
  if (view_ == nullptr) return;
  if (std::uncaught_exceptions() > unwinding_) {
    nack();
  } else {
    ack();
  }
}

void Message::ack() {
  View* view = std::exchange(view_, nullptr);
  if (view == nullptr || !view->is_ours()) return;
  if (view->subscription == nullptr) return release(*view, block_);
  acknowledge(*view->subscription, sequence_ + view->memory.geometry().first_ticket(), block_);
}

void Message::nack() {
  View* view = std::exchange(view_, nullptr);
  if (view == nullptr || !view->is_ours()) return;
  if (view->subscription == nullptr) return give_back(*view, block_);
  give_back(*view->subscription, sequence_ + view->memory.geometry().first_ticket());
}

}  // namespace procgraph
