#include "verbs/outside.h"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace procgraph {

int fail(std::string_view verb, std::string_view why, int code) {
  fmt::print(stderr, "procgraph {}: {}\n", verb, escape(why));
  return code;
}

// --graph has its default in the environment, where a node finds the name of the graph that it belongs to.
bool is_in_node(const std::string& graph) {
  const char* own = std::getenv("PROCGRAPH_GRAPH");
  return own != nullptr && std::getenv("PROCGRAPH_PROCESS") != nullptr && (graph.empty() || graph == own);
}

std::optional<std::uint64_t> read_number(std::string_view verb, std::string_view flag,
                                         std::string_view things, const std::string& text,
                                         std::uint64_t otherwise) {
  if (text.empty()) return otherwise;
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong == std::errc() && end == text.data() + text.size() && number > 0) return number;
  fail(verb, fmt::format("{} {}: a number of {}, from 1", flag, text, things), kExitUsage);
  return {};
}

bool read_timeout(std::string_view verb, const OutsideFlags& flags, std::optional<Duration>& timeout) {
  if (flags.timeout.empty()) return true;
  timeout = parse_duration(flags.timeout);
  if (!timeout)
    fail(verb, fmt::format("--timeout {}: a duration such as 500ms, 90s or 5m", flags.timeout), kExitUsage);
  return timeout.has_value();
}

void OutsideFlags::declare(Flags& flags, std::string timeout_help) {
  flags.argument("CHANNEL", channel,
                 "a queue or topic with 'external'; in a node's script, a port of the node", true);
  flags.text("--graph", graph, "NAME", "the running graph; not needed while there is one");
  flags.text("--timeout", timeout, "DURATION", std::move(timeout_help));
}

Outcome at_channel(std::string_view verb, const OutsideFlags& flags,
                   const std::function<Outcome(Node&, std::optional<Duration>)>& act) {
  std::optional<Duration> timeout;
  if (!read_timeout(verb, flags, timeout)) return {.code = kExitUsage};
  try {
    if (is_in_node(flags.graph)) {
      Node node;
      return act(node, timeout);
    }
    Node node = Node::outside(flags.graph);
    return act(node, timeout);
  } catch (const NoReaders& nobody) {  // a part of a graph that is cut off is no failure to tell of
    if (!is_in_node(flags.graph)) fail(verb, nobody.what(), 0);
    return {.signal = SIGPIPE};
  } catch (const Failure& failure) {
    return {.code = fail(verb, failure.what(), kExitMachine)};
  }
}

}  // namespace procgraph
