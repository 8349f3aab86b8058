// Message and Frame.
#include "procgraph/message.h"

#include <bit>
#include <exception>
#include <string>
#include <utility>

#include "answers.h"
#include "ends.h"
#include "procgraph/errors.h"
#include "queue/blocks.h"
#include "queue/frame.h"
#include "queue/letter.h"
#include "queue/poison.h"
#include "queue/settle.h"
#include "topic/settle.h"

namespace procgraph {

using detail::View;

Message::Message(View& view, const detail::TakenMessage& taken, std::span<const std::byte> bytes)
    : view_(&view),
      parts_(taken.records),
      block_(taken.block),
      deliveries_(taken.deliveries),
      data_(bytes.data()),
      size_(bytes.size()),
      sequence_(taken.ticket - view.memory.geometry().first_ticket()),
      missed_(taken.missed),
      unwinding_(std::uncaught_exceptions()) {
  detail::Descriptor& d = view.memory.descriptor(taken.block);
  const std::uint32_t flags = d.flags.load(std::memory_order_relaxed);
  missed_ += flags >> detail::kMissedShift;
  if ((flags & detail::kLetter) != 0) be_letter();
  enqueued_at_ =
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(d.time.load(std::memory_order_relaxed)));
  if (view.answers != nullptr) view.answers->begin(sequence_, deliveries_);
}

void Message::be_letter() {
  const std::size_t whole = size_;
  size_ = detail::size_in_letter(bytes());
  trailer_ = whole - size_;
}

unsigned Message::part() const {
  return parts_ == 0 ? 0 : static_cast<unsigned>(std::countr_zero(parts_));
}

std::optional<DeadLetter> Message::dead_letter() const {
  if (trailer_ == 0) return std::nullopt;
  return detail::read_trailer({data_ + size_, trailer_});
}

Message::Message(Message&& other) noexcept
    : view_(std::exchange(other.view_, nullptr)),
      parts_(other.parts_),
      block_(other.block_),
      deliveries_(other.deliveries_),
      data_(other.data_),
      size_(other.size_),
      sequence_(other.sequence_),
      missed_(other.missed_),
      enqueued_at_(other.enqueued_at_),
      trailer_(other.trailer_),
      unwinding_(other.unwinding_) {}

Message& Message::operator=(Message&& other) noexcept {
  if (this == &other) return *this;
  settle();
  view_ = std::exchange(other.view_, nullptr);
  parts_ = other.parts_;
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
  if (view_ != nullptr) end(std::uncaught_exceptions() <= unwinding_ ? Fate::kDone : Fate::kFailed);
}

void Message::ack() {
  end(Fate::kDone);
}

void Message::nack() {
  end(Fate::kFailed);
}

void Message::put_back() {
  end(Fate::kUntried);
}

void Message::reject() {
  end(Fate::kUseless);
}

void Message::end(Fate fate) {
  View* view = std::exchange(view_, nullptr);
  if (view == nullptr || !view->is_ours()) return;
  if (view->answers != nullptr) {
    if (fate != Fate::kDone) {
      view->answers->drop(sequence_, deliveries_);
    } else if (!view->answers->finish(sequence_, deliveries_)) {
      fate = Fate::kUntried;
    }
  }
  const bool done = fate == Fate::kDone;
  if (view->subscription != nullptr) {
    const detail::Ticket ticket = sequence_ + view->memory.geometry().first_ticket();
    done ? acknowledge(*view->subscription, ticket, block_) : give_back(*view->subscription, ticket);
    return;
  }
  const bool untried = fate == Fate::kUntried;
  const bool gone = done || (view->memory.policy().at_most_once && !untried);
  const detail::Cause cause = fate == Fate::kUseless ? detail::Cause::kRejected : detail::Cause::kGivenBack;
  if (parts_ != 0) {
    if (untried) take_back(view->memory.descriptor(block_), parts_);
    settle_records(*view, block_, parts_, gone ? detail::Cause::kNone : cause);
  } else if (untried) {
    detail::put_back(*view, block_);
  } else {
    gone ? release(*view, block_) : hand_back(*view, block_, cause);
  }
}

void Frame::put_back(std::size_t done) {
  if (done >= size()) return ack();
  std::uint64_t left = message_.parts_;
  for (; done > 0; --done) left &= left - 1;
  const std::uint64_t first = std::exchange(message_.parts_, left) & ~left;
  if (View* view = message_.view_; view != nullptr && view->is_ours() && first != 0)
    settle_records(*view, message_.block_, first, detail::Cause::kNone);
  message_.put_back();
}

std::size_t Frame::size() const {
  return message_.parts_ == 0 ? 1 : static_cast<std::size_t>(std::popcount(message_.parts_));
}

Frame::Iterator Frame::begin() const {
  return {message_, message_.parts_};
}

Frame::Iterator::Iterator(const Message& message, std::uint64_t left)
    : message_(&message),
      at_(message.data_),
      end_(message.data_ + message.size_),
      now_(message.bytes()),
      left_(left) {
  if (left_ == 0) {
    left_ = 1;  // it was put alone
  } else {
    find();
  }
}

void Frame::Iterator::find() {
  detail::RecordCursor records{at_, end_};
  const std::byte* data = nullptr;
  std::uint32_t size = 0;
  for (const auto number = static_cast<unsigned>(std::countr_zero(left_)); next_ <= number; ++next_) {
    if (!records.take(data, size)) throw_spoilt();
  }
  at_ = records.at;
  now_ = {data, size};
}

void Frame::Iterator::throw_spoilt() const {
  if (message_->view_ != nullptr) poison(*message_->view_, detail::Poison::kLength);
  throw Poisoned(std::string("what was put together is spoilt: ") + to_text(detail::Poison::kLength));
}

}  // namespace procgraph
