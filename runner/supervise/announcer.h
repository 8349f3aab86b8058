// Announcer: what a run tells the service manager that has started it (sd_notify(3)): that it is ready, what
// it does, that it stops, and that its loop goes round.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <string>

#include "os/service_manager.h"
#include "supervise/situation.h"

namespace procgraph {

class Announcer {
 public:
  // `line` outlives it.
  Announcer(boost::asio::io_context& io, const ManagerLine& line, std::size_t spawns);

  // Something has happened. Ready is a run of which every process either is, or has been, ready, or is over.
  void look(const Situation& situation);
  // One line; of a text of several the first.
  void status(const std::string& text) const;
  void stopping(const std::string& text);
  void over();

 private:
  void keep_alive();

  const ManagerLine& line_;
  boost::asio::steady_timer timer_;
  std::size_t ready_ = 0;  // spawns, from the first one on
  bool told_ready_ = false, told_stopping_ = false;
};

}  // namespace procgraph
