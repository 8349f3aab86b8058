#include "supervise/deadlock_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "supervise/waits_text.h"

namespace procgraph {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds(200);

// A circle by those who are in it.
std::string signature(const Waits& waits, const Circle& circle) {
  std::vector<std::string> names;
  for (const PartyIndex party : circle.knot) names.push_back(waits.parties[party].name);
  return join(names, "\n");
}

// Services that have nothing to do but wait for each other: nobody waits for their end, and a signal may be
// what they are there for.
bool is_idle(const Waits& waits, const Circle& circle) {
  return circle.full.empty() &&
         std::ranges::all_of(circle.knot, [&](PartyIndex party) { return waits.parties[party].service; });
}

}  // namespace

DeadlockWatch::DeadlockWatch(boost::asio::io_context& io, const DeadlockSpec& options,
                             const Observer& observer, Hears hears)
    : timer_(io), options_(options), observer_(observer), hears_(std::move(hears)) {
  wait();
}

void DeadlockWatch::stop() {
  stopped_ = true;
  timer_.cancel();
}

void DeadlockWatch::wait() {
  const Duration time = std::max(hurry_ ? kShortest : options_.after, kShortest);
  timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(time));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || stopped_) return;
    look();
    if (!stopped_) wait();
  });
}

void DeadlockWatch::look() {
  Sight sight = hears_.look();
  const std::optional<Sight> before = std::exchange(before_, sight);
  hurry_ = false;
  if (!before) return;
  const Waits waits = stood_still(*before, sight);
  const std::vector<Circle> circles = find_circles(waits);
  std::set<std::string> standing;
  for (const Circle& circle : circles) {
    standing.insert(signature(waits, circle));
    if (!stopped_) judge(sight, waits, circle);
  }
  std::erase_if(told_, [&](const std::string& circle) { return !standing.contains(circle); });
}

void DeadlockWatch::judge(const Sight& sight, const Waits& waits, const Circle& circle) {
  const bool again = !told_.insert(signature(waits, circle)).second;
  if (again && (options_.policy == DeadlockPolicy::kWarn || is_idle(waits, circle))) return;
  hears_.found(resolve(sight, waits, circle));
}

Deadlock DeadlockWatch::resolve(Sight sight, Waits waits, const Circle& circle) {
  for (BufferIndex buffer = 0; buffer < waits.buffers.size(); ++buffer) observer_.measure(sight, buffer);
  waits.buffers = sight.waits.buffers;
  Deadlock deadlock{.waits = std::move(waits), .circle = circle, .growth = {}};
  if (options_.policy == DeadlockPolicy::kWarn || is_idle(deadlock.waits, circle)) return deadlock;
  const bool grows = options_.policy == DeadlockPolicy::kGrow && enlarge(sight, deadlock);
  deadlock.fails = !grows;
  if (!grows) return deadlock;
  before_.reset();
  hurry_ = true;
  return deadlock;
}

// Parks' rule in the circle that stands: the smallest full buffer, doubled.
bool DeadlockWatch::enlarge(const Sight& sight, Deadlock& deadlock) {
  Waits& waits = deadlock.waits;
  while (const auto smallest = smallest_full(waits, deadlock.circle)) {
    Buffer& buffer = waits.buffers[*smallest];
    const std::uint64_t to = std::min(buffer.capacity * 2, buffer.most);
    const Bytes used{used_.value + bytes_of(buffer, to - buffer.capacity)};
    if (used > options_.budget) {
      deadlock.obstacle = fmt::format("the budget of {} is spent", format(options_.budget));
      return false;
    }
    if (const int error = observer_.enlarge(sight, *smallest, to); error == 0) {
      used_ = used;
      deadlock.growth = Deadlock::Growth{
          .buffer = *smallest, .from = buffer.capacity, .to = to, .used = used, .budget = options_.budget};
      return true;
    } else {
      deadlock.obstacle = fmt::format("{} cannot be enlarged: {}", buffer.title, std::strerror(error));
    }
    buffer.most = buffer.capacity;  // the next smallest may still do
  }
  if (deadlock.obstacle.empty() && !deadlock.circle.full.empty())
    deadlock.obstacle = "no full buffer in it can be made larger while the graph runs";
  return false;
}

}  // namespace procgraph
