#include "supervise/outflow.h"

#include <sys/epoll.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "os/fd.h"

namespace procgraph {
namespace {

// Handed over and not written, within one turn of the loop.
constexpr std::size_t kEnough = 256 << 10;

}  // namespace

// Asio makes what it waits for non-blocking, and this description may be shared with the shell. So it waits
// for an epoll of ours that holds the descriptor.
struct Outflow::Room {
  Room(boost::asio::io_context& io, int fd) : ready(io, ::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{.events = EPOLLOUT, .data = {}};
    ::epoll_ctl(ready.native_handle(), EPOLL_CTL_ADD, fd, &event);
  }

  boost::asio::posix::stream_descriptor ready;
};

Outflow::Outflow(boost::asio::io_context& io, Reporter& reporter, Listener listener)
    : io_(io), reporter_(reporter), listener_(std::move(listener)) {}

Outflow::~Outflow() = default;

bool Outflow::waits() const {
  return rooms_[0] || rooms_[1];
}

void Outflow::soon() {
  if (reporter_.pending() >= kEnough) return now();
  if (std::exchange(soon_, true)) return;
  boost::asio::post(io_, [this] {
    soon_ = false;
    now();
  });
}

void Outflow::now() {
  const Flow flow = reporter_.pump();
  wait_for(LogStream::kOut, flow.out);
  wait_for(LogStream::kErr, flow.err);
  if (flow.lost != 0 && !std::exchange(lost_, true)) listener_.lost(flow.lost);
  if (!flow.waits()) listener_.empty();
}

void Outflow::wait_for(LogStream stream, int fd) {
  auto& room = rooms_[static_cast<std::size_t>(stream)];
  if (fd < 0) {
    if (room == nullptr) return;
    room.reset();
    return listener_.hold(stream, false);
  }
  if (room != nullptr) return;
  room = std::make_unique<Room>(io_, fd);
  listener_.hold(stream, true);
  room->ready.async_wait(boost::asio::posix::descriptor_base::wait_read,
                         [this, stream](boost::system::error_code error) {
                           if (error) return;
                           rooms_[static_cast<std::size_t>(stream)].reset();
                           now();
                           if (!rooms_[static_cast<std::size_t>(stream)]) listener_.hold(stream, false);
                         });
}

}  // namespace procgraph
