#include "supervise/bell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <utility>

#include "procgraph/admin.h"

namespace procgraph {
namespace {

int open_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

// Signals are the main thread's.
template <class Body>
std::thread thread_without_signals(Body body) {
  sigset_t all{}, before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Bell::Bell(boost::asio::io_context& io, std::span<std::byte> roster, std::function<void()> on_ring)
    : roster_(roster), on_ring_(std::move(on_ring)), rung_(io, open_event()) {
  listen();
  sleeper_ = thread_without_signals([this] { sleep(); });
}

Bell::~Bell() {
  over_ = true;
  ring(roster_);
  sleeper_.join();
}

void Bell::listen() {
  rung_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    std::uint64_t count = 0;
    static_cast<void>(!::read(rung_.native_handle(), &count, sizeof count));
    on_ring_();
    listen();
  });
}

void Bell::sleep() {
  std::uint32_t seen = 0;  // what was rung before we came is heard too
  while (!over_) {
    const std::uint32_t now = rings(roster_);
    if (now == seen) {
      wait_for_rings(roster_, seen);
      continue;
    }
    seen = now;
    const std::uint64_t one = 1;
    static_cast<void>(!::write(rung_.native_handle(), &one, sizeof one));
  }
}

}  // namespace procgraph
