// Outflow: lets the reporter write once per turn of the loop, and waits for room where a reader is slow.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <optional>

#include "report/reporter.h"

namespace procgraph {

class Outflow {
 public:
  struct Listener {
    std::function<void(LogStream, bool held)> hold;  // read no more for it; again
    std::function<void(int error)> lost;             // stdout, once
    std::function<void()> empty;                     // everything has been written
  };

  Outflow(boost::asio::io_context& io, Reporter& reporter, Listener listener);
  Outflow(const Outflow&) = delete;
  Outflow& operator=(const Outflow&) = delete;
  ~Outflow();

  void soon();
  void now();
  [[nodiscard]] bool waits() const;

 private:
  struct Room;

  void wait_for(LogStream stream, int fd);

  boost::asio::io_context& io_;
  Reporter& reporter_;
  const Listener listener_;
  std::array<std::unique_ptr<Room>, 2> rooms_;  // by stream: null while nothing waits
  bool soon_ = false;
  bool lost_ = false;
};

}  // namespace procgraph
