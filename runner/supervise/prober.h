// Prober: finds out when processes are ready, and later whether they still work: hears what they say (a
// notice, a newline, a line of their log) or asks (a connection, a GET, a command). Knows when to ask and how
// often failures count, not what follows from that, nor by when a process must be ready.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "launch/launch.h"
#include "plan/plan.h"
#include "supervise/commands.h"

namespace procgraph {

class Prober {
 public:
  struct Hears {
    std::function<void(SpawnId)> ready;
    std::function<void(SpawnId)> unhealthy;
    std::function<void(SpawnId, Duration)> patience;        // it will not be ready before that time is over
    std::function<void(SpawnId, std::string)> trouble;      // why it is not ready, or not healthy
    std::function<void(SpawnId, std::string_view)> status;  // what it says of itself
  };

  Prober(boost::asio::io_context& io, const Plan& plan, const Opened& opened, Hears hears);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  ~Prober();

  // Before each start of a spawn: what it is given to say that it is ready. The descriptor is lent until the
  // start has happened, or has failed.
  [[nodiscard]] Result<ReadyEnds> prepare(SpawnId id);
  // It has started, and `pid` is its first process: tells once it is ready.
  void await_ready(SpawnId id, pid_t pid);
  // It is ready: tells if it does not work any more.
  void watch_health(SpawnId id, pid_t pid);
  // Nothing more is told of this start, and nothing more asked.
  void leave(SpawnId id);

  // It has printed a line.
  void line(SpawnId id, std::string_view text);
  // Hears what it has said until now, before its end is told.
  void listen(SpawnId id);
  // True if it was a probe's process that changed.
  bool take(const ChildChange& change) { return commands_.take(change); }
  [[nodiscard]] bool has_command(pid_t pid) const { return commands_.is_one(pid); }
  [[nodiscard]] std::vector<Family> families() const { return commands_.families(); }
  // Time has stood still until now: what was to come within some time has that time again.
  void forgive();

 private:
  struct Watch;
  using Watched = std::shared_ptr<Watch>;

  [[nodiscard]] Watched watch_of(SpawnId id, pid_t pid);
  void hear_notices(const Watched& watch);
  bool take_notice(const Watched& watch);
  void hear_newline(const Watched& watch);
  bool take_bytes(const Watched& watch);
  void become_ready(const Watched& watch);
  void fail(const Watched& watch, const std::string& trouble);
  void ask(const Watched& watch);
  void answered(const Watched& watch, const std::string& trouble);
  void ask_later(const Watched& watch, Duration pause);
  void feed_watchdog(const Watched& watch);
  [[nodiscard]] std::shared_ptr<Attempt> begin(const Watched& watch, Attempt::Done done);
  [[nodiscard]] SpawnRequest command(const Watch& watch) const;
  template <class Then>
  void after(const Watched& watch, Duration time, Then then);

  boost::asio::io_context& io_;
  const Plan& plan_;
  const Opened& opened_;
  const Hears hears_;
  Commands commands_;
  std::vector<Watched> watches_;  // by spawn; of its present start
};

}  // namespace procgraph
