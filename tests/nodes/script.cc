// script LOG WORD…: does one operation after the other on its ends, and writes down into LOG, a file that
// anybody may map, what it has done: by operation a byte, 0 while it is still to do.
//
//   t:NAME          takes a token, or learns that there will be none
//   t:+NAME         puts one, or learns that nobody will take it
//   t:NAME,+NAME…   does whichever of several can be done first; puts into pipes not beside ports
//   s:MS, n:COUNT   sleeps, counts up to that: neither is written down
//
// A NAME that is a number is the descriptor of a pipe, where a token is a page; else it is a port.
#include <fcntl.h>
#include <poll.h>
#include <procgraph/node.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kToken = 4096;

// What the try did; nothing: another process was faster.
enum class Did : unsigned char { kNothing = 1, kSomething = 2 };

struct Try {
  std::string name;
  bool put = false;
};

std::optional<int> as_descriptor(const std::string& name) {
  int fd = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), fd);
  return error == std::errc{} && end == name.data() + name.size() ? std::optional(fd) : std::nullopt;
}

std::vector<Try> tries_of(std::string_view text) {
  std::vector<Try> all;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, comma);
    const bool put = name.starts_with('+');
    if (put) name.remove_prefix(1);
    all.push_back({std::string(name), put});
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return all;
}

class Script {
 public:
  Script() {
    for (const procgraph::PortInfo& port : node_.ports()) {
      if (port.kind == "pipe") continue;
      if (port.access != "write") readers_.emplace(port.name, node_.reader(port.name));
      if (port.access == "write") writers_.emplace(port.name, node_.writer(port.name));
    }
  }

  // 2 × the try + what it did.
  unsigned char perform(const std::vector<Try>& tries) {
    for (;;) {
      const std::size_t ready = tries.size() == 1 ? 0 : first_ready(tries);
      const auto did = attempt(tries[ready], tries.size() == 1);
      if (did) return static_cast<unsigned char>(2 * ready + static_cast<unsigned char>(*did));
    }
  }

 private:
  std::size_t first_ready(const std::vector<Try>& tries) {
    const auto is_pipe = [](const Try& each) { return as_descriptor(each.name).has_value(); };
    if (!std::ranges::all_of(tries, is_pipe)) {
      std::vector<procgraph::Selectable> ends;
      for (const Try& each : tries) {
        if (is_pipe(each)) {
          ends.push_back(procgraph::Selectable::readable(*as_descriptor(each.name)));
        } else if (each.put) {
          ends.emplace_back(writers_.at(each.name), std::size_t{1});
        } else {
          ends.emplace_back(readers_.at(each.name));
        }
      }
      return node_.select(ends).front();
    }
    std::vector<pollfd> polled;
    for (const Try& each : tries)
      polled.push_back({*as_descriptor(each.name), static_cast<short>(each.put ? POLLOUT : POLLIN), 0});
    while (::poll(polled.data(), polled.size(), -1) < 0) {
    }
    const auto ready = std::ranges::find_if(polled, [](const pollfd& each) { return each.revents != 0; });
    return static_cast<std::size_t>(ready - polled.begin());
  }

  std::optional<Did> attempt(const Try& each, bool waits) {
    const auto fd = as_descriptor(each.name);
    if (fd) return on_pipe(*fd, each.put);
    const auto time = waits ? procgraph::kForever : std::chrono::nanoseconds(0);
    return each.put ? put(writers_.at(each.name), time) : get(readers_.at(each.name), time);
  }

  static Did on_pipe(int fd, bool put) {
    static std::array<char, kToken> token{};
    const ssize_t size = put ? ::write(fd, token.data(), kToken) : ::read(fd, token.data(), kToken);
    return size == static_cast<ssize_t>(kToken) ? Did::kSomething : Did::kNothing;
  }

  static std::optional<Did> put(procgraph::Writer& writer, std::chrono::nanoseconds time) {
    try {
      return writer.put("x", time) ? std::optional(Did::kSomething) : std::nullopt;
    } catch (const procgraph::NoReaders&) {
      return Did::kNothing;
    }
  }

  static std::optional<Did> get(procgraph::Reader& reader, std::chrono::nanoseconds time) {
    if (reader.get(time)) return Did::kSomething;
    return reader.ended() ? std::optional(Did::kNothing) : std::nullopt;
  }

  procgraph::Node node_;
  std::map<std::string, procgraph::Reader, std::less<>> readers_;
  std::map<std::string, procgraph::Writer, std::less<>> writers_;
};

void compute(unsigned long count) {
  volatile unsigned long sum = 0;
  for (unsigned long i = 0; i < count; ++i) sum = sum + i;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  const int file = ::open(argv[1], O_RDWR | O_CLOEXEC);
  void* const memory = ::mmap(nullptr, kToken, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) return 3;
  ::close(file);
  auto* log = static_cast<volatile unsigned char*>(memory);
  Script script;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string rest = word.substr(2);
    if (word[0] == 's') {
      std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(rest)));
    } else if (word[0] == 'n') {
      compute(std::stoul(rest));
    } else {
      *log++ = script.perform(tries_of(rest));
    }
  }
}
