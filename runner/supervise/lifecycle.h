// The life of one spawned process, from waiting for its turn to gone for good, as one table: State × Input →
// {next, Action}. Knows no other process, no clock, no descriptor; what an action means is step.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace procgraph::life {

enum class State : std::uint8_t {
  kWaiting,   // for its start conditions
  kQueued,    // its turn has come; not forked yet
  kDelayed,   // the machine could not start it now; another try is due
  kRunning,   //
  kStopping,  // asked to end, within its grace
  kKilled,    // killed, not yet reaped
  kLeft,      // its first process has gone; the rest of its session is asked to end, within the grace
  kSwept,     // the rest of its session is killed, until it is empty
  kResting,   // nothing of it is left; it waits for its next start
  kHeld,      // nothing of it is left; it starts again once what it goes with is there again
  kEnded,     // gone for good, or could not be started
  kSkipped,   // never started, and never will
};
inline constexpr std::size_t kStates = 12;

enum class Input : std::uint8_t {
  kBegin,    // its start conditions hold
  kStarted,  // exec has happened
  kRefused,  // it cannot be started
  kRetry,    // it cannot be started just now
  kDue,      // time for another try
  kStop,     // it is to end; what has not started never will
  kTooLong,  // the grace is over
  kForce,    // it is to be gone at once
  kExited,   // its first process has exited
  kEmpty,    // nothing is left of its session
  kAgain,    // nor is there, or it could not be started, but it is to be started again
  kHold,     // nothing is left, or has started yet; what it goes with is not there
  kHangs,    // it was killed, and the kernel does not let it go
};
inline constexpr std::size_t kInputs = 13;

enum class Action : std::uint8_t {
  kImpossible,  // this input cannot come in this state: a mistake of ours
  kNothing,
  kLaunch,
  kDelay,
  kWatch,     // it runs: its longest time begins
  kGiveUp,    // it will never run: its ends of channels are given up
  kRefuse,    // the same, as a failure
  kAsk,       // send the stop signal, start the grace
  kKill,      // kill its whole session
  kSweep,     // its participant is dead; ask what is left of its session to end, start the grace
  kPurge,     // its participant is dead; kill what is left of its session
  kClear,     // kill what is left of its session
  kSettle,    // it has ended: judge it
  kRest,      // it has ended: forget this life, wait for the next one
  kHold,      // it has ended: forget this life, wait for what it goes with
  kWithdraw,  // its start is not to happen now
  kRenounce,  // there is no next life
  kAbandon,   // nobody waits for it any more, and that is a failure
  kLetGo,     // nobody waits for what is left of its session: judge it
};

struct Cell {
  State next;
  Action action;

  bool operator==(const Cell&) const = default;
};

[[nodiscard]] Cell at(State state, Input input);
// Whether no further input changes anything.
[[nodiscard]] constexpr bool over(State state) {
  return state == State::kEnded || state == State::kSkipped;
}
// Whether it waits for its start conditions, at first or again.
[[nodiscard]] constexpr bool waits(State state) {
  return state == State::kWaiting || state == State::kHeld;
}
// Whether its turn has come and it is not gone: something is still to be heard of it.
[[nodiscard]] constexpr bool busy(State state) {
  return !waits(state) && !over(state);
}

[[nodiscard]] std::string_view name(State state);    // "waiting", "queued" …: what people see
[[nodiscard]] std::string_view name(Input input);    // "begin" …
[[nodiscard]] std::string_view name(Action action);  // "launch" …

}  // namespace procgraph::life
