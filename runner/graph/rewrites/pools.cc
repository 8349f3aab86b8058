// A process that runs once per message becomes a `pool` of ours: one process in its place, with its name, its
// environment and its folder, that starts the command for every message. What the file says of each run (its
// time, its limits, its exit codes) becomes the pool's to see to; the plan finds the command itself.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "graph/draft.h"
#include "graph/rewrite.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr const char* kPool = "pool";
constexpr const char *kPoolIn = "in", *kPoolOut = "out";  // its ports

// Whole milliseconds, at least as long.
std::string milliseconds(Duration time) {
  return cat(std::chrono::ceil<std::chrono::milliseconds>(time).count(), "ms");
}

std::string codes(const std::vector<int>& all) {
  std::string list;
  for (const int code : all) list += cat(list.empty() ? "" : ",", code);
  return list;
}

// How often a message of this queue is tried.
std::uint64_t tries(const Channel& queue) {
  const PolicySpec& policies = queue.policies;
  if (policies.delivery && policies.delivery->value == "at_most_once") return 1;
  return policies.max_deliveries ? policies.max_deliveries->value : kMaxDeliveries;
}

std::vector<std::string> options(const Process& process, const Channel& in, const Channel* out) {
  std::vector<std::string> words{kPool};
  const auto add = [&](const char* name, std::string value) {
    words.emplace_back(name);
    words.push_back(std::move(value));
  };
  if (process.runs != 1) add("--runs", std::to_string(process.runs));
  if (process.per->messages != 1) add("--batch", std::to_string(process.per->messages));
  if (process.per->within) add("--within", milliseconds(process.per->within->value));
  if (process.ordered) {
    add("--window", std::to_string(process.ordered->window));
    add("--tries", std::to_string(tries(in)));
  }
  if (process.timeout) add("--timeout", milliseconds(*process.timeout));
  if (process.ok_codes != std::vector<int>{0}) add("--ok", codes(process.ok_codes));
  if (!in.policies.reject_codes.empty()) add("--reject", codes(in.policies.reject_codes));
  const bool rejects =
      out != nullptr && out->policies.when_full && out->policies.when_full->value == "reject";
  if (rejects) words.emplace_back("--no-wait");
  return words;
}

// The port of messages that is read, or written, by name or as a stream.
Port* port_of_messages(Graph& graph, const Process& process, Access access) {
  for (const PortId id : process.ports) {
    const ChannelKind& kind = *graph.at(graph.at(id).channel).kind;
    if (graph.at(id).access == access && graph.at(id).fd != 2 && kind.flows && !kind.bytes)
      return &graph.at(id);
  }
  return nullptr;
}

void rename(Port& port, const char* name) {
  port.name = name;
  port.stream = false;
  port.fd.reset();
}

void make_pool(Graph& graph, Process& process) {
  Port* in = port_of_messages(graph, process, Access::kRead);
  Port* out = port_of_messages(graph, process, Access::kWrite);
  process.each = process.command;
  process.command.words.clear();
  process.command.shell = false;
  for (std::string& word :
       options(process, graph.at(in->channel), out == nullptr ? nullptr : &graph.at(out->channel)))
    process.command.words.push_back({std::move(word), process.command.mark});
  process.builtin = true;
  process.timeout.reset();
  process.ok_codes = {0};

  rename(*in, kPoolIn);
  process.streams[0] = {.kind = StreamKind::kNone};
  if (out == nullptr) return;
  rename(*out, kPoolOut);
  process.streams[1] = {.kind = StreamKind::kNone};
}

}  // namespace

void run_pools(Graph& graph, ChannelKinds) {
  for (Process& process : graph.processes) {
    if (process.per) make_pool(graph, process);
  }
}

}  // namespace procgraph
