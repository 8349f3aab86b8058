// What the supervisor's brain wants done. An action is never conditional, but for Launch: it may be withdrawn
// while it waits (wanted() tells).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace procgraph {

enum class Why : std::uint8_t {
  kExit,
  kRefused,
  kTimeout,
  kGraphTimeout,
  kOutput,
  kPoisoned,
  kUnopened,
  kHangs,
  kReady,        // it was not ready in time
  kHealth,       // it was found not to work any more
  kLease,        // it held a message for too long
  kDeadMessage,  // one failed too often, and no dead_letter takes it
  kDeadLetters,  // there are some, and they are to fail the run
  kDeadlock,     // some wait for each other for ever
};
// What a failure does to the graph.
enum class Effect : std::uint8_t { kStops, kGoesOn, kIgnored, kStopping, kSpared };
enum class Reason : std::uint8_t {
  kComplete,  // all that it waits for has ended; services may remain
  kSignal,
  kFailure,
  kTimeout,
  kStdoutLost,
  kForced,   // asked a second time, or by QUIT
  kOrdered,  // by procgraph stop
};

// How a graph has ended, to those that start finally.
enum class How : std::uint8_t {
  kSuccess,
  kFailure,
  kTimeout,  // the graph's own
  kStopped,  // by a signal, or because nobody reads its output any more
};

struct Failure {
  std::uint64_t order = 0;  // among all ends of this run: the first one's code is the run's
  SpawnId spawn;            // invalid: a channel, or the graph itself
  ChannelId channel;        // valid: no process failed, but this channel
  Why why = Why::kExit;
  int code = 1;
  // Not 0: it was started again so often, in that time, that it is not any more.
  std::uint32_t restarts = 0;
  Duration in{};
  // Of a process some of whose copies can be spared: so many have not failed.
  std::optional<std::uint32_t> left{};

  bool operator==(const Failure&) const = default;
};

struct Ending {
  How how = How::kSuccess;
  int code = 0;                   // of the run, as a shell tells it, as far as it goes
  std::vector<ProcessId> failed;  // in the order in which they did; those that are ignored left out

  bool operator==(const Ending&) const = default;
};

namespace action {
struct Launch {
  SpawnId spawn;
};
struct Ask {  // the stop signal to its first process, CONT to all of its session
  SpawnId spawn;
  int signal = 0;
};
struct Kill {  // its whole session
  SpawnId spawn;
};
struct Sweep {  // what is left of its session, and CONT; Empty is to be told as soon as nothing is
  SpawnId spawn;
  int signal = 0;
};
struct Inspect {  // it was killed some time ago: Hangs is to be told if that is why it still is there
  SpawnId spawn;
};
struct LetGo {  // of whoever is left of its session: nobody waits for them any more
  SpawnId spawn;
};
struct LookAtPorts {  // Unopened is to be told if some were never opened
  SpawnId spawn;
};
struct AwaitReady {  // Ready is to be told once it is
  SpawnId spawn;
};
struct Ready {  // it is; Unhealthy is to be told if it stops working
  SpawnId spawn;
};
struct AskNoMore {  // it is to end, or has: neither of the two is to be told
  SpawnId spawn;
};
struct Reap {  // take back what the dead participant held in its channels
  SpawnId spawn;
};
struct Release {  // the runner's copies of its ends: it has started, or never will
  SpawnId spawn;
};
struct WriterGone {  // this one writes no more
  SpawnId spawn;
};
struct ReaderGone {  // this one reads no more
  SpawnId spawn;
};
struct EndWriters {
  ChannelId channel;
};
struct EndReaders {
  ChannelId channel;
};
struct Restarting {  // it has ended, and a Launch follows, unless the graph stops before
  Failure end;       // how, whether or not it is a failure
  bool failed = false;
  Duration wait{};
  std::uint32_t recent = 0;    // restarts within the policy's time, with this one
  std::uint32_t restarts = 0;  // ever
};
struct Recalled {  // it ends, and starts again when the other one is there again
  ProcessId process;
  ProcessId because;  // invalid: because somebody has ordered it
};
struct Dismissed {  // it ends, for somebody has ordered it, and does not start again
  ProcessId process;
};
struct Failed {
  Failure failure;
  Effect effect = Effect::kStops;
};
struct Skipped {
  ProcessId process;
  ProcessId because;  // invalid: the graph stops, or nothing can move
};
struct Stopping {
  Reason reason = Reason::kComplete;
  int signal = 0;
};
struct Finale {  // all have ended but those that start finally
  Ending ending;
};
struct Done {
  int code = 0;
  int signal = 0;  // to die of; 0: exit with `code`
};
}  // namespace action

using Action =
    std::variant<action::Launch, action::Ask, action::Kill, action::Sweep, action::Inspect, action::LetGo,
                 action::LookAtPorts, action::Reap, action::Release, action::WriterGone, action::ReaderGone,
                 action::EndWriters, action::EndReaders, action::Restarting, action::Failed, action::Skipped,
                 action::Stopping, action::Done, action::AwaitReady, action::Ready, action::AskNoMore,
                 action::Finale, action::Recalled, action::Dismissed>;
using Actions = std::vector<Action>;

[[nodiscard]] std::string_view name(Effect effect);       // stops, goes on, ignored, stopping, spared
[[nodiscard]] std::string_view name(Reason reason);       // complete, signal, failure …
[[nodiscard]] std::string_view name(How how);             // success, failure, timeout, stopped
[[nodiscard]] std::string to_text(const Action& action);  // "launch 3", "ask 3 15": for tests and traces

}  // namespace procgraph
