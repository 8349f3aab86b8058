#include "supervise/lifecycle.h"

#include <array>

namespace procgraph::life {
namespace {

using Row = std::array<Cell, kInputs>;

constexpr Cell kNo{State::kWaiting, Action::kImpossible};

constexpr Cell stay(State state) {
  return {state, Action::kNothing};
}
constexpr Cell to(State next, Action action) {
  return {next, action};
}

constexpr Cell kNever = to(State::kSkipped, Action::kGiveUp);
constexpr Cell kGone = to(State::kEnded, Action::kSettle);
constexpr Cell kAgain = to(State::kResting, Action::kRest);
constexpr Cell kLast = to(State::kEnded, Action::kRenounce);
constexpr Cell kHeld = to(State::kHeld, Action::kHold);
constexpr Cell kBack = to(State::kWaiting, Action::kWithdraw);

// A process that waits, is queued or delayed has no kernel object of its own, so to stop it is to skip it;
// nor has one between two lives, whose last one then was the last. One that is held back before its first
// life waits as before. Every other one has a session, and leaves its states only when that is empty: so
// never are two lives of it there at once.
constexpr std::array<Row, kStates> kTable{{
    // kBegin, kStarted, kRefused, kRetry, kDue, kStop, kTooLong, kForce, kExited, kEmpty, kAgain, kHold,
    // kHangs
    {{to(State::kQueued, Action::kLaunch), kNo, kNo, kNo, kNo, kNever, kNo, kNever, kNo, kNo, kNo, kNo,
      kNo}},  // kWaiting
    {{kNo, to(State::kRunning, Action::kWatch), to(State::kEnded, Action::kRefuse),
      to(State::kDelayed, Action::kDelay), kNo, kNever, kNo, kNever, kNo, kNo, kNo, kBack, kNo}},  // kQueued
    {{kNo, kNo, kNo, kNo, to(State::kQueued, Action::kLaunch), kNever, kNo, kNever, kNo, kNo, kNo, kBack,
      kNo}},  // kDelayed
    {{kNo, kNo, kNo, kNo, kNo, to(State::kStopping, Action::kAsk), kNo, to(State::kKilled, Action::kKill),
      to(State::kLeft, Action::kSweep), kNo, kNo, kNo, kNo}},  // kRunning
    {{kNo, kNo, kNo, kNo, kNo, stay(State::kStopping), to(State::kKilled, Action::kKill),
      to(State::kKilled, Action::kKill), to(State::kLeft, Action::kSweep), kNo, kNo, kNo, kNo}},  // kStopping
    {{kNo, kNo, kNo, kNo, kNo, stay(State::kKilled), kNo, stay(State::kKilled),
      to(State::kSwept, Action::kPurge), kNo, kNo, kNo, to(State::kEnded, Action::kAbandon)}},  // kKilled
    {{kNo, kNo, kNo, kNo, kNo, stay(State::kLeft), to(State::kSwept, Action::kClear),
      to(State::kSwept, Action::kClear), kNo, kGone, kAgain, kHeld, kNo}},  // kLeft
    {{kNo, kNo, kNo, kNo, kNo, stay(State::kSwept), kNo, stay(State::kSwept), kNo, kGone, kAgain, kHeld,
      to(State::kEnded, Action::kLetGo)}},  // kSwept
    {{kNo, to(State::kRunning, Action::kWatch), to(State::kEnded, Action::kRefuse),
      to(State::kResting, Action::kDelay), to(State::kResting, Action::kLaunch), kLast, kNo, kLast, kNo, kNo,
      kAgain, to(State::kHeld, Action::kWithdraw), kNo}},  // kResting
    {{to(State::kResting, Action::kLaunch), kNo, kNo, kNo, kNo, kLast, kNo, kLast, kNo, kNo, kNo, kNo,
      kNo}},  // kHeld
    {{kNo, kNo, kNo, kNo, kNo, stay(State::kEnded), kNo, stay(State::kEnded), kNo, kNo, kNo, kNo,
      kNo}},  // kEnded
    {{kNo, kNo, kNo, kNo, kNo, stay(State::kSkipped), kNo, stay(State::kSkipped), kNo, kNo, kNo, kNo,
      kNo}},  // kSkipped
}};

constexpr std::array<std::string_view, kStates> kStateNames{"waiting",    "queued", "delayed", "running",
                                                            "stopping",   "killed", "left",    "swept",
                                                            "restarting", "held",   "ended",   "skipped"};
constexpr std::array<std::string_view, kInputs> kInputNames{"begin", "started",  "refused", "retry",  "due",
                                                            "stop",  "too long", "force",   "exited", "empty",
                                                            "again", "hold",     "hangs"};
constexpr std::array<std::string_view, 19> kActionNames{
    "impossible", "nothing", "launch", "delay", "watch", "give up",  "refuse",   "ask",     "kill",  "sweep",
    "purge",      "clear",   "settle", "rest",  "hold",  "withdraw", "renounce", "abandon", "let go"};

}  // namespace

Cell at(State state, Input input) {
  return kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(input)];
}

std::string_view name(State state) {
  return kStateNames[static_cast<std::size_t>(state)];
}
std::string_view name(Input input) {
  return kInputNames[static_cast<std::size_t>(input)];
}
std::string_view name(Action action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

}  // namespace procgraph::life
