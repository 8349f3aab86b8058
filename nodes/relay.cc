// relay FRAMING [SIZE] [shared]: carries messages of its one port to a program that reads bytes (its stdout
// is that program's stdin), or the bytes that a program writes (its stdin) into the port. A graph puts it
// where a program that knows nothing of queues and topics is connected to one. With `shared` the queue has
// other readers, who are to get their part.
#include <poll.h>
#include <procgraph/node.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "framing.h"

namespace {

using procgraph::Frame;
using procgraph::Node;
using procgraph::relay::Framing;
using Clock = std::chrono::steady_clock;

constexpr int kBadData = 65;               // EX_DATAERR
constexpr std::size_t kMuch = 64U << 10U;  // bytes that are written at once, and what is copied for that
constexpr std::size_t kMostFrames = 32;    // in hand at a time

struct Options {
  Framing framing;
  bool shared = false;
};

// As a part of a shell's pipeline that has lost its reader.
[[noreturn]] void end_cut_off() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  std::_Exit(128 + SIGPIPE);
}

[[noreturn]] void fail(const char* call) {
  throw procgraph::Failure(std::string(call) + ": " + std::strerror(errno));
}

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Writes everything. Returns how many bytes were written: fewer where nobody reads any more.
std::size_t write_all(std::span<iovec> pieces) {
  std::size_t done = 0;
  while (!pieces.empty()) {
    const ssize_t wrote = ::writev(STDOUT_FILENO, pieces.data(), static_cast<int>(pieces.size()));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EPIPE) return done;
    if (wrote < 0) fail("write");
    done += static_cast<std::size_t>(wrote);
    for (auto left = static_cast<std::size_t>(wrote); !pieces.empty();) {
      iovec& first = pieces.front();
      const std::size_t part = std::min(left, first.iov_len);
      first.iov_base = static_cast<char*>(first.iov_base) + part;
      first.iov_len -= part;
      left -= part;
      if (first.iov_len > 0) break;
      pieces = pieces.subspan(1);
    }
  }
  return done;
}

// Messages on their way into the pipe. They are acknowledged when their bytes are in it.
class Batch {
 public:
  explicit Batch(Framing framing) : framing_(framing) {}

  void add(Frame frame) {
    for (const std::span<const std::byte> bytes : frame) add_message(text(bytes));
    frames_.push_back(std::move(frame));
  }
  [[nodiscard]] std::size_t bytes() const { return ends_.empty() ? 0 : ends_.back(); }
  [[nodiscard]] std::size_t messages() const { return ends_.size(); }
  [[nodiscard]] bool is_full() const { return bytes() >= kMuch || frames_.size() >= kMostFrames; }

  // False: nobody reads any more. What was not written is back in the queue.
  bool write() {
    std::vector<iovec> pieces;
    std::size_t copied = 0;
    const auto add_copied = [&](std::size_t upto) {
      if (upto > copied) pieces.push_back({copies_.data() + copied, upto - copied});
      copied = upto;
    };
    for (const Large& large : large_) {
      add_copied(large.after);
      pieces.push_back({const_cast<char*>(large.message.data()), large.message.size()});
    }
    add_copied(copies_.size());
    const std::size_t written = write_all(pieces);
    settle(written);
    const bool all = written == bytes();
    clear();
    return all;
  }

 private:
  struct Large {
    std::size_t after;  // so many of the copied bytes
    std::string_view message;
  };

  void add_message(std::string_view message) {
    const std::size_t before = copies_.size();
    add_head(framing_, message.size(), copies_);
    const bool large = message.size() >= kMuch;
    if (large) {
      large_.push_back({copies_.size(), message});
    } else {
      copies_ += message;
    }
    copies_ += tail(framing_, message);
    ends_.push_back(bytes() + copies_.size() - before + (large ? message.size() : 0));
  }

  void settle(std::size_t written) {
    auto end = ends_.begin();
    for (Frame& frame : frames_) {
      const auto last = end + static_cast<std::ptrdiff_t>(frame.size());
      const auto done = static_cast<std::size_t>(std::upper_bound(end, last, written) - end);
      frame.put_back(done);  // of one that is written whole nothing
      end = last;
    }
  }

  void clear() {
    frames_.clear();
    ends_.clear();
    large_.clear();
    copies_.clear();
  }

  Framing framing_;
  std::vector<Frame> frames_;
  std::vector<std::size_t> ends_;  // of each message, in all that is written
  std::vector<Large> large_;       // not copied
  std::string copies_;
};

// How many messages a program that shares a queue gets at a time: one, and more while it reads them quickly,
// so that none wait behind a slow one that others could have.
class Share {
 public:
  // Blocks until the program has read what it got. (The pipe is one page: there is room when it is empty.)
  void wait_until_read() {
    const Clock::time_point since = Clock::now();
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    while (::poll(&out, 1, -1) < 0 && errno == EINTR) {
    }
    if ((out.revents & POLLERR) != 0) end_cut_off();
    const Clock::duration took = Clock::now() - since;
    if (took < kQuick) most_ = std::min(2 * most_, kMost);
    if (took > kSlow) most_ /= 2;
    most_ = std::max<std::size_t>(most_, 1);
  }
  [[nodiscard]] std::size_t most() const { return most_; }

 private:
  static constexpr std::chrono::milliseconds kQuick{2}, kSlow{20};
  static constexpr std::size_t kMost = 256;
  std::size_t most_ = 0;  // nothing was given to it yet
};

void to_bytes(Node& node, const std::string& port, const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  procgraph::Reader reader = node.reader(port);
  Batch batch(options.framing);
  Share share;
  for (;;) {
    if (options.shared) share.wait_until_read();
    std::optional<Frame> frame = reader.get_many();
    if (!frame) return;
    do {
      batch.add(std::move(*frame));
      if (batch.is_full() || (options.shared && batch.messages() >= share.most())) break;
      frame = reader.get_many(std::chrono::nanoseconds::zero());
    } while (frame);
    if (!batch.write()) end_cut_off();
  }
}

// False: the input has ended.
bool read_some(procgraph::relay::Splitter& splitter) {
  const std::span<char> room = splitter.room();
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read");
    splitter.filled(static_cast<std::size_t>(got));
    return got > 0;
  }
}

void from_bytes(Node& node, const std::string& port, const Options& options) {
  procgraph::Writer writer = node.writer(port);
  procgraph::relay::Splitter splitter(options.framing, writer.max_message());
  std::vector<std::string_view> messages;
  const auto put = [&] {
    if (!options.shared) return writer.put_many(messages);
    for (const std::string_view message : messages)
      writer.put(message);  // what goes together is read together
  };
  while (read_some(splitter)) {
    messages.clear();
    try {
      while (const auto message = splitter.next()) messages.push_back(*message);
    } catch (const procgraph::relay::Malformed&) {
      put();  // what came before it
      throw;
    }
    put();
  }
  if (const auto last = splitter.finish()) writer.put(*last);
}

std::optional<Options> parse(std::vector<std::string_view> words) {
  Options options;
  if (words.size() > 1 && words.back() == "shared") {
    options.shared = true;
    words.pop_back();
  }
  if (words.empty() || words.size() > 2) return std::nullopt;
  const auto framing = procgraph::relay::parse_framing(words[0], words.size() > 1 ? words[1] : "");
  if (!framing) return std::nullopt;
  options.framing = *framing;
  return options;
}

// "queue 'q'"
std::string title(const procgraph::PortInfo& port) {
  return port.kind + " '" + port.channel + "'";
}

int relay(const Options& options) {
  Node node;
  const procgraph::PortInfo& port = node.ports().at(0);
  try {
    port.access == "read" ? to_bytes(node, port.name, options) : from_bytes(node, port.name, options);
    return 0;
  } catch (const procgraph::relay::TooLong& e) {
    std::fprintf(stderr, "%s, which is the max_message of %s\n", e.what(), title(port).c_str());
  } catch (const procgraph::relay::Malformed& e) {
    std::fprintf(stderr, "%s (%s)\n", e.what(), title(port).c_str());
  }
  return kBadData;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr,
                 "usage: relay lines|length|netstring|nul|whole [shared]\n"
                 "       relay record|chunks SIZE [shared]\n");
    return 2;
  }
  try {
    return relay(*options);
  } catch (const procgraph::NoReaders&) {
    throw;  // ends as one that is cut off
  } catch (const std::exception& e) {
    std::fprintf(stderr, "relay: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
