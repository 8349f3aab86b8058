// by_the_page SOCKET: a driver (docs/node-protocol.md) that knows queues, and has nothing of the SDK. So it
// shows that the page is enough to write another one from.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <string>

#include "page_queue.h"

namespace procgraph::by_the_page {
namespace {

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) std::abort();
  return value;
}

std::map<std::string, Queue> open_ports(const Roster& roster) {
  std::map<std::string, Queue> queues;
  std::istringstream list(variable("PROCGRAPH_PORTS"));
  for (std::string one; list >> one;) {
    std::map<std::string, std::string> port;
    std::istringstream pairs(one);
    for (std::string pair; std::getline(pairs, pair, ',');)
      port[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    queues.try_emplace(port["port"], roster, std::stoi(port["control"]), std::stoi(port["payload"]),
                       port["access"] != "read");
  }
  return queues;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

Until until(const std::string& time) {
  if (time == "forever") return std::nullopt;
  return Clock::now() + std::chrono::milliseconds(std::stoi(time));
}

std::string answer(std::map<std::string, Queue>& queues, const std::string& line) {
  std::istringstream words(line);
  std::string command, port, a, b;
  words >> command >> port >> a >> b;
  if (command == "exit") std::_Exit(std::stoi(port));
  if (command == "variable") {
    const char* value = std::getenv(port.c_str());
    return value == nullptr ? "none" : std::string("ok ") + value;
  }
  const auto found = queues.find(port);
  if (found == queues.end()) return "refused there is no such port";
  if (command == "put") return found->second.put(from_hex(a), until(b));
  if (command == "get") return found->second.get(until(a));
  if (command == "ack") return found->second.ack();
  if (command == "nack") return found->second.nack();
  if (command == "close") return found->second.close();
  return "unknown";
}

}  // namespace

int drive(int argc, char** argv) {
  if (argc != 2) return 2;
  const Roster roster(std::stoi(variable("PROCGRAPH_ROSTER")),
                      std::stoull(variable("PROCGRAPH_PARTICIPANT")));
  std::map<std::string, Queue> queues = open_ports(roster);
  const int suite = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  if (connect(suite, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  const auto say = [&](const std::string& line) {
    const std::string whole = line + "\n";
    return write(suite, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size());
  };
  if (!say(std::string("hello ") + variable("PROCGRAPH_PROCESS") + " " + variable("PROCGRAPH_REPLICA") + " " +
           variable("PROCGRAPH_REPLICAS") + " " + std::to_string(getpid())))
    return 1;
  std::string heard;
  for (char part[4096];;) {
    const ssize_t got = read(suite, part, sizeof part);
    if (got <= 0) return 0;
    heard.append(part, static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = heard.find('\n')) != std::string::npos; heard.erase(0, end + 1))
      if (!say(answer(queues, heard.substr(0, end)))) return 0;
  }
}

}  // namespace procgraph::by_the_page

int main(int argc, char** argv) {
  return procgraph::by_the_page::drive(argc, argv);
}
