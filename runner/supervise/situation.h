// Situation: everything that the supervisor's brain remembers of a run. A value; only step() changes it,
// everybody may look.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "supervise/actions.h"
#include "supervise/cast.h"
#include "supervise/events.h"
#include "supervise/lifecycle.h"
#include "supervise/restart.h"

namespace procgraph {

enum class Verdict : std::uint8_t {
  kNone,
  kLate,  // died of SIGPIPE: its readers decide
  kSucceeded,
  kCutOff,
  kStopped,  // by us: no failure
  kFailed,
  kSkipped,
};

// The pending deadlines, each kind once per subject.
class Deadlines {
 public:
  enum class Kind : std::uint8_t {
    kRetry,
    kGrace,
    kTimeout,
    kReady,
    kPorts,
    kDeath,
    kGraphTimeout,
    kDrained,
    kAll,
    kEnd
  };
  using Key = std::pair<Kind, std::uint32_t>;

  void set(Instant when, Kind kind, SpawnId spawn = {});
  void clear(Kind kind, SpawnId spawn = {});
  [[nodiscard]] std::optional<Instant> of(Kind kind, SpawnId spawn) const;
  [[nodiscard]] std::optional<Instant> next() const;
  // The earliest one that is due, taken out.
  [[nodiscard]] std::optional<Key> take(Instant now);

 private:
  std::set<std::pair<Instant, Key>> order_;
  std::map<Key, Instant> when_;
};

struct SpawnState {
  life::State life = life::State::kWaiting;
  Verdict verdict = Verdict::kNone;
  Lives lives;
  bool released = false;   // the runner's copies of its ends: no start is to come
  bool looked = false;     // at its ports
  bool was_ready = false;  // in this life or an earlier one
  bool renounced = false;  // the graph stopped before it was started again
  // Of its last life:
  Instant since{};  // its start
  Duration ran{};
  Exit exit;
  std::uint64_t order = 0;  // of its end
  unsigned tries = 0;       // starts that the machine could not make
  int refusal = 0;          // exit code of a start that failed for good
  bool ordered = false;     // its start is, and has not been tried yet
  bool recalled = false;    // it is to start again with another process
  bool reordered = false;   // that it starts again, somebody has ordered
  bool dismissed = false;   // somebody has ordered its end, and no life follows
  bool returns = false;     // its end calls for another life
  bool asked = false;       // we sent the stop signal, or killed
  bool killed = false;
  bool timed_out = false;
  bool hangs = false;    // abandoned: it may still be there
  SpawnId severed;       // its relay, which has failed
  bool overdue = false;  // held a message for too long
  bool ready = false;
  bool probed = false;     // something is asked of it
  bool unready = false;    // it was not ready in time
  bool unhealthy = false;  // it was ready, and did not work any more
};

struct RoleState {
  std::uint32_t unstarted = 0, unended = 0, unjudged = 0,
                unready = 0;                         // spawns
  std::uint32_t lost = 0;                            // those that have failed for good
  std::uint32_t never_ready = 0, never_started = 0;  // those that ended before, or never will
  bool failed = false;                               // more of them than can be spared
  bool skipped = false;                              // all of them
  bool gone = false;                                 // its ends of channels are given up
};

struct EdgeState {
  std::uint32_t writers = 0, services = 0, readers = 0;  // not gone; services among the writers
  std::uint32_t feeders = 0;                             // channels whose dead letters may still come here
  bool lasting = false;                                  // has a writer that is no service
  bool writers_ended = false, readers_ended = false;
  bool poisoned = false;
};

enum class Mode : std::uint8_t { kNone, kInOrder, kAtOnce, kKill };

struct StopState {
  Mode mode = Mode::kNone;
  std::uint32_t front = 0;  // the lowest rank that still has a process
  bool drained = false;     // half of the grace is over: readers are asked too
  bool all = false;         // three quarters: everybody is
  bool forced = false;      // somebody did not want to wait
  bool ordered = false;     // by somebody outside: nothing dies of it
};

// Everything that the brain remembers.
struct Situation {
  std::vector<SpawnState> spawns;
  std::vector<RoleState> roles;
  std::vector<EdgeState> edges;
  std::vector<std::uint32_t> ranks;  // spawns that are not over, by stop rank
  Deadlines deadlines;
  StopState stop;
  std::vector<SpawnId> late;         // their verdicts wait
  std::uint32_t left = 0, last = 0;  // spawns that are not over: those that start finally are the last
  std::uint32_t busy = 0;            // those of both whose turn has come
  std::uint32_t counting = 0;        // processes that the graph waits for and that have not ended
  bool waits = false;                // there were such processes
  bool dead_letters = false;         // a message died that fails the run
  std::uint64_t order = 0;
  std::uint64_t dice = 0;             // state of a generator; any number is a seed
  std::optional<Failure> first;       // of the failures that count
  std::vector<ProcessId> failed;      // those whose failure counts, in that order
  std::optional<Ending> ending;       // of all but those that start finally, whose turn it is then
  std::optional<Instant> last_press;  // the INT, TERM or HUP that had an effect
  int dies_of = 0;
  bool done = false;

  [[nodiscard]] const SpawnState& at(SpawnId id) const { return spawns[id.value]; }
};

[[nodiscard]] Situation make_situation(const Cast& cast);

}  // namespace procgraph
