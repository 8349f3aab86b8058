#include "ends.h"

#include "queue/overflow.h"
#include "queue/poison.h"

namespace procgraph::detail {
namespace {

// In pauses of 15 to 40 ns. About 20 us of looking, what being woken costs on another core; for one that pays
// any price for latency, sixteen times that.
constexpr std::uint32_t kLook = 1024, kLookForLatency = 16384;
// Between two looks in a stream.
constexpr std::uint32_t kPause = 256, kPauseForThroughput = 1024;

}  // namespace

std::string QueuePort::name() const {
  std::string text = port.info.kind + " '" + port.info.channel + "'";
  if (port.info.name != port.info.channel) text += " (port '" + port.info.name + "')";
  return text;
}

Spinner QueuePort::spinner() const {
  if (!spins) return {0, 1};
  switch (port.wait) {
    case Wait::kLatency:
      return {kLookForLatency, 1};
    case Wait::kThroughput:
      return {kLook, kPauseForThroughput};
    case Wait::kSleep:
      return {0, 1};
    case Wait::kBalanced:
      break;
  }
  return {kLook, kPause};
}

void QueuePort::require_ours() const {
  if (view.is_ours()) return;
  throw NotInGraph(name() + " was opened before fork(); only the process that opened it can use it");
}

void QueuePort::throw_poisoned() {
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

ReaderState::~ReaderState() {
  if (poller && !port.view.is_ours()) (void)new std::optional(std::move(poller->sleeper));  // nor is its line
}

WriterState::~WriterState() {
  if (!port.view.is_ours()) return;
  producer.forget();
  if (publisher) publisher->forget();
}

}  // namespace procgraph::detail
