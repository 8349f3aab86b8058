// Leftovers: families whose first process has gone and which are not over yet. Knows whom to wait for; never
// polls. All that are to be looked at are so at once, in a turn of their own: a look goes through all of
// /proc.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/id.h"
#include "os/family.h"

namespace procgraph {

class Leftovers {
 public:
  struct Hears {
    std::function<void(SpawnId)> over;   // nobody is left of a family that sweep() was asked for
    std::function<bool(pid_t)> started;  // a child of ours is the first process of something, and no orphan
  };

  Leftovers(boost::asio::io_context& io, Hears hears);
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;
  ~Leftovers();

  // Signals what is left, soon, and continues it; again and again while it is KILL and somebody is born
  // meanwhile.
  void sweep(SpawnId id, const Family& family, int signal);
  // Nobody waits for them any more.
  void forget(SpawnId id) { waiting_.erase(id); }
  // Children have been reaped: what they have left has come to us.
  void children_ended() { orphans_.reset(); }
  // One of them was nobody's first process: perhaps it was the last of some family.
  void look_again();
  // All families that are not over.
  [[nodiscard]] std::vector<Family> families() const;
  [[nodiscard]] const std::vector<Orphan>& orphans();

 private:
  struct Waiting;

  void look_soon(Waiting& waiting);
  void turn();
  void go_on(SpawnId id, Waiting& waiting, const std::vector<ProcessLine>& members);
  void watch(SpawnId id, const std::vector<ProcessLine>& members);

  boost::asio::io_context& io_;
  const Hears hears_;
  std::map<SpawnId, std::shared_ptr<Waiting>> waiting_;
  std::optional<std::vector<Orphan>> orphans_;  // since children were reaped last
  bool turn_is_due_ = false;
};

}  // namespace procgraph
