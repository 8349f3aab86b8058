#include "supervise/notice.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace procgraph {
namespace {

constexpr std::size_t kLongest = 4096;  // bytes of a datagram; a longer one counts as nothing

std::optional<Duration> microseconds(std::string_view digits) {
  constexpr std::int64_t kMost = std::chrono::microseconds(std::chrono::years(10)).count();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 0) return {};
  return std::chrono::microseconds(std::min(number, kMost));
}

void take(Notice& notice, std::string_view key, std::string_view value) {
  if (key == "READY") notice.ready = value == "1";
  if (key == "WATCHDOG" && value == "1") notice.watchdog = true;
  if (key == "WATCHDOG" && value == "trigger") notice.trigger = true;
  if (key == "STATUS") notice.status = value;
  if (key == "EXTEND_TIMEOUT_USEC") notice.extend = microseconds(value);
}

std::string random_name() {
  std::array<std::uint64_t, 2> bits{};
  if (::getrandom(bits.data(), sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) return {};
  return fmt::format("procgraph/notify/{:016x}{:016x}", bits[0], bits[1]);
}

// Who sent it; what else came along is closed.
std::optional<ucred> sender_of(msghdr& message) {
  std::optional<ucred> sender;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      std::memcpy(&sender.emplace(), CMSG_DATA(part), sizeof(ucred));
    } else if (part->cmsg_type == SCM_RIGHTS) {
      for (std::size_t at = CMSG_LEN(0); at + sizeof(int) <= part->cmsg_len; at += sizeof(int)) {
        int fd = -1;
        std::memcpy(&fd, reinterpret_cast<const char*>(part) + at, sizeof fd);
        ::close(fd);
      }
    }
  }
  return sender;
}

}  // namespace

Notice parse_notice(std::string_view datagram) {
  Notice notice;
  while (!datagram.empty()) {
    const std::string_view line = datagram.substr(0, datagram.find('\n'));
    datagram.remove_prefix(std::min(datagram.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals != line.npos) take(notice, line.substr(0, equals), line.substr(equals + 1));
  }
  return notice;
}

Result<NoticeSocket> open_notice_socket() {
  const std::string name = random_name();
  if (name.empty()) return Error{"getrandom", errno};
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Error{"socket", errno};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return Error{"setsockopt", errno};
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return Error{"bind", errno};
  return NoticeSocket{std::move(fd), "@" + name};
}

std::optional<Notice> receive_notice(int fd) {
  std::array<char, kLongest> bytes;
  // Room for the sender and a few descriptors: of more than those the kernel keeps the rest.
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(4 * sizeof(int))> parts{};
  iovec buffer{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = parts.data();
  message.msg_controllen = parts.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return {};
  const std::optional<ucred> sender = sender_of(message);
  const bool ours = sender && (sender->uid == ::geteuid() || sender->uid == 0);
  if (!ours || (message.msg_flags & MSG_TRUNC) != 0) return Notice{};
  return parse_notice({bytes.data(), static_cast<std::size_t>(size)});
}

}  // namespace procgraph
