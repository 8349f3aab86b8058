#include "queue/settle.h"

#include <algorithm>

#include "futex.h"
#include "queue/blocks.h"
#include "queue/frame.h"
#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

bool is_dead(const QueuePolicy& policy, Cause cause, std::uint32_t tries) {
  return cause == Cause::kRejected || (policy.max_deliveries != 0 && tries >= policy.max_deliveries);
}

Shared<std::uint64_t>& counter(View& view, std::uint16_t owner, Cause cause, std::uint32_t tries) {
  Tally& tally = view.memory.tally(owner);
  if (cause == Cause::kDropped) return tally.dropped;
  if (cause == Cause::kExpired) return tally.expired;
  return is_dead(view.memory.policy(), cause, tries) ? tally.dead : tally.returned;
}

// Decides and counts it. Between the lock and its end the counter is ours, or our process's to die with.
void decide(View& view, std::uint16_t owner, BlockIndex block, Cause cause) {
  Descriptor& d = view.memory.descriptor(block);
  Ticket ticket = BlockWord{d.own.load(std::memory_order_relaxed)}.ticket();
  std::uint32_t tries = d.tries.load(std::memory_order_relaxed);
  if (is_frame(d) && has_moved_on(d)) tries = 0;
  const bool failed = cause != Cause::kPutBack && (!is_frame(d) || has_failed(d));
  if (comes_back(cause) && failed) tries = std::min(tries + 1, kMostTries);
  std::unique_lock<std::mutex> lock;
  if (view.counting != nullptr) lock = std::unique_lock(*view.counting);
  Shared<std::uint64_t>& count = counter(view, owner, cause, tries);
  Journal note = journal(cause, tries, count.load(std::memory_order_relaxed) + 1);
  d.note.store(note.raw, std::memory_order_relaxed);
  // Publishes what is decided: from here on whoever comes after us carries out the note.
  d.own.store(block_word(State::kSettling, owner, ticket).raw, std::memory_order_release);
  count.store(note.count(), std::memory_order_relaxed);
}

// A splitmix64 of the message and its tries: no two rest equally long, and nobody keeps a generator.
std::uint64_t scatter(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// When a message that has failed `tries` times may be delivered, on the clock of deadlines; 0: at once.
std::uint64_t ready_at(const QueuePolicy& policy, Ticket ticket, std::uint32_t tries) {
  if (policy.retry_most.count() == 0 || tries == 0) return 0;
  std::int64_t rest = policy.retry_first.count();
  for (std::uint32_t i = 1; i < tries && rest < policy.retry_most.count(); ++i) rest *= 2;
  auto length = static_cast<std::uint64_t>(std::min(rest, policy.retry_most.count()));
  length += scatter(ticket << 16 | tries) % (length / 4 + 1);
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) + length;
}

void park(View& view, std::uint16_t owner, BlockIndex block, Ticket ticket) {
  Descriptor& d = view.memory.descriptor(block);
  Control& c = view.control();
  d.taker.store(0, std::memory_order_relaxed);
  // Publishes it to the runner, and that it is no reader's any more.
  d.own.store(block_word(State::kParked, owner, ticket).raw, std::memory_order_release);
  c.parks.fetch_add(1);
  if ((c.state.load() & kDraining) != 0) ring_all(view);  // it does not delay the end any more
  call_runner(view);
}

void bring_back(View& view, BlockIndex block, Ticket ticket) {
  Descriptor& d = view.memory.descriptor(block);
  Control& c = view.control();
  std::uint64_t ready = ready_at(view.memory.policy(), ticket, d.tries.load(std::memory_order_relaxed));
  d.taker.store(0, std::memory_order_relaxed);
  d.note.store(kRest | ready, std::memory_order_relaxed);  // the journal is carried out
  auto round = static_cast<std::uint16_t>(d.tries.load(std::memory_order_relaxed));
  // Publishes the message again, and that we are done with its bytes.
  d.own.store(block_word(State::kRedeliver, round, ticket).raw, std::memory_order_release);
  view.memory.returned(block).fetch_or(bit(block));
  c.returns.fetch_add(1);
  // One that rests is nobody's yet: whoever waits must know when to look.
  ready == 0 ? wake_reader(view) : ring_all(view);
}

// What follows from a decision; the block's word is kSettling.
Settled carry_out(View& view, std::uint16_t owner, BlockIndex block) {
  Descriptor& d = view.memory.descriptor(block);
  Ticket ticket = BlockWord{d.own.load(std::memory_order_relaxed)}.ticket();
  Journal note{d.note.load(std::memory_order_relaxed)};
  if (note.is_valid()) {  // else killed just before its end
    if (!comes_back(note.cause())) {
      release(view, block);
      return Settled::kNothing;
    }
    d.tries.store(note.tries(), std::memory_order_relaxed);
    if (is_dead(view.memory.policy(), note.cause(), note.tries())) {
      park(view, owner, block, ticket);
      return Settled::kDead;
    }
  }
  bring_back(view, block, ticket);
  return Settled::kReturned;
}

}  // namespace

void give_back(View& view, BlockIndex block) {
  if (view.memory.policy().at_most_once) return release(view, block);
  hand_back(view, block);
}

void put_back(View& view, BlockIndex block) {
  decide(view, view.self, block, Cause::kPutBack);
  carry_out(view, view.self, block);
}

void hand_back(View& view, BlockIndex block, Cause cause) {
  decide(view, view.self, block, cause);
  carry_out(view, view.self, block);
}

void drop(View& view, BlockIndex block, Cause cause) {
  decide(view, view.self, block, cause);
  carry_out(view, view.self, block);
}

Settled settle_for(View& view, std::uint16_t dead, BlockIndex block) {
  Descriptor& d = view.memory.descriptor(block);
  State state = BlockWord{d.own.load()}.state();
  if (state != State::kSettling) {
    Cause cause = state == State::kDropping   ? Cause::kDropped
                  : state == State::kExpiring ? Cause::kExpired
                                              : Cause::kDeath;
    decide(view, dead, block, cause);
  } else if (Journal note{d.note.load()}; note.is_valid()) {
    // A number that the dead one had given out and perhaps not stored.
    raise(counter(view, dead, note.cause(), note.tries()), note.count());
  }
  return carry_out(view, dead, block);
}

}  // namespace procgraph::detail
