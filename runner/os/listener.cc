// Listening sockets.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "os/objects.h"

namespace procgraph {
namespace {

// An address as the kernel takes it.
struct Raw {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
  [[nodiscard]] int family() const { return bytes.ss_family; }
};

Raw raw(const SocketAddress& address) {
  Raw raw;
  if (address.family == SocketAddress::Family::kUnix) {
    auto* path = reinterpret_cast<sockaddr_un*>(&raw.bytes);
    path->sun_family = AF_UNIX;
    address.path.copy(path->sun_path, kLongestSocketPath);
    raw.size = sizeof *path;
  } else if (auto* four = reinterpret_cast<sockaddr_in*>(&raw.bytes);
             ::inet_pton(AF_INET, address.host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(address.port);
    raw.size = sizeof *four;
  } else {
    auto* six = reinterpret_cast<sockaddr_in6*>(&raw.bytes);
    ::inet_pton(AF_INET6, address.host.c_str(), &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(address.port);
    raw.size = sizeof *six;
  }
  return raw;
}

bool is_socket(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode);
}

bool is_of_another_user(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 && facts.st_uid != ::geteuid();
}

// A socket's file stays when its owner is killed; then a connection is refused.
bool is_left_over(const SocketAddress& address) {
  if (!is_socket(address.path) || is_of_another_user(address.path)) return false;
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Raw where = raw(address);
  return probe && ::connect(probe.get(), where.get(), where.size) != 0 && errno == ECONNREFUSED;
}

std::string_view hint_for(int code, const SocketAddress& address) {
  const bool tcp = address.family == SocketAddress::Family::kTcp;
  if (code == EADDRINUSE && tcp) return " (`ss -ltnp` shows who listens there)";
  if (code == EADDRINUSE && is_of_another_user(address.path))
    return " (what is there belongs to another user)";
  if (code == EADDRINUSE && is_socket(address.path)) return " (somebody listens there)";
  if (code == EADDRINUSE) return " (a file that is no socket is there)";
  if (code == ENOENT) return " (its folder does not exist)";
  if (code == ENOTDIR) return " (its folder is none)";
  if (code == EADDRNOTAVAIL) return " (it is no address of this machine)";
  if (code == EACCES && tcp) return " (ports below net.ipv4.ip_unprivileged_port_start need privileges)";
  return "";
}

int bind_to(Kernel& kernel, int fd, const SocketAddress& address) {
  Raw where = raw(address);
  if (kernel.bind(fd, where.get(), where.size) == 0) return 0;
  if (errno != EADDRINUSE) return -1;
  if (!is_left_over(address) || ::unlink(address.path.c_str()) != 0) {
    errno = EADDRINUSE;
    return -1;
  }
  return kernel.bind(fd, where.get(), where.size);
}

std::uint16_t port_of(int fd) {
  Raw where;
  where.size = sizeof where.bytes;
  if (::getsockname(fd, where.get(), &where.size) != 0) return 0;
  return ntohs(where.family() == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&where.bytes)->sin6_port
                                          : reinterpret_cast<sockaddr_in*>(&where.bytes)->sin_port);
}

}  // namespace

Result<Fd> open_listener(Kernel& kernel, const std::string& name, SocketAddress& address) {
  const bool tcp = address.family == SocketAddress::Family::kTcp;
  const auto refused = [&](std::string_view call) {
    const int code = errno;
    return Error{
        fmt::format("{} of socket '{}' at {}{}", call, name, format(address), hint_for(code, address)), code};
  };
  Fd fd(kernel.socket(raw(address).family(), SOCK_STREAM | SOCK_CLOEXEC));
  if (!fd) return refused("socket");
  // Without it a port would rest for a minute after a run.
  const int on = 1;
  if (tcp) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind_to(kernel, fd.get(), address) != 0) return refused("bind");
  if (kernel.listen(fd.get(), SOMAXCONN) != 0) {
    const Error error = refused("listen");
    if (!tcp) ::unlink(address.path.c_str());
    return error;
  }
  if (tcp) address.port = port_of(fd.get());
  return fd;
}

bool is_of_address(const Error& refused) {
  return refused.code == EADDRINUSE || refused.code == EADDRNOTAVAIL ||
         refused.what.starts_with("bind of socket ");
}

}  // namespace procgraph
