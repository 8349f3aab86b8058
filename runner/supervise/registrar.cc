#include "supervise/registrar.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "os/process.h"
#include "procgraph/admin.h"
#include "supervise/wording.h"

namespace procgraph {
namespace {

// For this many the channels have blocks beside those of the processes that the file names.
constexpr std::uint32_t kPlaces = 8;
constexpr std::size_t kMostConnections = 64;  // at a time, of those that have not said what they want

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

// A bind without a name lets the kernel choose one in the abstract space: nothing of it stays in the file
// system, and it is gone with us.
int open_listener(std::string& address) {
  Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) fail("socket");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof(sa_family_t)) != 0) fail("bind");
  socklen_t size = sizeof name;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) fail("getsockname");
  if (::listen(fd.get(), SOMAXCONN) != 0) fail("listen");
  address.assign(name.sun_path, size - offsetof(sockaddr_un, sun_path));
  address[0] = '@';
  return fd.release();
}

AttachReply rejected(const std::string& why) {
  AttachReply reply;
  why.copy(reply.refusal.data(), reply.refusal.size() - 1);
  return reply;
}

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace

Registrar::Registrar(boost::asio::io_context& io, const Plan& plan, Numbers& numbers, Hears hears)
    : io_(io),
      plan_(plan),
      numbers_(numbers),
      hears_(std::move(hears)),
      busy_(plan.graph.channels.size()),
      acceptor_(io, open_listener(address_), kMostConnections,
                [this](Fd connection) { take(std::move(connection)); }) {}

void Registrar::take(Fd connection) {
  if (connections_.size() >= kMostConnections) {  // whoever is silent the longest
    connections_.front()->close();
    connections_.pop_front();
  }
  connections_.push_back(std::make_shared<Stream>(io_, connection.release()));
  hear(connections_.back());
}

void Registrar::hear(const std::shared_ptr<Stream>& connection) {
  connection->async_wait(Stream::wait_read, [this, connection](boost::system::error_code error) {
    if (error || !connection->is_open()) return;
    if (!is_readable(connection->native_handle())) return hear(connection);
    const AttachReply reply = answer(connection->native_handle());
    static_cast<void>(
        !::send(connection->native_handle(), &reply, sizeof reply, MSG_NOSIGNAL | MSG_DONTWAIT));
    connections_.remove(connection);
  });
}

AttachReply Registrar::answer(int connection) {
  AttachRequest request;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::recv(connection, &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request))
    return rejected("this is no request");
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return rejected(Error{"SO_PEERCRED", errno}.text());
  if (peer.uid != ::geteuid() && peer.uid != 0) return rejected("it belongs to another user");
  if (request.version != kAttachVersion) return rejected("its SDK and procgraph are not of the same version");
  auto pidfd = open_pidfd(peer.pid);
  // Still connected after that: so the pid was its own when we asked for it.
  char byte = 0;
  const bool there = ::recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
  if (!pidfd) return rejected(pidfd.error().text());
  if (!there) return rejected("it is gone");
  const SpawnId spawn = hears_.spawn_of(request.started);
  if (!spawn.valid()) return rejected("that process, and all that it had started, have ended");
  return admit(spawn, peer.pid, std::move(*pidfd));
}

AttachReply Registrar::admit(SpawnId spawn, pid_t pid, Fd pidfd) {
  bury(spawn);
  if (const std::string why = refusal(spawn); !why.empty()) return rejected(why);
  const std::uint16_t number = numbers_.take();
  for (const PortId port : plan_.graph.at(plan_.at(spawn).process).ports)
    ++busy_[plan_.graph.at(port).channel.value];
  const std::uint64_t turn = turns_++;
  Guest& guest = guests_.emplace(number, Guest{spawn, Stream(io_, pidfd.release()), turn}).first->second;
  watch(number, guest);
  hears_.came(spawn, number, pid);
  AttachReply reply;
  reply.participant = number;
  return reply;
}

// A wait may end for nothing: an event of a descriptor that was closed just now can be taken for one of the
// next that has its number.
void Registrar::watch(std::uint16_t number, Guest& guest) {
  guest.pidfd.async_wait(Stream::wait_read,
                         [this, number, turn = guest.turn](boost::system::error_code error) {
                           const auto found = guests_.find(number);
                           if (error || found == guests_.end() || found->second.turn != turn) return;
                           if (!is_readable(found->second.pidfd.native_handle()))
                             return watch(number, found->second);
                           leave(number);
                         });
}

std::string Registrar::refusal(SpawnId spawn) const {
  if (!numbers_.any())
    return fmt::format("a graph has at most {} processes that use queues, topics and areas",
                       kMaxParticipants);
  for (const PortId port : plan_.graph.at(plan_.at(spawn).process).ports) {
    const Channel& channel = plan_.graph.at(plan_.graph.at(port).channel);
    if (busy_[channel.id.value] < kPlaces) continue;
    return fmt::format(
        "{} has room for {} processes at a time beside those that the file names, and has them",
        title(plan_.graph, channel), kPlaces);
  }
  return {};
}

void Registrar::leave(std::uint16_t number) {
  const SpawnId spawn = guests_.at(number).spawn;
  guests_.erase(number);
  for (const PortId port : plan_.graph.at(plan_.at(spawn).process).ports)
    --busy_[plan_.graph.at(port).channel.value];
  hears_.gone(spawn, number);
  numbers_.give_back(number);
}

void Registrar::bury(SpawnId id) {
  std::vector<std::uint16_t> dead;
  for (auto& [number, guest] : guests_)
    if (guest.spawn == id && is_readable(guest.pidfd.native_handle())) dead.push_back(number);
  for (const std::uint16_t number : dead) leave(number);
}

void Registrar::for_each_of(SpawnId id, const std::function<void(std::uint16_t)>& visit) const {
  for (const auto& [number, guest] : guests_)
    if (guest.spawn == id) visit(number);
}

}  // namespace procgraph
