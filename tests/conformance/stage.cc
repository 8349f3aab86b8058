#include "stage.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace procgraph::conformance {
namespace {

constexpr std::string_view kSuite = "suite";  // the socket's file, in the folder of the run

int listen_in(const std::string& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder + "/" + std::string(kSuite);
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 64) != 0)
    throw std::runtime_error("no socket at " + path);
  return fd;
}

std::string write_graph(const e2e::Folder& folder, const Driver& driver, std::string yaml,
                        const std::vector<std::pair<std::string, std::string>>& files) {
  for (const auto& [name, text] : files) folder.write(name, text);
  const std::string word = "DRIVER", command = in_yaml(driver);
  for (std::size_t at = 0; (at = yaml.find(word, at)) != std::string::npos; at += command.size())
    yaml.replace(at, word.size(), command);
  folder.write("graph.yaml", yaml);
  return folder.path();
}

}  // namespace

void PrintTo(const Driver& driver, std::ostream* out) {
  *out << driver.language;
}

std::string in_yaml(const Driver& driver) {
  return "\"" + driver.command + " " + std::string(kSuite) + "\"";
}

std::vector<Driver> drivers_of(std::string_view kind) {
  std::vector<Driver> all{{"Cpp", DRIVER}};
  // The one of Python has no SDK: what can be done without.
  if (kind == "pipe" || kind == "socket")
    all.push_back({"PlainPython", "python3 " + e2e::source_path("tests/conformance/driver.py")});
  if (kind == "queue") all.push_back({"ByThePage", BY_THE_PAGE});
  if (const char* other = std::getenv("PROCGRAPH_TEST_DRIVER")) all.push_back({"Other", other});
  return all;
}

std::string in_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4U];
    hex += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return hex.empty() ? "-" : hex;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

Actor::Actor(int fd) : fd_(fd) {
  std::istringstream hello(answer());
  std::string word, replica, replicas;
  hello >> word >> name_ >> replica >> replicas >> pid_;
  if (word != "hello") throw std::runtime_error("a driver says '" + word + "' instead of 'hello'");
  if (replicas != "1") name_ += "." + replica;
}

Actor::Actor(Actor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      heard_(std::move(other.heard_)),
      name_(std::move(other.name_)),
      pid_(other.pid_) {}

Actor::~Actor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Actor::ask(const std::string& line) {
  tell(line);
  return answer();
}

void Actor::tell(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t sent = ::send(fd_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return;  // answer() will say so
    at += static_cast<std::size_t>(sent);
  }
}

std::string Actor::answer() {
  std::size_t end = 0;
  while ((end = heard_.find('\n')) == std::string::npos) {
    char block[4096];
    const ssize_t got = ::recv(fd_, block, sizeof block, 0);
    if (got <= 0) return "gone";
    heard_.append(block, static_cast<std::size_t>(got));
  }
  const std::string line = heard_.substr(0, end);
  heard_.erase(0, end + 1);
  return line;
}

void Actor::kill() {
  ::kill(pid_, SIGKILL);
  while (answer() != "gone") {
  }
}

Stage::Stage(const Driver& driver, std::string yaml,
             const std::vector<std::pair<std::string, std::string>>& files)
    : listener_(listen_in(folder_.path())),
      running_(write_graph(folder_, driver, std::move(yaml), files),
               {e2e::procgraph_path(), "run", "graph.yaml"}) {}

Stage::~Stage() {
  ::close(listener_);
}

Actor Stage::actor(const std::string& name) {
  for (;;) {
    const auto found = std::ranges::find(come_, name, &Actor::name);
    if (found == come_.end()) {
      accept();
      continue;
    }
    Actor actor = std::move(*found);
    come_.erase(found);
    return actor;
  }
}

void Stage::accept() {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, running_.pid(), 0));
  pollfd polled[2] = {{listener_, POLLIN, 0}, {process, POLLIN, 0}};
  while (::poll(polled, 2, -1) < 0) {
  }
  ::close(process);
  if (polled[0].revents == 0) throw std::runtime_error("the run has ended: " + running_.wait().err);
  come_.emplace_back(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
}

}  // namespace procgraph::conformance
