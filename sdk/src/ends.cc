#include "ends.h"

#include "queue/poison.h"

namespace procgraph::detail {
namespace {

// About 20 us of looking on current machines, what being woken costs on another core.
constexpr std::uint32_t kLooks = 256;
constexpr std::uint32_t kLooksForLatency = 4096;

}  // namespace

std::string QueuePort::name() const {
  std::string text = "queue '" + port.info.channel + "'";
  if (port.info.name != port.info.channel) text += " (port '" + port.info.name + "')";
  return text;
}

Spinner QueuePort::spinner() const {
  if (!spins) return {0, 1};
  switch (port.wait) {
    case Wait::kLatency:
      return {kLooksForLatency, 1};
    case Wait::kThroughput:
      return {kLooks / 4, 16};
    case Wait::kSleep:
      return {0, 1};
    case Wait::kBalanced:
      break;
  }
  return {kLooks, 4};
}

void QueuePort::require_ours() const {
  if (view.is_ours()) return;
  throw NotInGraph(name() + " was opened before fork(); only the process that opened it can use it");
}

void QueuePort::throw_poisoned() {
  throw Poisoned(name() + " is stopped: " + to_text(poison_of(view.control())));
}

WriterState::~WriterState() {
  if (port.view.is_ours()) producer.forget();
}

}  // namespace procgraph::detail
