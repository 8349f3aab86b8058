// fan: hands its standard input to every pipe that it writes, byte for byte; the slowest sets the pace. An
// output whose reader has gone is done with; when none is left, so is fan. Nothing is copied: tee(2) gives
// each output the same pages, splice(2) moves them on.
//
//   fan: { command: fan, stdin: all, writes: [left, right] }
#include <fcntl.h>
#include <poll.h>
#include <procgraph/node.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace {

constexpr int kRoomy = 1 << 20;  // bytes of a pipe, where the user may have so many

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "fan: %s: %s\n", what, std::strerror(errno));
  std::exit(EXIT_FAILURE);
}

// Bytes on their way, in a pipe that nobody else has.
class Tray {
 public:
  explicit Tray(int wanted) {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) fail("pipe2");
    fcntl(in(), F_SETPIPE_SZ, wanted);  // else as it is
  }
  Tray(Tray&& other) noexcept : held(other.held), ends_(std::exchange(other.ends_, {-1, -1})) {}
  Tray& operator=(Tray&& other) noexcept {
    std::swap(ends_, other.ends_);
    std::swap(held, other.held);
    return *this;
  }
  ~Tray() {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }

  [[nodiscard]] int out() const { return ends_[0]; }
  [[nodiscard]] int in() const { return ends_[1]; }
  [[nodiscard]] int size() const { return fcntl(in(), F_GETPIPE_SZ); }

  std::size_t held = 0;

 private:
  std::array<int, 2> ends_{};
};

struct Output {
  procgraph::Connection end;
  Tray tray{kRoomy};
};

class Fan {
 public:
  explicit Fan(procgraph::Node& node) : nowhere_(open("/dev/null", O_WRONLY | O_CLOEXEC)) {
    for (const procgraph::PortInfo& port : node.ports()) {
      if (port.kind == "pipe" && port.access == "write") outputs_.push_back({node.connection(port.name)});
    }
    // What lies in the first tray must find room in each of the others at once.
    int size = kRoomy;
    for (const Output& output : outputs_) size = std::min(size, output.tray.size());
    first_ = Tray(size);
  }

  [[nodiscard]] bool is_cut_off() const { return outputs_.empty(); }

  // True: there is nothing more to come.
  bool take() {
    while (!outputs_.empty() && !wait(POLLIN, 0)) {
    }
    if (outputs_.empty()) return true;
    const ssize_t got = splice(STDIN_FILENO, nullptr, first_.in(), nullptr, kRoomy, SPLICE_F_MOVE);
    if (got < 0 && errno == EINTR) return false;
    if (got < 0 && errno == EINVAL) return take_by_copy();
    if (got < 0) fail("reading");
    first_.held = static_cast<std::size_t>(got);
    return got == 0;
  }

  void hand_out() {
    for (Output& output : outputs_) {
      const ssize_t done = tee(first_.out(), output.tray.in(), first_.held, 0);
      if (done < 0 || static_cast<std::size_t>(done) != first_.held) fail("tee");
      output.tray.held = first_.held;
    }
    while (first_.held > 0) move(first_, nowhere_);
    const auto holds = [](const Output& output) { return output.tray.held > 0; };
    while (std::ranges::any_of(outputs_, holds)) {
      wait(0, POLLOUT);
      std::erase_if(outputs_,
                    [&](Output& output) { return holds(output) && !move(output.tray, output.end.fd()); });
    }
  }

 private:
  // A terminal, say, which pages cannot be taken from.
  bool take_by_copy() {
    std::array<char, 4096> bytes{};
    const ssize_t got = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) return false;
    if (got < 0) fail("reading");
    if (write(first_.in(), bytes.data(), static_cast<std::size_t>(got)) != got) fail("pipe");
    first_.held = static_cast<std::size_t>(got);
    return got == 0;
  }

  // Until there is input, or an output that has room for what it is to get. Those whose readers have gone go.
  // True: there is input.
  bool wait(short input, short output) {
    std::vector<pollfd> ends{{input != 0 ? STDIN_FILENO : -1, input, 0}};
    for (const Output& each : outputs_)
      ends.push_back({each.end.fd(), each.tray.held > 0 ? output : short{0}, 0});
    while (poll(ends.data(), ends.size(), -1) < 0 && errno == EINTR) {
    }
    std::size_t place = 0;
    std::erase_if(outputs_, [&](const Output&) { return (ends[++place].revents & POLLERR) != 0; });
    return ends[0].revents != 0;
  }

  // As much as goes now. False: nobody reads there any more.
  static bool move(Tray& from, int to) {
    const ssize_t done =
        splice(from.out(), nullptr, to, nullptr, from.held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (done > 0) from.held -= static_cast<std::size_t>(done);
    if (done < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE) fail("writing");
    return done >= 0 || errno != EPIPE;
  }

  int nowhere_;
  Tray first_{kRoomy};
  std::vector<Output> outputs_;
};

}  // namespace

int main() {
  procgraph::Node node;
  Fan fan(node);
  if (fan.is_cut_off()) {
    std::fprintf(stderr, "usage: { command: fan, stdin: PIPE, writes: [PIPE…] }\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  while (!fan.take() && !fan.is_cut_off()) fan.hand_out();
  if (!fan.is_cut_off()) return 0;
  std::signal(SIGPIPE, SIG_DFL);
  return std::raise(SIGPIPE);
}
