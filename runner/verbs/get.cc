// `get`: messages out of a channel of a running graph, to a shell.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>

#include "verbs/outside.h"

namespace procgraph {
namespace {

struct GetFlags {
  OutsideFlags outside;
  std::string count;
};

// False: standard output cannot be written, and errno says why.
bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno != EINTR) return false;
    if (done > 0) text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

Outcome get(const GetFlags& flags, std::uint64_t count, Node& node, std::optional<Duration> timeout) {
  Reader reader = node.reader(flags.outside.channel);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::optional<Message> message = reader.get(timeout.value_or(kForever));
    if (!message && reader.ended()) return {};
    if (!message) return {.code = kExitTimeout};
    if (!write_all(std::string(message->text()) + '\n')) {
      const std::string why = std::strerror(errno);
      message->nack();
      throw Failure("standard output cannot be written: " + why);
    }
    message->ack();  // it is out now: whoever kills us from here on loses nothing
  }
  return {};
}

}  // namespace

Action declare_get(Flags& flags, const Context&) {
  auto own = std::make_shared<GetFlags>();
  own->outside.declare(flags, "wait so long for each message, then end with exit code 124");
  flags.text("-n,--count", own->count, "NUMBER", "so many messages at most; else all until the data ends");
  return [own]() -> Outcome {
    const auto count =
        read_number("get", "--count", "messages", own->count, std::numeric_limits<std::uint64_t>::max());
    if (!count) return {.code = kExitUsage};
    return at_channel("get", own->outside, [&](Node& node, std::optional<Duration> timeout) {
      return get(*own, *count, node, timeout);
    });
  };
}

}  // namespace procgraph
