// Bell: turns the roster's doorbell, a word on which one can only sleep, into an event of the loop. A thread
// of its own sleeps there and does nothing else; it wakes only when a node rings.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <functional>
#include <span>
#include <thread>

namespace procgraph {

class Bell {
 public:
  // Calls on_ring from the loop, once for any number of rings since the last time. The roster outlives it.
  // Throws std::runtime_error, where the machine has no thread or descriptor left.
  Bell(boost::asio::io_context& io, std::span<std::byte> roster, std::function<void()> on_ring);
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell();

 private:
  void listen();
  void sleep();

  std::span<std::byte> roster_;
  std::function<void()> on_ring_;
  boost::asio::posix::stream_descriptor rung_;  // an eventfd
  std::atomic<bool> over_ = false;
  std::thread sleeper_;
};

}  // namespace procgraph
