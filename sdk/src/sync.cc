#include "procgraph/sync.h"

#include <utility>

#include "area/lock_word.h"
#include "area/port.h"
#include "area/sync.h"

namespace procgraph {

using detail::deadline_in;

Held::Held(Held&& other) noexcept
    : area_(std::exchange(other.area_, nullptr)), word_(other.word_), holder_died_(other.holder_died_) {}

Held::~Held() {
  release();
}

void Held::release() {
  const detail::AreaPort* area = std::exchange(area_, nullptr);
  if (area != nullptr && area->is_ours()) detail::release(*word_);
}

Held Lock::acquire() {
  return *acquire(kForever);
}

std::optional<Held> Lock::acquire(std::chrono::nanoseconds timeout) {
  area_->require_ours();
  const auto died = detail::acquire(*word_, area_->self, deadline_in(timeout));
  if (!died) return std::nullopt;
  return Held(*area_, *word_, *died);
}

std::optional<Held> Lock::try_acquire() {
  return acquire(std::chrono::nanoseconds::zero());
}

void Event::set() {
  area_->require_ours();
  detail::set(*object_);
}

void Event::clear() {
  area_->require_ours();
  detail::clear(*object_);
}

bool Event::is_set() const {
  area_->require_ours();
  return detail::is_set(*object_);
}

bool Event::wait(std::chrono::nanoseconds timeout) {
  area_->require_ours();
  return detail::wait(*object_, deadline_in(timeout));
}

void Semaphore::acquire() {
  (void)acquire(kForever);
}

bool Semaphore::acquire(std::chrono::nanoseconds timeout) {
  area_->require_ours();
  return detail::take_permit(*object_, first_, deadline_in(timeout));
}

bool Semaphore::try_acquire() {
  return acquire(std::chrono::nanoseconds::zero());
}

void Semaphore::release(std::uint32_t count) {
  area_->require_ours();
  if (detail::add_permits(*object_, first_, count)) return;
  throw Failure("a semaphore of " + area_->name() +
                " holds at most 2147483647 permits: " + std::to_string(count) + " more are too many");
}

std::uint32_t Semaphore::value() const {
  area_->require_ours();
  return detail::permits(*object_, first_);
}

}  // namespace procgraph
