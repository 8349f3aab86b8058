// Leftovers: sessions whose first process has gone and which are not empty yet. Knows whom to wait for; never
// polls.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/id.h"

namespace procgraph {

class Leftovers {
 public:
  using Emptied = std::function<void(SpawnId)>;

  // Calls `emptied` when nothing is left of a session that sweep() was asked for.
  Leftovers(boost::asio::io_context& io, Emptied emptied);
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;
  ~Leftovers();

  // Signals what is left, and continues it; again and again while it is KILL and somebody is born meanwhile.
  void sweep(SpawnId id, pid_t session, int signal);
  // Nobody waits for them any more.
  void forget(SpawnId id) { sessions_.erase(id); }
  // A child that is nobody's first process has been reaped: perhaps it was the last of some session.
  void look_again();
  // All sessions that are not empty.
  [[nodiscard]] std::vector<pid_t> sessions() const;

 private:
  struct Session;

  bool look(SpawnId id);  // true: it is empty, and told
  void go_on(SpawnId id);
  void watch(SpawnId id);

  boost::asio::io_context& io_;
  const Emptied emptied_;
  std::map<SpawnId, std::shared_ptr<Session>> sessions_;
};

}  // namespace procgraph
