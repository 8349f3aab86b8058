#include "supervise/bell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/quiet_thread.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

int open_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

Bell::Bell(boost::asio::io_context& io, std::span<std::byte> roster, std::function<void()> on_ring)
    : roster_(roster), on_ring_(std::move(on_ring)), rung_(io, open_event()) {
  listen();
  Result<std::thread> thread = quiet_thread("that hears the channels' doorbell", [this] { sleep(); });
  if (!thread) throw std::runtime_error(thread.error().text());
  sleeper_ = std::move(*thread);
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
