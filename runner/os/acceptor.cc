#include "os/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace procgraph {
namespace {

constexpr std::chrono::milliseconds kWithoutDescriptors{100};

}  // namespace

Acceptor::Acceptor(boost::asio::io_context& io, int listener, std::size_t at_a_time,
                   std::function<void(Fd)> take)
    : listener_(io, listener), later_(io), at_a_time_(at_a_time), take_(std::move(take)) {
  listen();
}

void Acceptor::listen() {
  listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](boost::system::error_code error) {
                         if (error) return;
                         if (accept_some()) return listen();
                         later_.expires_after(kWithoutDescriptors);
                         later_.async_wait([this](boost::system::error_code stopped) {
                           if (!stopped) listen();
                         });
                       });
}

bool Acceptor::accept_some() {
  for (std::size_t i = 0; i < at_a_time_; ++i) {
    Fd connection(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;
    take_(std::move(connection));
  }
  return true;
}

}  // namespace procgraph
