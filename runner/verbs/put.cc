// `put`: messages into a channel of a running graph, from a shell.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "verbs/outside.h"

namespace procgraph {
namespace {

struct PutFlags {
  OutsideFlags outside;
  std::vector<std::string> texts;
  bool whole = false;
};

// Calls take(text) for each line of standard input, without its newline, or for all of it. False: take() has
// said so. Throws Failure where it cannot be read.
bool each_of_input(bool whole, const std::function<bool(std::string_view)>& take) {
  std::string text;
  char block[65536];
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Failure(fmt::format("standard input cannot be read: {}", std::strerror(errno)));
    if (got == 0) break;
    std::size_t begin = 0, unseen = text.size();
    text.append(block, static_cast<std::size_t>(got));
    for (std::size_t end = 0; !whole && (end = text.find('\n', unseen)) != std::string::npos;
         begin = unseen = end + 1) {
      if (!take(std::string_view(text).substr(begin, end - begin))) return false;
    }
    text.erase(0, begin);
  }
  return (text.empty() && !whole) || take(text);
}

Outcome put(const PutFlags& flags, Node& node, std::optional<Duration> timeout) {
  std::signal(SIGPIPE, SIG_IGN);  // at_channel() says what it means
  Writer writer = node.writer(flags.outside.channel);
  const auto put_one = [&](std::string_view text) {
    if (timeout) return writer.put(text, *timeout);
    writer.put(text);
    return true;
  };
  bool done = true;
  if (flags.texts.empty()) done = each_of_input(flags.whole, put_one);
  for (std::size_t i = 0; done && i < flags.texts.size(); ++i) done = put_one(flags.texts[i]);
  if (done) return {};
  fmt::print(stderr, "procgraph put: there was no room within {}\n", flags.outside.timeout);
  return {.code = kExitTimeout};
}

}  // namespace

Action declare_put(Flags& flags, const Context&) {
  auto own = std::make_shared<PutFlags>();
  own->outside.declare(flags, "wait so long for room, then end with exit code 124");
  flags.arguments("TEXT", own->texts, "a message each; without any, each line of standard input is one");
  flags.toggle("--file", own->whole, "all of standard input is one message");
  return [own]() -> Outcome {
    if (own->whole && !own->texts.empty()) {
      fmt::print(stderr,
                 "procgraph put: --file takes the message from standard input, and TEXT is one too\n");
      return {.code = kExitUsage};
    }
    return at_channel("put", own->outside,
                      [&](Node& node, std::optional<Duration> timeout) { return put(*own, node, timeout); });
  };
}

}  // namespace procgraph
