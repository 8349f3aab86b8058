// driver SOCKET: a node that does what it is told, one line after the other (docs/node-protocol.md): the C++
// SDK as the tests of what every language's SDK promises know it.
#include <netdb.h>
#include <procgraph/node.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Words = std::vector<std::string>;
using Nanoseconds = std::chrono::nanoseconds;
using Pair = std::array<std::uint64_t, 2>;

constexpr std::size_t kMostCells = 64;

std::string in_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::byte b : bytes) {
    hex += kDigits[std::to_integer<unsigned>(b) >> 4U];
    hex += kDigits[std::to_integer<unsigned>(b) & 15U];
  }
  return hex.empty() ? "-" : hex;
}

std::vector<std::byte> from_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

Nanoseconds time_of(const std::string& word) {
  return word == "forever" ? procgraph::kForever : Nanoseconds(std::chrono::milliseconds(std::stol(word)));
}

std::size_t number(const std::string& word) {
  return std::stoul(word);
}

std::string ok(const std::string& what) {
  return "ok " + what;
}

class Driver {
 public:
  // The rest of a line, after its command, to the answer.
  std::string obey(const std::string& command, const Words& words) {
    const auto found = commands_.find(command);
    if (found == commands_.end()) return "unknown";
    try {
      return found->second(words);
    } catch (const procgraph::NoReaders&) {
      return "no_readers";
    } catch (const procgraph::TooLarge&) {
      return "too_large";
    } catch (const procgraph::Closed&) {
      return "closed";
    } catch (const procgraph::Truncated&) {
      return "truncated";
    } catch (const procgraph::Torn&) {
      return "torn";
    } catch (const std::exception& e) {
      return std::string("refused ") + e.what();
    }
  }
  [[nodiscard]] const procgraph::Node& node() const { return node_; }

 private:
  // --- queues, topics, pipes ---

  [[nodiscard]] bool is_pipe(const std::string& port) const {
    for (const procgraph::PortInfo& info : node_.ports())
      if (info.name == port) return info.kind == "pipe";
    return false;
  }
  template <class End, class Open>
  End& end_of(std::map<std::string, End>& open, const std::string& port, Open make) {
    const auto found = open.find(port);
    return found != open.end() ? found->second : open.emplace(port, make(port)).first->second;
  }
  procgraph::Connection& connection(const std::string& port) {
    return end_of(connections_, port, [&](const std::string& name) { return node_.connection(name); });
  }
  procgraph::Writer& writer(const std::string& port) {
    return end_of(writers_, port, [&](const std::string& name) { return node_.writer(name); });
  }
  procgraph::Reader& reader(const std::string& port) {
    return end_of(readers_, port, [&](const std::string& name) { return node_.reader(name); });
  }

  std::string put(const Words& w) {
    const auto bytes = from_hex(w.at(1));
    const bool done = is_pipe(w[0]) ? connection(w[0]).send(bytes, time_of(w.at(2)))
                                    : writer(w[0]).put(bytes, time_of(w.at(2)));
    return done ? "ok" : "time";
  }
  std::string get(const Words& w) {
    if (is_pipe(w.at(0))) {
      const auto bytes = connection(w[0]).recv(time_of(w.at(1)));
      if (bytes) return ok(in_hex(*bytes) + " 1");
      return connection(w[0]).ended() ? "end" : "time";
    }
    auto message = reader(w[0]).get(time_of(w.at(1)));
    if (!message) return reader(w[0]).ended() ? "end" : "time";
    held_.push_back(std::move(*message));
    return ok(in_hex(held_.back().bytes()) + " " + std::to_string(held_.back().deliveries()));
  }
  std::string settle(void (procgraph::Message::*how)()) {
    if (held_.empty()) return "refused nothing is held";
    (held_.front().*how)();
    held_.pop_front();
    return "ok";
  }
  std::string close(const Words& w) {
    is_pipe(w.at(0)) ? connection(w[0]).close() : writer(w[0]).close();
    return "ok";
  }

  // --- shared memory ---

  std::string peek(const Words& w) {
    return ok(in_hex(node_.shared_memory(w.at(0)).bytes().subspan(number(w.at(1)), number(w.at(2)))));
  }
  // Through the mapping, whatever it allows.
  std::string poke(const Words& w) {
    const auto bytes = from_hex(w.at(2));
    const auto area = node_.shared_memory(w.at(0));
    auto* to = const_cast<std::byte*>(area.bytes().subspan(number(w.at(1))).data());
    std::memcpy(to, bytes.data(), bytes.size());
    return "ok";
  }
  std::string read(const Words& w) {
    std::vector<std::byte> into(number(w.at(2)));
    return node_.shared_memory(w.at(0)).read(number(w.at(1)), into, time_of(w.at(3))) ? ok(in_hex(into))
                                                                                      : "time";
  }
  std::string write(const Words& w) {
    node_.shared_memory(w.at(0)).write(number(w.at(1)), from_hex(w.at(2)));
    return "ok";
  }
  std::string version(const Words& w) { return ok(std::to_string(node_.shared_memory(w.at(0)).version())); }
  std::string change(const Words& w) {
    const auto now = node_.shared_memory(w.at(0)).wait_for_change(number(w.at(1)), time_of(w.at(2)));
    return now ? ok(std::to_string(*now)) : "time";
  }
  // "." is the area's own.
  std::string lock(const Words& w) {
    auto held = w.at(1) == "." ? node_.shared_memory(w[0]).lock(time_of(w.at(2)))
                               : node_.lock(w[0], w[1]).acquire(time_of(w.at(2)));
    if (!held) return "time";
    const bool died = held->holder_died();
    locks_.emplace(w[0] + "/" + w[1], std::move(*held));
    return died ? "died" : "ok";
  }
  std::string unlock(const Words& w) {
    return locks_.erase(w.at(0) + "/" + w.at(1)) != 0 ? "ok" : "refused it is not held";
  }
  std::string load(const Words& w) {
    const Pair pair = procgraph::Value<Pair>(node_.shared_memory(w.at(0)), number(w.at(1))).load();
    return ok(std::to_string(pair[0]) + " " + std::to_string(pair[1]));
  }
  std::string store(const Words& w) {
    procgraph::Value<Pair>(node_.shared_memory(w.at(0)), number(w.at(1)))
        .store({number(w.at(2)), number(w.at(3))});
    return "ok";
  }
  std::string add(const Words& w) {
    procgraph::Array<std::int64_t> cells(node_.shared_memory(w.at(0)), number(w.at(1)), kMostCells);
    for (std::size_t left = number(w.at(3)); left > 0; --left) cells.add(number(w.at(2)), 1);
    return "ok";
  }
  // From its answer on, until it is killed.
  std::string churn(const Words& w) {
    churn_ =
        std::thread([area = node_.shared_memory(w.at(0)), at = number(w.at(1)), count = number(w.at(2))] {
          std::vector<std::byte> bytes(count);
          for (unsigned char fill = 1;; fill = fill % 255 + 1) {
            std::memset(bytes.data(), fill, bytes.size());
            area.write(at, bytes);
          }
        });
    return "ok";
  }
  std::string churn_value(const Words& w) {
    churn_ = std::thread([area = node_.shared_memory(w.at(0)), at = number(w.at(1))] {
      procgraph::Value<Pair> value(area, at);
      for (std::uint64_t i = 1;; ++i) value.store({i, 3 * i});
    });
    return "ok";
  }
  procgraph::Event event(const Words& w) { return node_.event(w.at(0), w.at(1)); }
  procgraph::Semaphore semaphore(const Words& w) { return node_.semaphore(w.at(0), w.at(1), 2); }

  // --- sockets ---

  int listener(const std::string& port) {
    return end_of(listeners_, port, [&](const std::string& name) { return node_.listener(name); });
  }
  std::string took(int fd) {
    if (talk_ >= 0) ::close(talk_);
    talk_ = fd;
    return fd >= 0 ? "ok" : "refused_by_peer";
  }
  std::string connect(const Words& w) {
    const std::string address = node_.address(w.at(0));
    if (address.starts_with('/')) {
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      std::memcpy(to.sun_path, address.data(), std::min(address.size(), sizeof(to.sun_path) - 1));
      return connect_to(reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    const std::size_t colon = address.rfind(':');
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    std::string host = address.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    if (::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) return "refused";
    std::string answer = connect_to(found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    return answer;
  }
  std::string connect_to(const sockaddr* address, socklen_t size) {
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, address, size) == 0) return took(fd);
    ::close(fd);
    return "refused_by_peer";
  }
  std::string say(const Words& w) {
    const auto bytes = from_hex(w.at(0));
    return ::send(talk_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())
               ? "ok"
               : "refused_by_peer";
  }
  std::string hear(const Words& w) const {
    std::vector<std::byte> bytes(number(w.at(0)));
    const ssize_t got = ::recv(talk_, bytes.data(), bytes.size(), MSG_WAITALL);
    if (got <= 0) return "end";
    bytes.resize(static_cast<std::size_t>(got));
    return ok(in_hex(bytes));
  }

  static std::string variable(const Words& w) {
    const char* value = std::getenv(w.at(0).c_str());
    return value != nullptr ? ok(value) : "none";
  }

  procgraph::Node node_;
  std::map<std::string, procgraph::Connection> connections_;
  std::map<std::string, procgraph::Writer> writers_;
  std::map<std::string, procgraph::Reader> readers_;
  std::map<std::string, procgraph::Held> locks_;
  std::map<std::string, int> listeners_;
  std::deque<procgraph::Message> held_;
  std::thread churn_;
  int talk_ = -1;  // the last connection

  const std::map<std::string, std::function<std::string(const Words&)>> commands_{
      {"variable", variable},
      {"put", [&](const Words& w) { return put(w); }},
      {"get", [&](const Words& w) { return get(w); }},
      {"ack", [&](const Words&) { return settle(&procgraph::Message::ack); }},
      {"nack", [&](const Words&) { return settle(&procgraph::Message::nack); }},
      {"close", [&](const Words& w) { return close(w); }},
      {"peek", [&](const Words& w) { return peek(w); }},
      {"poke", [&](const Words& w) { return poke(w); }},
      {"read", [&](const Words& w) { return read(w); }},
      {"write", [&](const Words& w) { return write(w); }},
      {"version", [&](const Words& w) { return version(w); }},
      {"change", [&](const Words& w) { return change(w); }},
      {"lock", [&](const Words& w) { return lock(w); }},
      {"unlock", [&](const Words& w) { return unlock(w); }},
      {"load", [&](const Words& w) { return load(w); }},
      {"store", [&](const Words& w) { return store(w); }},
      {"add", [&](const Words& w) { return add(w); }},
      {"churn", [&](const Words& w) { return churn(w); }},
      {"churn_value", [&](const Words& w) { return churn_value(w); }},
      {"set", [&](const Words& w) { return event(w).set(), std::string("ok"); }},
      {"clear", [&](const Words& w) { return event(w).clear(), std::string("ok"); }},
      {"wait", [&](const Words& w) { return event(w).wait(time_of(w.at(2))) ? "ok" : "time"; }},
      {"acquire", [&](const Words& w) { return semaphore(w).acquire(time_of(w.at(2))) ? "ok" : "time"; }},
      {"release", [&](const Words& w) { return semaphore(w).release(), std::string("ok"); }},
      {"address", [&](const Words& w) { return ok(node_.address(w.at(0))); }},
      {"accept",
       [&](const Words& w) { return took(::accept4(listener(w.at(0)), nullptr, nullptr, SOCK_CLOEXEC)); }},
      {"connect", [&](const Words& w) { return connect(w); }},
      {"say", [&](const Words& w) { return say(w); }},
      {"hear", [&](const Words& w) { return hear(w); }},
  };
};

int connect_to_suite(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
}

void answer(int suite, std::string line) {
  line += '\n';
  for (std::string_view left = line; !left.empty();) {
    const ssize_t sent = ::send(suite, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Nothing: the suite has hung up.
std::optional<std::string> next_line(int suite, std::string& heard) {
  std::size_t end = 0;
  while ((end = heard.find('\n')) == std::string::npos) {
    std::array<char, 4096> block;
    const ssize_t got = ::recv(suite, block.data(), block.size(), 0);
    if (got <= 0) return std::nullopt;
    heard.append(block.data(), static_cast<std::size_t>(got));
  }
  std::string line = heard.substr(0, end);
  heard.erase(0, end + 1);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  const int suite = connect_to_suite(argv[1]);
  if (suite < 0) return 3;
  Driver driver;
  const procgraph::Node& node = driver.node();
  answer(suite, "hello " + node.name() + " " + std::to_string(node.replica()) + " " +
                    std::to_string(node.replicas()) + " " + std::to_string(::getpid()));
  std::string heard;
  while (const auto line = next_line(suite, heard)) {
    std::istringstream text(*line);
    std::string command;
    text >> command;
    const Words words{std::istream_iterator<std::string>(text), {}};
    if (command == "exit") std::_Exit(std::stoi(words.at(0)));
    answer(suite, driver.obey(command, words));
  }
  std::_Exit(0);  // without a word to threads that write for ever
}
