#include "procgraph/attach.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "attach.h"
#include "fd.h"
#include "procgraph/admin.h"

namespace procgraph::detail {
namespace {

[[noreturn]] void fail(const Environment& e, const std::string& why) {
  throw NotInGraph("process " + std::to_string(getpid()) + " is not the one that procgraph started as '" +
                   e.process + "' (" + std::to_string(e.pid) + "), and could not join it: " + why);
}

}  // namespace

std::uint16_t ask_for_number(const Environment& e) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (e.attach.size() < 2 || e.attach.size() > sizeof to.sun_path) fail(e, "PROCGRAPH_ATTACH is not set");
  std::memcpy(to.sun_path, e.attach.data(), e.attach.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + e.attach.size());
  const Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) fail(e, std::string("no descriptor to ask with: ") + std::strerror(errno));
  const auto* address = reinterpret_cast<const sockaddr*>(&to);
  if (retry([&] { return connect(socket.get(), address, size); }) != 0)
    fail(e, std::string("the runner does not answer: ") + std::strerror(errno));
  const AttachRequest request{.started = e.pid};
  AttachReply reply;
  const bool said = retry([&] { return send(socket.get(), &request, sizeof request, MSG_NOSIGNAL); }) ==
                    static_cast<ssize_t>(sizeof request);
  const bool heard = said && retry([&] { return recv(socket.get(), &reply, sizeof reply, 0); }) ==
                                 static_cast<ssize_t>(sizeof reply);
  if (!heard || reply.version != kAttachVersion) fail(e, "the runner does not answer");
  reply.refusal.back() = '\0';
  if (reply.participant == 0 || reply.participant > kMaxParticipants) fail(e, reply.refusal.data());
  return reply.participant;
}

}  // namespace procgraph::detail
