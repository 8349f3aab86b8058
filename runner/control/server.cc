#include "control/server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.h"

namespace procgraph {
namespace {

constexpr std::size_t kAtATime = 16U << 10U;  // bytes of a client
constexpr std::size_t kPiece = 64U << 10U;    // bytes for a follower
constexpr std::size_t kWaiting = 16;          // requests of a client that are answered at the end
constexpr std::size_t kLook = 4096;           // records of the journal, for one follower
constexpr std::uint64_t kEver = 1ULL << 40U;  // milliseconds

// The user's own, or root's, who may do anything with them anyway.
bool is_welcome(int connection) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  return who.uid == ::geteuid() || who.uid == 0;
}

// Stands in the journal before the record that it wants next.
struct Follower {
  std::uint64_t next = 0;
  std::optional<std::uint64_t> until{};  // then it has all that it wanted
  std::array<bool, 3> kinds{};
  std::set<std::string> processes{};  // none: all

  [[nodiscard]] bool wants(const Journal::Record& record) const {
    return kinds[static_cast<std::size_t>(record.kind)] &&
           (processes.empty() || processes.contains(std::string(record.process)));
  }
};

template <class T>
const Problem* wrong(const Param<T>& param) {
  return std::get_if<Problem>(&param);
}

}  // namespace

struct Server::Client {
  Client(boost::asio::io_context& io, Fd connection) : line(io, connection.release()) {}

  [[nodiscard]] bool has_unsent() const { return sent < out.size(); }
  [[nodiscard]] bool idle() const { return !asked && !follower && waiting.empty(); }

  boost::asio::posix::stream_descriptor line;
  LineInbox in;
  std::string out;
  std::size_t sent = 0;  // bytes of it
  std::optional<Follower> follower;
  std::vector<Json> waiting;  // ids of requests that are answered at the end
  bool asked = false;         // a request of it has been understood
  bool closing = false;       // once all is sent
  bool hears = false, waits_for_room = false, later = false;
  bool gone = false;
};

Server::Server(boost::asio::io_context& io, int listener, Journal& journal, Table table, std::size_t most)
    : io_(io),
      journal_(journal),
      table_(std::move(table)),
      most_(most),
      acceptor_(io, listener, kMostClients, [this](Fd connection) { let_in(std::move(connection)); }) {
  journal_.on_record([this] { wake(); });
}

Server::~Server() {
  journal_.on_record({});
}

// Where it is crowded the one goes that has been there longest and has said nothing.
void Server::let_in(Fd connection) {
  if (!is_welcome(connection.get())) return;
  if (clients_.size() >= most_) {
    const auto silent = std::ranges::find_if(clients_, [](const ClientPointer& one) { return one->idle(); });
    if (silent == clients_.end()) {
      const std::string line = answer_line(
          nullptr,
          Problem{.code = Code::kCrowded, .message = fmt::format("{} clients are connected already", most_)});
      (void)!::send(connection.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      return;
    }
    const ClientPointer longest = *silent;
    leave(longest);
  }
  try {
    clients_.push_back(std::make_shared<Client>(io_, std::move(connection)));
  } catch (const boost::system::system_error&) {
    return;  // the kernel watches no more of them; this one sees that it is let go
  }
  hear(clients_.back());
}

void Server::hear(const ClientPointer& client) {
  if (std::exchange(client->hears, true)) return;
  client->line.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [this, client](boost::system::error_code error) {
                            client->hears = false;
                            if (error || client->gone) return;
                            if (client->has_unsent()) return;  // it is heard again when it has read
                            if (!take_bytes(*client)) return leave(client);
                            work(client);
                          });
}

// False: it has hung up.
bool Server::take_bytes(Client& client) {
  std::array<char, kAtATime> bytes;
  const ssize_t got = ::recv(client.line.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  client.in.add({bytes.data(), static_cast<std::size_t>(got)});
  return got > 0;
}

// One of its requests, so that a client of many holds nobody up; then what it follows.
void Server::work(const ClientPointer& client) {
  if (!client->closing && !client->has_unsent()) {
    bool more = true;
    if (client->in.overflows()) {
      refuse(*client, {.code = Code::kNoRequest,
                       .message = fmt::format("a request has at most {} bytes", kLongestRequest)});
    } else if (const auto line = client->in.next()) {
      obey(*client, *line);
    } else {
      more = false;
    }
    if (!send(*client)) return leave(client);
    if (more) later(client);
  }
  while (client->follower && !client->closing && !client->has_unsent()) {
    const std::uint64_t before = client->follower->next;
    read_journal(*client);
    if (!client->has_unsent() && client->follower && client->follower->next != before) {
      wake();  // others are heard, too, before it looks at the rest
      break;
    }
    if (!client->has_unsent()) break;
    if (!send(*client)) return leave(client);
  }
  if (client->has_unsent()) return wait_for_room(client);
  if (client->closing) return leave(client);
  if (!client->later) hear(client);
}

void Server::later(const ClientPointer& client) {
  if (std::exchange(client->later, true)) return;
  boost::asio::post(io_, [this, client] {
    client->later = false;
    if (!client->gone) work(client);
  });
}

void Server::obey(Client& client, const std::string& line) {
  if (line.empty()) return;
  const auto parsed = parse_request(line);
  if (const auto* problem = std::get_if<Problem>(&parsed)) return refuse(client, *problem);
  const auto& request = std::get<Request>(parsed);
  client.asked = true;
  if (request.method == "wait" && !outcome_ && client.waiting.size() < kWaiting)
    return client.waiting.push_back(request.id);
  client.out += answer_line(request.id, answer(client, request));
}

// Who knows so little of the protocol is not listened to any longer.
void Server::refuse(Client& client, const Problem& problem) {
  client.out += answer_line(problem.id, problem);
  client.closing = true;
}

Answer Server::answer(Client& client, const Request& request) {
  if (request.method == "wait" && outcome_) return *outcome_;
  if (request.method == "wait") return Problem{.message = "this connection waits already"};
  if (request.method == "follow") return follow(client, request.params);
  const auto method = std::ranges::find(table_.methods, request.method, &Method::name);
  if (method != table_.methods.end()) return method->call(request.params);
  return Problem{.code = Code::kNoMethod,
                 .message = fmt::format("there is no method '{}'", escape(request.method).substr(0, 80))};
}

Answer Server::follow(Client& client, const Json& params) {
  if (client.follower) return Problem{.message = "this connection follows already"};
  if (auto unknown = unknown_param(params, {"kinds", "processes", "from", "last", "since_ms", "live"}))
    return *unknown;
  const auto kinds = list_param(params, "kinds"), processes = list_param(params, "processes");
  const auto from = number_param(params, "from"), last = number_param(params, "last"),
             since = number_param(params, "since_ms");
  const auto live = flag_param(params, "live");
  for (const Problem* problem :
       {wrong(kinds), wrong(processes), wrong(from), wrong(last), wrong(since), wrong(live)})
    if (problem != nullptr) return *problem;

  constexpr std::array<std::string_view, 3> kKinds{"lines", "words", "events"};
  Follower follower;
  if (const auto& wanted = std::get<0>(kinds)) {
    for (const std::string& kind : *wanted) {
      const auto found = std::ranges::find(kKinds, kind);
      if (found == kKinds.end())
        return Problem{.code = Code::kBadParams,
                       .message = fmt::format("'{}' is none of: lines, words, events", escape(kind))};
      follower.kinds[static_cast<std::size_t>(found - kKinds.begin())] = true;
    }
  } else {
    follower.kinds = {true, true, true};
  }
  if (const auto& names = std::get<0>(processes); names && !names->empty()) {
    auto labels = table_.labels(*names);
    if (const auto* problem = std::get_if<Problem>(&labels)) return *problem;
    follower.processes = std::move(std::get<0>(labels));
  }
  follower.next = std::get<0>(from).value_or(journal_.first());
  if (follower.next > journal_.end())
    return Problem{.code = Code::kBadParams,
                   .message = fmt::format("the next record is number {}", journal_.end())};
  if (const auto& age = std::get<0>(since)) {
    const auto now = std::chrono::steady_clock::now();
    follower.next = std::max(follower.next, journal_.first());
    while (follower.next < journal_.end() &&
           now - journal_.at(follower.next).at > std::chrono::milliseconds(std::min(*age, kEver)))
      ++follower.next;
  }
  if (const auto& most = std::get<0>(last)) {
    std::uint64_t place = journal_.end();
    for (std::uint64_t left = *most; left > 0 && place > std::max(follower.next, journal_.first());)
      left -= follower.wants(journal_.at(--place)) ? 1 : 0;
    follower.next = std::max(follower.next, place);
  }
  if (!std::get<0>(live).value_or(true)) follower.until = journal_.end();
  client.follower = follower;
  return Json{{"next", follower.next}, {"end", journal_.end()}};
}

// A piece of what it has not seen; nothing: there is no more, or it has looked at enough for once.
void Server::read_journal(Client& client) const {
  Follower& follower = *client.follower;
  if (follower.next < journal_.first()) {
    client.out += notice_line("missed", {{"count", journal_.first() - follower.next}});
    follower.next = journal_.first();
  }
  const std::uint64_t end = std::min(follower.until.value_or(journal_.end()), journal_.end());
  for (std::size_t i = 0; i < kLook && follower.next < end && client.out.size() < kPiece; ++i) {
    const std::uint64_t sequence = follower.next++;
    const Journal::Record& record = journal_.at(sequence);
    if (!follower.wants(record)) continue;
    client.out += fmt::format(R"({{"jsonrpc":"2.0","method":"record","params":{{"sequence":{},)", sequence);
    const std::string json = record.json();
    client.out.append(json, 1, json.size() - 2);  // without its brace and its newline
    client.out += "}\n";
  }
  if (follower.until && follower.next >= *follower.until) {
    client.out += notice_line("end", {{"next", follower.next}});
    client.follower.reset();
  } else if (outcome_ && follower.next == journal_.end()) {
    client.out += notice_line("end", {{"next", follower.next}, {"outcome", *outcome_}});
    client.follower.reset();
  }
}

// What can be without waiting; false: it has hung up.
bool Server::send(Client& client) {
  while (client.has_unsent()) {
    const ssize_t done = ::send(client.line.native_handle(), client.out.data() + client.sent,
                                client.out.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno == EAGAIN;
    client.sent += static_cast<std::size_t>(done);
  }
  client.out = {};
  client.sent = 0;
  return true;
}

void Server::wait_for_room(const ClientPointer& client) {
  if (std::exchange(client->waits_for_room, true)) return;
  client->line.async_wait(boost::asio::posix::descriptor_base::wait_write,
                          [this, client](boost::system::error_code error) {
                            client->waits_for_room = false;
                            if (error || client->gone) return;
                            if (!send(*client)) return leave(client);
                            work(client);
                          });
}

// Once per turn of the loop, however much was said in it.
void Server::wake() {
  if (clients_.empty() || std::exchange(soon_, true)) return;
  boost::asio::post(io_, [this] {
    soon_ = false;
    const std::list<ClientPointer> all = clients_;
    for (const ClientPointer& client : all) {
      if (client->follower && !client->gone && !client->has_unsent()) work(client);
    }
  });
}

void Server::finish(const Json& outcome) {
  outcome_ = outcome;
  for (const ClientPointer& client : clients_) {
    if (client->closing || client->has_unsent()) continue;
    if (!take_bytes(*client)) continue;  // what it has asked while the run ended
    while (const auto line = client->in.next()) obey(*client, *line);
  }
  for (const ClientPointer& client : clients_) {
    for (const Json& id : std::exchange(client->waiting, {})) client->out += answer_line(id, outcome);
    if (!send(*client)) continue;
    while (client->follower && !client->has_unsent()) {
      read_journal(*client);
      if (!send(*client)) break;
    }
  }
}

void Server::leave(const ClientPointer& client) {
  client->gone = true;
  client->line.close();
  std::erase(clients_, ClientPointer(client));
}

}  // namespace procgraph
