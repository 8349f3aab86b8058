#include "environment.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>

namespace procgraph::detail {
namespace {

[[noreturn]] void wrong(const std::string& name, std::string_view value) {
  throw NotInGraph("the environment variable " + name + " makes no sense: '" + std::string(value) +
                   "'; it is the runner's to set");
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::int64_t number_of(const GetVariable& get, const char* name, std::int64_t otherwise, std::int64_t most) {
  const char* text = get(name);
  if (text == nullptr) return otherwise;
  auto value = number(text);
  if (!value || *value > most) wrong(name, text);
  return *value;
}

// Calls use(part) for every non-empty part of the list.
template <class Use>
void split(std::string_view list, char separator, Use use) {
  while (!list.empty()) {
    std::size_t end = std::min(list.find(separator), list.size());
    if (end > 0) use(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

int small_number(std::string_view text, std::string_view port) {
  auto value = number(text);
  if (!value || *value > std::numeric_limits<int>::max()) wrong("PROCGRAPH_PORTS", port);
  return static_cast<int>(*value);
}

Wait wait_of(std::string_view text) {
  if (text == "latency") return Wait::kLatency;
  if (text == "throughput") return Wait::kThroughput;
  if (text == "sleep") return Wait::kSleep;
  return Wait::kBalanced;
}

bool is_access(std::string_view text) {
  constexpr std::string_view kAll[] = {"read", "write", "both", "serve", "connect"};
  return std::find(std::begin(kAll), std::end(kAll), text) != std::end(kAll);
}

Port read_port(std::string_view text) {
  Port port;
  split(text, ',', [&](std::string_view pair) {
    std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) wrong("PROCGRAPH_PORTS", text);
    std::string_view key = pair.substr(0, equals), value = pair.substr(equals + 1);
    if (key == "port") port.info.name = value;
    if (key == "channel") port.info.channel = value;
    if (key == "kind") port.info.kind = value;
    if (key == "access") port.info.access = value;
    if (key == "fd") port.fd = small_number(value, text);
    if (key == "control") port.control = small_number(value, text);
    if (key == "payload") port.payload = small_number(value, text);
    if (key == "reader") port.reader = static_cast<std::uint32_t>(small_number(value, text));
    if (key == "wait") port.wait = wait_of(value);
    if (key == "ordered") port.ordered = value == "1";
    if (key == "variable") port.variable = value;
  });
  if (port.info.name.empty() || !is_access(port.info.access)) wrong("PROCGRAPH_PORTS", text);
  return port;
}

}  // namespace

Environment read_environment(const GetVariable& get) {
  const char *graph = get("PROCGRAPH_GRAPH"), *process = get("PROCGRAPH_PROCESS");
  if (graph == nullptr || process == nullptr) {
    throw NotInGraph(
        "this program is a node: `procgraph run FILE` starts it and gives it its channels "
        "(PROCGRAPH_GRAPH is not set)");
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  Environment e{.graph = graph, .process = process};
  e.replica = static_cast<std::uint32_t>(number_of(get, "PROCGRAPH_REPLICA", 0, kMost));
  e.replicas = static_cast<std::uint32_t>(number_of(get, "PROCGRAPH_REPLICAS", 1, kMost));
  e.pid = static_cast<std::int32_t>(number_of(get, "PROCGRAPH_PID", 0, kMost));
  e.participant = static_cast<std::uint16_t>(number_of(get, "PROCGRAPH_PARTICIPANT", 0, 4095));
  e.roster = static_cast<int>(number_of(get, "PROCGRAPH_ROSTER", -1, kMost));
  if (const char* attach = get("PROCGRAPH_ATTACH")) e.attach = attach;
  if (const char* ports = get("PROCGRAPH_PORTS")) {
    split(ports, ' ', [&](std::string_view port) { e.ports.push_back(read_port(port)); });
  }
  return e;
}

}  // namespace procgraph::detail
