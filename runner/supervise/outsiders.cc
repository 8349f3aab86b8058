#include "supervise/outsiders.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "graph/channel_kind.h"
#include "os/process.h"
#include "supervise/wording.h"

namespace procgraph {
namespace {

constexpr std::size_t kMostSilent = 64;  // connections at a time that have asked for nothing

OutsideReply refused(const std::string& why, bool by_the_file = false) {
  OutsideReply reply;
  reply.no_such_port = by_the_file ? 1 : 0;
  why.copy(reply.refusal.data(), reply.refusal.size() - 1);
  return reply;
}

bool is_ready(int fd, short events) {
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, 0) == 1;
}

// A small packet, which a socket that has answered all before takes at once. False: it did not, and whoever
// waits for the answer is not to wait for ever.
bool send_with(int socket, const OutsideReply& reply,
               const std::array<int, kOutsideDescriptors>& descriptors = {}) {
  iovec data{const_cast<OutsideReply*>(&reply), sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (reply.participant != 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof descriptors);
    std::memcpy(CMSG_DATA(part), descriptors.data(), sizeof descriptors);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

std::string open_channels(const Graph& graph) {
  std::vector<std::string> words;
  for (const Channel& channel : graph.channels)
    if (channel.outside.any()) words.push_back(fmt::format("'{}' ({})", channel.name, from_outside(channel)));
  return join(words, ", ");
}

}  // namespace

Outsiders::Outsiders(boost::asio::io_context& io, const Plan& plan, const Opened& opened, Numbers& numbers,
                     std::shared_ptr<const Door> door, Hears hears)
    : io_(io),
      plan_(plan),
      opened_(opened),
      numbers_(numbers),
      hears_(std::move(hears)),
      door_(std::move(door)),
      acceptor_(io, ::fcntl(door_->fd(), F_DUPFD_CLOEXEC, 0), kMostSilent,
                [this](Fd connection) { let_in(std::move(connection)); }) {}

// Whose process it is the kernel says, as of when it connected. Still connected after its pidfd was opened:
// so the pid was its own then.
void Outsiders::let_in(Fd connection) {
  Result<Peer> peer = open_peer(connection.get());
  if (!peer) {
    (void)send_with(connection.get(), refused("procgraph cannot watch this program: " + peer.error().text()));
    return;
  }
  if (peer->user != ::geteuid()) return;
  if (is_ready(connection.get(), POLLRDHUP)) return;
  const auto silent = [](const GuestPointer& guest) { return guest->number == 0; };
  if (std::ranges::count_if(guests_, silent) >= static_cast<std::ptrdiff_t>(kMostSilent)) {
    const GuestPointer longest = *std::ranges::find_if(guests_, silent);
    leave(longest);
  }
  GuestPointer guest;
  try {
    guest = std::make_shared<Guest>(io_, std::move(connection), std::move(peer->pidfd), peer->pid);
  } catch (const boost::system::system_error&) {
    return;  // the kernel watches no more of them; this one sees that it is let go
  }
  guests_.push_back(guest);
  hear(guest);
  watch(guest);
}

void Outsiders::hear(const GuestPointer& guest) {
  guest->line.async_wait(Stream::wait_read, [this, guest](boost::system::error_code error) {
    if (error || guest->gone) return;
    if (is_ready(guest->line.native_handle(), POLLRDHUP)) return leave(guest);
    if (is_ready(guest->line.native_handle(), POLLIN)) answer(guest);
    if (!guest->gone) hear(guest);
  });
}

// A process that another one has inherited the connection from may be dead while it is open.
void Outsiders::watch(const GuestPointer& guest) {
  guest->pidfd.async_wait(Stream::wait_read, [this, guest](boost::system::error_code error) {
    if (error || guest->gone) return;
    if (is_ready(guest->pidfd.native_handle(), POLLIN)) return leave(guest);
    watch(guest);
  });
}

void Outsiders::answer(const GuestPointer& guest) {
  OutsideRequest request;
  const int line = guest->line.native_handle();
  const ssize_t got = ::recv(line, &request, sizeof request, MSG_DONTWAIT);
  if (got < 0) return;
  request.channel.back() = '\0';
  OutsideReply reply;
  if (got != static_cast<ssize_t>(sizeof request)) {
    reply = refused("this is no request");
  } else if (request.version != kAttachVersion) {
    reply = refused("its SDK and procgraph are not of the same version");
  } else {
    reply = admit(*guest, request);
  }
  std::array<int, kOutsideDescriptors> descriptors{};
  if (reply.participant != 0) {
    const auto channel = std::ranges::find(plan_.graph.channels, request.channel.data(), &Channel::name);
    const Opened::Shared shared = opened_.shared(channel->id);
    descriptors = {shared.roster, shared.control, request.writes != 0 ? shared.writable : shared.readable};
  }
  if (!send_with(line, reply, descriptors)) leave(guest);
}

OutsideReply Outsiders::admit(Guest& guest, const OutsideRequest& request) {
  const auto channel = std::ranges::find(plan_.graph.channels, request.channel.data(), &Channel::name);
  if (channel == plan_.graph.channels.end()) return refuse_unknown(request.channel.data());
  const std::string what = title(plan_.graph, *channel);
  const bool writes = request.writes != 0;
  const char* verb = writes ? "written" : "read";
  if (!channel->outside.any())
    return refused(
        fmt::format("{} is not open to programs outside the graph: give it 'external: {}'; those that "
                    "are: {}",
                    what, writes ? "write" : "read", open_channels(plan_.graph)),
        true);
  if (writes ? !channel->outside.writes : !channel->outside.reads)
    return refused(fmt::format("{} is only {}, it is not {} from there: 'external: both' allows both", what,
                               from_outside(*channel), verb),
                   true);
  if (!guest.channels.contains(channel->id) && users(channel->id) >= channel->outside.places)
    bury(channel->id);
  if (!guest.channels.contains(channel->id) && users(channel->id) >= channel->outside.places)
    return refused(
        fmt::format("{} has places for {} at a time, and they are taken: raise its 'spare'", what,
                    count(channel->outside.places, "process from outside", "processes from outside")));
  if (guest.number == 0 && !numbers_.any())
    return refused(
        fmt::format("a graph has at most {} processes that use queues, topics and areas", kMaxParticipants));
  if (guest.number == 0) {
    guest.number = numbers_.take();
    hears_.came(guest.number, guest.pid);
  }
  guest.channels.insert(channel->id);
  OutsideReply reply;
  reply.participant = guest.number;
  reply.topic = channel->kind->to_each ? 1 : 0;
  if (!writes && channel->kind->open_place != nullptr) reply.reader = open_place(guest, *channel);
  return reply;
}

OutsideReply Outsiders::refuse_unknown(const std::string& name) const {
  std::vector<std::string> names;
  for (const Channel& channel : plan_.graph.channels)
    if (!channel.anonymous) names.push_back(channel.name);
  const std::string near = did_you_mean(name, names);
  return refused(fmt::format("graph '{}' has no channel '{}'; {}", plan_.graph.name, escape(name),
                             near.empty() ? "open to programs outside: " + open_channels(plan_.graph) : near),
                 true);
}

// Its own, where it asks again; else a free one: there is one for everybody who has a place at the channel.
std::uint32_t Outsiders::open_place(Guest& guest, const Channel& channel) {
  if (const auto own = guest.places.find(channel.id); own != guest.places.end())
    return static_cast<std::uint32_t>(channel.places.size()) + own->second;
  const auto taken = [&](std::uint32_t place) {
    return std::ranges::any_of(guests_, [&](const GuestPointer& other) {
      const auto found = other->places.find(channel.id);
      return found != other->places.end() && found->second == place;
    });
  };
  std::uint32_t place = 0;
  while (taken(place)) ++place;
  guest.places[channel.id] = place;
  return channel.kind->open_place(opened_.live(channel.id), place, guest.number);
}

// Tells of those of the channel that are dead by now, before the kernel's word on them has come round.
void Outsiders::bury(ChannelId channel) {
  const std::list<GuestPointer> guests = guests_;
  for (const GuestPointer& guest : guests) {
    const bool dead =
        is_ready(guest->pidfd.native_handle(), POLLIN) || is_ready(guest->line.native_handle(), POLLRDHUP);
    if (guest->channels.contains(channel) && dead) leave(guest);
  }
}

std::size_t Outsiders::users(ChannelId channel) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      guests_, [&](const GuestPointer& guest) { return guest->channels.contains(channel); }));
}

void Outsiders::leave(const GuestPointer& guest) {
  guest->gone = true;
  guests_.remove(guest);
  boost::system::error_code ignored;
  guest->line.close(ignored);
  guest->pidfd.close(ignored);
  if (guest->number == 0) return;
  hears_.gone(guest->number, guest->channels);
  for (const auto& [channel, place] : guest->places)
    plan_.graph.at(channel).kind->empty_place(opened_.live(channel), place);
  numbers_.give_back(guest->number);
}

}  // namespace procgraph
