// Reader and Message.
#include <time.h>

#include <exception>
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
using detail::View;
using detail::Want;

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

std::optional<Message> Reader::take(const Deadline& deadline) {
  ReaderState& s = *state_;
  View& view = s.port.view;
  s.port.require_ours();
  s.ended = false;
  BlockIndex block = detail::kNoBlock;
  bool poll = detail::is_over(deadline);
  Want want = wait_for(
      view, s.spinner, deadline, [](Want) { return 0; },
      [&](bool about_to_sleep) {
        block = s.consumer.take();
        if (block != detail::kNoBlock) return Want::kNothing;
        if ((view.control().state.load() & detail::kPoisoned) != 0) return Want::kStopped;
        if ((about_to_sleep || poll) && s.consumer.is_at_end()) {
          s.ended = true;
          return Want::kStopped;
        }
        return Want::kMessage;
      },
      [&] { return s.consumer.alarm(); });
  if (want == Want::kTime) s.ended = s.consumer.is_at_end();
  // Something else may end with this queue.
  if (s.ended && !std::exchange(s.has_told_end, true)) call_runner(view);
  if (want == Want::kNothing) {
    s.consumer.resume();
    std::uint64_t size = view.memory.descriptor(block).size.load(std::memory_order_relaxed);
    if (size <= view.memory.capacity_of(block)) return Message(view, block, size);
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
  while (batch.size() < max) {
    auto next = take(deadline);
    if (!next) break;
    batch.push_back(std::move(*next));
  }
  return batch;
}

Message::Message(View& view, std::uint32_t block, std::size_t size)
    : view_(&view), block_(block), size_(size), unwinding_(std::uncaught_exceptions()) {
  detail::Descriptor& d = view.memory.descriptor(block);
  deliveries_ = d.tries.load(std::memory_order_relaxed) + 1;
  data_ = view.memory.bytes(block);
  if ((d.flags.load(std::memory_order_relaxed) & detail::kLetter) != 0) {
    size_ = detail::size_in_letter(bytes());
    trailer_ = size - size_;
  }
  detail::BlockWord own{d.own.load(std::memory_order_relaxed)};
  sequence_ = own.ticket() - view.memory.geometry().first_ticket();
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
  if (view != nullptr && view->is_ours()) release(*view, block_);
}

void Message::nack() {
  View* view = std::exchange(view_, nullptr);
  if (view != nullptr && view->is_ours()) give_back(*view, block_);
}

}  // namespace procgraph
