#include "ends.h"

#include <algorithm>
#include <chrono>

#include "queue/frame.h"
#include "queue/overflow.h"
#include "queue/poison.h"

namespace procgraph::detail {
namespace {

using namespace std::chrono_literals;

// What being woken costs is how long to look before going to sleep: then a wait costs at most twice what it
// had to (see Spinner). Not less than what a stream takes to gather its next messages, and not more than a
// disturbed measurement is worth. One that pays any price for latency looks sixteen times as long.
constexpr std::chrono::nanoseconds kShortest = 25us, kLongest = 100us;
constexpr int kForLatency = 16;
// Between two looks in a stream.
constexpr std::chrono::nanoseconds kPause = 6400ns, kPauseForThroughput = 25us;

// From 10 to 60 ns, by the processor. Measured once: 5 runs of a microsecond or two, of which the fastest was
// disturbed the least.
std::chrono::duration<double, std::nano> one_pause() {
  static const auto kOne = [] {
    constexpr int kRuns = 5, kPauses = 64;
    auto best = Clock::duration::max();
    for (int run = 0; run < kRuns; ++run) {
      const auto begin = Clock::now();
      for (int i = 0; i < kPauses; ++i) relax();
      best = std::min(best, Clock::now() - begin);
    }
    return std::max(std::chrono::duration<double, std::nano>(best) / kPauses,
                    std::chrono::duration<double, std::nano>(1));
  }();
  return kOne;
}

std::uint32_t pauses(std::chrono::nanoseconds time) {
  return std::max(1u, static_cast<std::uint32_t>(time / one_pause()));
}

}  // namespace

std::string QueuePort::name() const {
  std::string text = port.info.kind + " '" + port.info.channel + "'";
  if (port.info.name != port.info.channel) text += " (port '" + port.info.name + "')";
  return text;
}

Spinner QueuePort::spinner() const {
  if (!spins) return {0, 1};
  const auto look = std::clamp(view.roster.wake_cost(), kShortest, kLongest);
  switch (port.wait) {
    case Wait::kLatency:
      return {pauses(kForLatency * look), 1};
    case Wait::kThroughput:
      return {pauses(look), pauses(kPauseForThroughput)};
    case Wait::kSleep:
      return {0, 1};
    case Wait::kBalanced:
      break;
  }
  return {pauses(look), pauses(kPause)};
}

void QueuePort::require_ours() const {
  if (view.is_ours()) return;
  throw NotInGraph(name() + " was opened before fork(); only the process that opened it can use it");
}

void QueuePort::throw_broken() {
  if ((view.control().state.load() & kPoisoned) == 0)
    throw GraphEnded("the graph of " + name() + " has ended");
  throw Poisoned(name() + " is stopped: " + to_text(poison_of(view.control())));
}

Want WriterState::room(std::uint64_t bytes) {
  View& view = port.view;
  const Overflow when_full = view.memory.policy().when_full;
  if (when_full != Overflow::kBlock && when_full != Overflow::kGrow) return Want::kNothing;
  for (;;) {
    Want want = publisher ? publisher->place() : producer.place();
    BlockIndex block = kNoBlock;
    if (want == Want::kNothing) want = claim(bytes, block);
    if (block != kNoBlock && want == Want::kNothing) release(view, block);
    if (!must_wait(want)) return want;
    if (make_room(view, dropper, want, bytes) != Want::kNothing) return want;
  }
}

// Whoever is elected in a poll loop may come late, so that its election is handed on at once; of a topic all
// are woken.
Poller::Poller(QueuePort& port)
    : bridge(port.view.roster, port.view.self,
             [&view = port.view, to_each = port.is_topic()] {
               if (!to_each) wake_reader(view);
             }),
      sleeper(Sleeper::enter(port.view, bridge.bell())) {
  if (!sleeper) throw Failure("too many threads wait on " + port.name());
}

bool ReaderState::is_broken() {
  const std::uint32_t state = port.view.control().state.load();
  if ((state & kBroken) == 0) return false;
  // The run is over: nobody brings back what rests or is held elsewhere.
  ended = (state & kPoisoned) == 0 && (state & kDraining) != 0 && is_at_end();
  return true;
}

ReaderState::~ReaderState() {
  if (!port.view.is_ours()) {
    (void)poller.release();  // nothing of it is ours: no thread, no line
  } else if (frame) {
    settle_records(port.view, frame->taken.block, frame->taken.records, Cause::kGivenBack);
  }
}

WriterState::~WriterState() {
  if (!port.view.is_ours()) return;
  producer.forget();
  if (publisher) publisher->forget();
}

}  // namespace procgraph::detail
