#include "os/service_manager.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace procgraph {
namespace {

constexpr std::size_t kLongest = 4096;  // bytes of a message

std::optional<std::int64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return {};
  const std::string_view digits = text;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number <= 0) return {};
  return number;
}

// One that is meant for another process is none.
std::optional<Duration> asked_watchdog() {
  const auto microseconds = number_in("WATCHDOG_USEC");
  const bool ours = std::getenv("WATCHDOG_PID") == nullptr || number_in("WATCHDOG_PID") == ::getpid();
  if (!microseconds || !ours) return {};
  constexpr std::int64_t kMost = std::chrono::microseconds(std::chrono::years(10)).count();
  return std::chrono::microseconds(std::min(*microseconds, kMost));
}

// "/run/systemd/notify", or "@name" in the abstract space.
bool parse(std::string_view text, sockaddr_un& address, socklen_t& size) {
  if (text.size() < 2 || (text[0] != '/' && text[0] != '@') || text.size() >= sizeof address.sun_path)
    return false;
  address.sun_family = AF_UNIX;
  text.copy(address.sun_path, text.size());
  if (text[0] == '@') address.sun_path[0] = '\0';
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  return true;
}

// A manager that is busy, at the start of a machine for instance, is waited for, but not for ever.
bool has_patience(const Fd& fd) {
  const timeval longest{.tv_sec = 1, .tv_usec = 0};
  return ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest) == 0;
}

bool signals_us(const Fd& fd) {
  return ::fcntl(fd.get(), F_SETOWN, ::getpid()) == 0 &&
         ::fcntl(fd.get(), F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
}

}  // namespace

void ManagerLine::say(std::string_view lines) const {
  if (fd)
    (void)!::send(fd.get(), lines.data(), std::min(lines.size(), kLongest), MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::optional<ManagerRelay> ManagerRelay::open(ManagerLine& line) {
  ManagerRelay relay;
  const char* where = std::getenv("NOTIFY_SOCKET");
  if (where == nullptr || !parse(where, relay.address_, relay.size_)) return {};
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return {};
  relay.from_runner_ = Fd(ends[0]);
  Fd to_guard(ends[1]);
  relay.to_manager_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!relay.to_manager_ || !has_patience(relay.to_manager_) || !signals_us(relay.from_runner_)) return {};
  line = {std::move(to_guard), asked_watchdog()};
  return relay;
}

// A manager that is gone, or is being replaced, loses what was said meanwhile.
void ManagerRelay::pass_on() const {
  std::array<char, kLongest> lines;
  for (;;) {
    const ssize_t size = ::recv(from_runner_.get(), lines.data(), lines.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    (void)!::sendto(to_manager_.get(), lines.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address_), size_);
  }
}

}  // namespace procgraph
