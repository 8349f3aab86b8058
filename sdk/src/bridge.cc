#include "bridge.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "no_signals.h"
#include "procgraph/errors.h"

namespace procgraph::detail {
namespace {

Bell take_bell(const Roster& roster, std::uint16_t participant) {
  auto bell = Bell::take(roster, participant);
  if (!bell) throw Failure("too many threads of this graph wait");
  return std::move(*bell);
}

}  // namespace

Bridge::Bridge(const Roster& roster, std::uint16_t participant, std::function<void()> on_ring)
    : bell_(take_bell(roster, participant)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      on_ring_(std::move(on_ring)),
      process_(getpid()) {
  if (timer_ < 0) throw Failure(std::string("no descriptor to wait with: ") + std::strerror(errno));
  const NoSignals none;
  try {
    thread_ = std::make_unique<std::thread>([this, seen = bell_.rings()] { run(seen); });
  } catch (const std::system_error& e) {
    close(timer_);
    throw Failure(std::string("no thread to wait with: ") + e.what());
  }
}

Bridge::~Bridge() {
  if (process_ != getpid()) {  // fork() has made no copy of the thread: there is nothing to wait for
    (void)thread_.release();
    bell_.forget();
    close(timer_);
    return;
  }
  stopping_ = true;
  bell_.ring();
  thread_->join();
  close(timer_);
}

void Bridge::run(std::uint32_t seen) {
  for (;;) {
    bell_.sleep(seen, std::nullopt);
    const std::uint32_t now = bell_.rings();
    if (stopping_) return;
    if (std::exchange(seen, now) == now) continue;
    on_ring_();
    ring();
  }
}

void Bridge::quiet() {
  std::lock_guard lock(setting_);
  rung_ = false;
  set(kNever);
}

void Bridge::ring() {
  std::lock_guard lock(setting_);
  rung_ = true;
  set(kAtOnce);
}

void Bridge::ring_at(Clock::time_point when) {
  std::lock_guard lock(setting_);
  if (!rung_) set(when);
}

void Bridge::set(Clock::time_point when) {
  itimerspec at{};  // all zero: never
  if (when != kNever) {
    const auto since = std::max(when.time_since_epoch(), Clock::duration(1));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    at.it_value.tv_sec = static_cast<time_t>(seconds.count());
    at.it_value.tv_nsec = static_cast<long>(std::chrono::nanoseconds(since - seconds).count());
  }
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
}

}  // namespace procgraph::detail
