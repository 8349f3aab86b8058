#include "os/keeper.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace procgraph {

Result<Keeper> Keeper::open() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return Error{"socketpair", errno};
  return Keeper(Fd(ends[0]), Fd(ends[1]));
}

Result<void> Keeper::keep(int fd) const {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
  if (::sendmsg(sends_.get(), &message, MSG_NOSIGNAL) != 1) return Error{"sendmsg to the guard", errno};
  return {};
}

}  // namespace procgraph
