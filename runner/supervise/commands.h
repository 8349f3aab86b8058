// Commands: probes that are processes of their own, each in a session of its own, which is killed when its
// first process has ended or is given up. Knows which children are its; what it says of them, nobody hears.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <unordered_map>
#include <vector>

#include "os/family.h"
#include "os/process.h"
#include "os/spawn.h"
#include "supervise/attempt.h"

namespace procgraph {

class Commands {
 public:
  explicit Commands(boost::asio::io_context& io) : io_(io) {}
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  // Kills what still runs, and waits for it a moment.
  ~Commands();

  // Blocks until exec has happened or failed.
  [[nodiscard]] std::shared_ptr<Attempt> run(const SpawnRequest& request, Attempt::Done done);
  // True if it was one of its children that changed.
  bool take(const ChildChange& change);
  [[nodiscard]] bool is_one(pid_t pid) const { return running_.contains(pid); }
  [[nodiscard]] std::vector<Family> families() const;

 private:
  class Command;

  boost::asio::io_context& io_;
  std::unordered_map<pid_t, std::shared_ptr<Command>> running_;  // until they are reaped
};

}  // namespace procgraph
