// What the loop tells the supervisor's brain. Several things may have happened before it could say so; the
// order of telling is the order of effects.
#pragma once

#include <variant>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace procgraph {

// Time since the run began, without what it spent stopped by Ctrl-Z.
using Instant = Duration;

// How a first process ended, as waitid tells it.
struct Exit {
  int code = 0;
  int signal = 0;  // 0: it exited with `code`
  bool core = false;

  bool operator==(const Exit&) const = default;
};

namespace event {
struct Begin {};
struct Started {
  SpawnId spawn;
};
struct Refused {
  SpawnId spawn;
  bool passing = false;  // the machine may be able to later (EAGAIN)
  int code = 71;         // the exit code that this failure means
};
struct Exited {  // its first process
  SpawnId spawn;
  Exit exit;
  std::vector<ChannelId> poisoned{};  // among its channels, however often that was told before
};
struct Empty {  // its session, after that
  SpawnId spawn;
  // Of one that may be started again:
  bool unread = false;  // some channel that it writes has no reader any more
  bool ended = false;   // all data that it reads has ended, and nothing of it is left
};
struct Hangs {  // killed, it is in a call of the kernel that does not end
  SpawnId spawn;
};
struct Poisoned {  // something impossible was found in its memory, by ourselves
  ChannelId channel;
};
struct Unopened {  // it has ports that it has not opened in all this time
  SpawnId spawn;
};
struct Ready {  // others may rely on it
  SpawnId spawn;
};
struct Unhealthy {  // it does not work any more
  SpawnId spawn;
};
struct Patience {  // it says that it will not be ready sooner than this
  SpawnId spawn;
  Duration more{};
};
struct Time {};  // `now` has come: see deadline()
struct StopSignal {
  int signal = 0;  // INT, TERM, HUP, QUIT
};
struct StopOrder {  // by somebody who acts on the run from outside: it is no death by a signal
  bool force = false;
};
// The same, of some of its processes; which of them can be, order_refused() tells.
struct EndOrder {
  std::vector<SpawnId> spawns;
};
struct RestartOrder {
  std::vector<SpawnId> spawns;
};
struct StdoutLost {
  int error = 0;  // errno; EPIPE: nobody reads it any more
};
struct Overdue {  // holds a message for longer than its channel allows
  SpawnId spawn;
};
struct Died {  // a message that failed too often; it is a dead letter now, or there is no place for it
  ChannelId channel;
};
struct Deadlocked {};  // some can never go on, and nothing is done about it
struct Finished {      // nothing more can come of it
  ChannelId channel;
};
}  // namespace event

using Event =
    std::variant<event::Begin, event::Started, event::Refused, event::Exited, event::Empty, event::Hangs,
                 event::Poisoned, event::Unopened, event::Time, event::StopSignal, event::StdoutLost,
                 event::Overdue, event::Died, event::Finished, event::Ready, event::Unhealthy,
                 event::Patience, event::Deadlocked, event::StopOrder, event::EndOrder, event::RestartOrder>;

}  // namespace procgraph
