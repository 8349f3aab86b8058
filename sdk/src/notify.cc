#include "notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "fd.h"
#include "procgraph/errors.h"

namespace procgraph::detail {

void notify(std::string_view address, std::string_view message) {
  const auto fail = [&](int code) {
    throw Failure("NOTIFY_SOCKET '" + std::string(address) + "': " + std::strerror(code));
  };
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address.size() < 2 || address.size() > sizeof to.sun_path) fail(EINVAL);
  address.copy(to.sun_path, sizeof to.sun_path);
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) fail(errno);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const auto* name = reinterpret_cast<const sockaddr*>(&to);
  const auto sent =
      retry([&] { return sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL, name, size); });
  if (sent < 0 && errno != ECONNREFUSED && errno != ENOENT) fail(errno);
}

}  // namespace procgraph::detail
