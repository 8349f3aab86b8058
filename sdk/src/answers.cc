#include "answers.h"

#include "procgraph/errors.h"

namespace procgraph::detail {
namespace {

struct InHand {
  const Answers* of = nullptr;  // null: nothing
  std::uint64_t mark = 0;
};

thread_local InHand last_got;

}  // namespace

void Answers::begin(std::uint64_t sequence, std::uint32_t deliveries) const {
  last_got = {this, answer_mark(sequence, deliveries, false)};
}

std::uint64_t Answers::mark() const {
  if (last_got.of == this) return last_got.mark;
  throw Failure(
      "this process is 'ordered': what it puts into " + writer_.port.name() +
      " answers the message that the thread got last, so it has to put before it acknowledges that");
}

bool Answers::finish(std::uint64_t sequence, std::uint32_t deliveries) noexcept {
  drop(sequence, deliveries);
  const std::lock_guard lock(mutex_);
  try {
    put_marked(writer_, answer_mark(sequence, deliveries, true));
    return true;
  } catch (const Failure&) {
    return false;
  }
}

void Answers::drop(std::uint64_t sequence, std::uint32_t deliveries) const {
  if (last_got.of == this && last_got.mark == answer_mark(sequence, deliveries, false)) last_got = {};
}

}  // namespace procgraph::detail
