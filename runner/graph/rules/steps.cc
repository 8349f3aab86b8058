// Steps that share channels: who starts only when another process has ended can neither give that one data,
// nor take what holds it up.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "graph/channel_kind.h"
#include "graph/digraph.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// A process that must have ended before another one starts: `waits`, which starts no later, says so in
// `after`.
struct Step {
  ProcessId ended, waits;
  const After* after;
};

class Steps {
 public:
  explicit Steps(const Graph& graph) : graph_(graph), group_(joined_by_byte_pipes(graph)) {
    together_.resize(group_.size());
    for (const Process& process : graph.processes) {
      together_[group_[process.id.value]].push_back(process.id);
      const auto waits = [](const After& after) { return after.condition >= Condition::kFinished; };
      any_ = any_ || std::ranges::any_of(process.after, waits);
    }
  }

  [[nodiscard]] bool any() const { return any_; }

  // Nearest first, each once. Both ends of a pipe start together, and whoever starts after another one starts
  // no earlier than what that one waits for has ended.
  [[nodiscard]] std::vector<Step> before(ProcessId first) const {
    std::vector<Step> found;
    std::vector<bool> ended(group_.size());
    std::set<std::uint32_t> seen{group_[first.value]};
    std::vector<ProcessId> order{first};
    for (const ProcessId other : together_[group_[first.value]])
      if (other != first) order.push_back(other);
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const After& after : graph_.at(order[i]).after) {
        const ProcessId target = after.process;
        if (after.condition >= Condition::kFinished && !ended[target.value] && target != first) {
          ended[target.value] = true;
          found.push_back({target, order[i], &after});
        }
        if (!seen.insert(group_[target.value]).second) continue;
        const auto& group = together_[group_[target.value]];
        order.insert(order.end(), group.begin(), group.end());
      }
    }
    return found;
  }

 private:
  const Graph& graph_;
  std::vector<std::uint32_t> group_;
  std::vector<std::vector<ProcessId>> together_;  // by group
  bool any_ = false;
};

const Step* find_step(const std::vector<Step>& steps, ProcessId ended) {
  const auto found = std::ranges::find(steps, ended, &Step::ended);
  return found == steps.end() ? nullptr : &*found;
}

// Where it is said; of one that waits for whoever says it, too.
Note where(const Graph& graph, const Step& step, ProcessId process) {
  std::string text = cat(quoted(graph.at(step.waits).name), " waits here");
  if (step.waits != process) text += cat(", and ", quoted(graph.at(process).name), " starts no earlier");
  return {step.after->mark, std::move(text)};
}

// What is reached from these, themselves included; not through `without`.
std::vector<bool> reached_from(const Digraph& edges, std::vector<Vertex> order,
                               std::optional<Vertex> without = {}) {
  std::vector<bool> seen(edges.size());
  for (const Vertex v : order) seen[v] = true;
  if (without) seen[*without] = true;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const Vertex to : edges.from(order[i])) {
      if (seen[to]) continue;
      seen[to] = true;
      order.push_back(to);
    }
  }
  return seen;
}

std::vector<ProcessId> processes_at(const Graph& graph, const std::vector<PortId>& ports) {
  std::vector<ProcessId> all;
  for (const PortId port : ports)
    if (std::ranges::find(all, graph.at(port).process) == all.end()) all.push_back(graph.at(port).process);
  return all;
}

Vertex vertex_of(const Graph& graph, const Channel& channel) {
  return static_cast<Vertex>(graph.processes.size() + channel.id.value);
}

std::string names_of(const Graph& graph, const std::vector<ProcessId>& processes) {
  std::vector<std::string> names;
  for (const ProcessId id : processes) names.push_back(graph.at(id).name);
  return quoted_list(names);
}

// Nobody writes the channel before this reader of it has ended: the steps by which that is so.
std::vector<std::pair<ProcessId, Step>> late_writers(const Graph& graph, const Steps& steps,
                                                     const Channel& channel, ProcessId reader) {
  std::vector<std::pair<ProcessId, Step>> late;
  for (const ProcessId writer : processes_at(graph, channel.writers)) {
    const std::vector<Step> before = steps.before(writer);
    const Step* step = find_step(before, reader);
    if (step == nullptr) return {};
    late.emplace_back(writer, *step);
  }
  return late;
}

bool is_of_messages(const Channel& channel) {
  return channel.kind->flows && !channel.kind->bytes && !channel.kind->served;
}

}  // namespace

// Byte pipes are not looked at here: their ends start together, so that such an `after` is a circle already.
void readers_do_not_end_before_writers_start(const Graph& graph, const World&, Diagnostics& diagnostics) {
  const Steps steps(graph);
  if (!steps.any()) return;
  for (const Channel& channel : graph.channels) {
    if (!is_of_messages(channel) || channel.outside.writes || channel.takes_letters) continue;
    for (const PortId id : channel.readers) {
      const ProcessId reader = graph.at(id).process;
      const auto late = late_writers(graph, steps, channel, reader);
      if (late.empty()) continue;
      std::vector<ProcessId> writers;
      for (const auto& [writer, step] : late) writers.push_back(writer);
      const bool one = writers.size() == 1;
      auto& error = diagnostics.error(
          graph.at(id).mark,
          cat("process ", quoted(graph.at(reader).name), " can never get data from ", title(graph, channel),
              one ? ": its writer " : ": its writers ", names_of(graph, writers),
              one ? " starts only when " : " start only when ", quoted(graph.at(reader).name), " has ended"));
      for (const auto& [writer, step] : late) error.notes.push_back(where(graph, step, writer));
    }
  }
}

namespace {

// The port by which what comes from somewhere reaches the process, if it is not told of already.
std::optional<PortId> port_reached(const Graph& graph, const Steps& steps, ProcessId process,
                                   const std::vector<bool>& reached) {
  for (const PortId id : graph.at(process).ports) {
    const Port& port = graph.at(id);
    const Channel& channel = graph.at(port.channel);
    const bool comes = port.access == Access::kRead && channel.kind->flows && !channel.duplex &&
                       reached[vertex_of(graph, channel)];
    if (comes && late_writers(graph, steps, channel, process).empty()) return id;
  }
  return std::nullopt;
}

}  // namespace

void steps_do_not_need_the_end_of_what_follows_them(const Graph& graph, const World&,
                                                    Diagnostics& diagnostics) {
  const Steps steps(graph);
  if (!steps.any()) return;
  const Digraph flow = data_flow(graph, Duplex::kLeftOut);
  for (const Process& process : graph.processes) {
    if (process.finally || flow.from(process.id.value).empty()) continue;
    const std::vector<Step> before = steps.before(process.id);
    if (before.empty()) continue;
    const std::vector<bool> reached = reached_from(flow, {process.id.value});
    for (const Step& step : before) {
      if (!reached[step.ended.value]) continue;
      const auto port = port_reached(graph, steps, step.ended, reached);
      if (!port) continue;
      const std::string name = quoted(graph.at(step.ended).name);
      auto& warning = diagnostics.warning(
          graph.at(*port).mark,
          cat("process ", name, " reads what comes from ", quoted(process.name), ", which starts only when ",
              name, " has ended: unless it ends by itself, both wait for ever"),
          cat("start ", quoted(process.name), " with ", name));
      warning.notes.push_back(where(graph, step, process.id));
      break;
    }
  }
}

namespace {

// Those who stop when a channel is full, and those who then wait for the end of what they write. What would
// come through a queue itself is another rule's.
struct HeldUp {
  std::vector<bool> stopped, starved, behind;

  HeldUp(const Graph& graph, const Digraph& flow, const Digraph& up, const Channel& channel)
      : stopped(reached_from(up, {vertex_of(graph, channel)})) {
    std::vector<Vertex> processes;
    for (Vertex v = 0; v < graph.processes.size(); ++v)
      if (stopped[v]) processes.push_back(v);
    const Vertex itself = vertex_of(graph, channel);
    starved = reached_from(flow, std::move(processes),
                           channel.kind->to_each ? std::nullopt : std::optional(itself));
    behind = reached_from(flow, {itself});
  }
};

// The first process that a reader waits for and holds up. Nothing: there is none, or another rule tells it.
std::optional<Step> held_up_by(const Graph& graph, const Channel& channel, const HeldUp& held,
                               const std::vector<Step>& before, ProcessId reader) {
  std::optional<Step> found;
  const std::vector<ProcessId> writers = processes_at(graph, channel.writers);
  for (const Step& step : before) {
    if (!held.starved[step.ended.value]) continue;
    const bool writes = std::ranges::find(writers, step.ended) != writers.end();
    const bool passes = channel.kind->to_each && held.behind[step.ended.value];
    if (step.waits == reader && (writes || passes)) return std::nullopt;
    if (!found) found = step;
  }
  return found;
}

void report_held_up(const Graph& graph, const Channel& channel, PortId port, std::uint64_t messages,
                    const Step& step, const HeldUp& held, Diagnostics& diagnostics) {
  const Process& reader = graph.at(graph.at(port).process);
  const std::vector<ProcessId> writers = processes_at(graph, channel.writers);
  const bool writes = std::ranges::find(writers, step.ended) != writers.end();
  const std::string_view why = writes                           ? ", which writes it,"
                               : held.stopped[step.ended.value] ? ", whose data goes into it,"
                                                                : ", which reads on from those who write it,";
  auto& warning = diagnostics.warning(
      graph.at(port).mark,
      cat("process ", quoted(reader.name), " reads ", title(graph, channel), ", but starts only when ",
          quoted(graph.at(step.ended).name), why, " has ended: with more than ",
          counted(messages, "message", "messages"), " all wait for ever"),
      cat("start it earlier, or raise '", channel.kind->capacity_key, "' of ", quoted(channel.name)));
  warning.notes.push_back(where(graph, step, reader.id));
  warning.notes.push_back({channel.mark, "declared here"});
}

// Who reads a queue takes from what all of its readers hold up; in a topic each reader holds its writers up.
void look_at_readers(const Graph& graph, const Steps& steps, const Channel& channel, const Digraph& flow,
                     const Digraph& up, Diagnostics& diagnostics) {
  std::optional<HeldUp> held;
  std::vector<std::pair<PortId, Step>> found;
  for (const PortId port : channel.readers) {
    const ProcessId reader = graph.at(port).process;
    const std::vector<Step> before = steps.before(reader);
    if (!before.empty() && !held) held.emplace(graph, flow, up, channel);
    const auto step = before.empty() ? std::nullopt : held_up_by(graph, channel, *held, before, reader);
    if (step) found.emplace_back(port, *step);
    if (!step && !channel.kind->to_each) return;
  }
  if (!channel.kind->to_each && found.size() > 1) found.resize(1);
  for (const auto& [port, step] : found) {
    const auto place = std::ranges::find(channel.places, port, &ReaderPlace::port);
    const bool waits = place == channel.places.end() || place->policy == ReaderPolicy::kBlock;
    const std::uint64_t messages = place == channel.places.end() ? channel.capacity : place->history;
    if (waits) report_held_up(graph, channel, port, messages, step, *held, diagnostics);
  }
}

}  // namespace

void steps_do_not_hold_up_what_they_wait_for(const Graph& graph, const World&, Diagnostics& diagnostics) {
  const Steps steps(graph);
  if (!steps.any()) return;
  const Digraph flow = data_flow(graph, Duplex::kLeftOut), up = back_pressure(graph);
  for (const Channel& channel : graph.channels) {
    if (!is_of_messages(channel) || !stops_writers(channel) || channel.duplex) continue;
    if (channel.outside.reads && !channel.kind->to_each) continue;
    look_at_readers(graph, steps, channel, flow, up, diagnostics);
  }
}

void clients_do_not_end_before_their_server_starts(const Graph& graph, const World&,
                                                   Diagnostics& diagnostics) {
  const Steps steps(graph);
  if (!steps.any()) return;
  for (const Channel& socket : graph.channels) {
    if (!socket.kind->served || socket.readers.empty()) continue;
    const Process& server = graph.at(graph.at(socket.readers.front()).process);
    const std::vector<Step> before = steps.before(server.id);
    for (const PortId id : socket.writers) {
      const Step* step = find_step(before, graph.at(id).process);
      if (step == nullptr) continue;
      const std::string client = quoted(graph.at(step->ended).name);
      auto& warning = diagnostics.warning(
          graph.at(id).mark,
          cat("process ", client, " connects to ", title(graph, socket), ", whose server ",
              quoted(server.name), " starts only when ", client, " has ended: it never gets an answer"));
      warning.notes.push_back(where(graph, *step, server.id));
    }
  }
}

}  // namespace procgraph
