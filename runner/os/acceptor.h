// Acceptor: takes what connects to a listening socket, some at a time, so that others are heard too. Where no
// descriptor is free it looks again a moment later: the socket is readable all the while.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>

#include "os/fd.h"

namespace procgraph {

class Acceptor {
 public:
  // `listener` does not block, and is ours from now on, as long as we live. Connections do not block, either.
  Acceptor(boost::asio::io_context& io, int listener, std::size_t at_a_time, std::function<void(Fd)> take);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  void listen();
  // False: no descriptor is free.
  [[nodiscard]] bool accept_some();

  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer later_;
  const std::size_t at_a_time_;
  const std::function<void(Fd)> take_;
};

}  // namespace procgraph
