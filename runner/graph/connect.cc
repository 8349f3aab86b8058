// reads, writes, stdin, stdout, stderr become ports.
#include <optional>
#include <unordered_map>

#include "graph/draft.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// What a process does with a channel, as a message says it ("reads", "takes stdin from" …), and how.
struct Use {
  std::string_view does;
  bool served = false;  // as a socket
  bool stream = false;
};

std::optional<ChannelId> find_channel(Draft& draft, const Process& process, const Use& use,
                                      const std::string& name, Mark mark) {
  const auto* target = draft.names.find(name);
  if (target == nullptr) {
    std::string hint = draft.names.suggest(name, false, true, use.stream);
    if (hint.empty()) {
      hint = use.served ? cat("declare it: 'sockets: [", name, "]'")
                        : cat("declare it, for example 'queues: [", name, "]' or 'pipes: [", name, "]'");
    }
    draft.diagnostics.error(
        mark, cat("process ", quoted(process.name), ' ', use.does, " unknown channel ", quoted(name)),
        std::move(hint));
    draft.graph.incomplete = true;
    return {};
  }
  if (const auto* channel = std::get_if<ChannelId>(target)) return *channel;
  draft.diagnostics
      .error(mark,
             cat("process ", quoted(process.name), ' ', use.does, ' ', quoted(name), ", which is a process"),
             "processes are joined by a channel, or by an entry of 'pipelines:'")
      .notes.push_back({draft.graph.at(std::get<ProcessId>(*target)).mark, "declared here"});
  draft.graph.incomplete = true;
  return {};
}

// The four keys that name channels.
struct Key {
  const char* does;  // in messages
  Access access;
  bool served;  // names sockets, and no other channel
};
constexpr Key kReads{"reads", Access::kRead, false}, kWrites{"writes", Access::kWrite, false},
    kServes{"serves", Access::kRead, true}, kConnects{"connects to", Access::kWrite, true};

// The ports that a process has so far, by name: at most one of each access (one that is both stands under
// kRead).
struct Named {
  std::array<PortId, 2> by_access;
};
using PortNames = std::unordered_map<std::string_view, Named>;

// A duplex pipe that is both read and written under one name is one port.
bool merge_duplex(Draft& draft, Port& before, const Port& port) {
  Channel& channel = draft.graph.at(port.channel);
  if (!channel.duplex || before.channel != port.channel || before.access != Access::kRead) return false;
  before.access = Access::kBoth;
  if (!before.fd) before.fd = port.fd;
  if (before.wait == WaitMode::kDefault) before.wait = port.wait;
  if (port.fd && before.fd != port.fd) {
    draft.diagnostics.error(
        port.mark, cat("port ", quoted(port.name), " of process ", quoted(draft.graph.at(port.process).name),
                       " is one descriptor, but has two numbers, ", *before.fd, " and ", *port.fd));
  }
  channel.writers.push_back(before.id);
  return true;
}

// Elsewhere a program waits in the kernel, or for nothing.
void require_waiting(Draft& draft, const Process& process, ChannelId id, Mark mark) {
  const Channel& channel = draft.graph.at(id);
  if (channel.kind->native() && channel.kind->flows) return;
  draft.diagnostics.error(mark,
                          cat("process ", quoted(process.name), " says how it waits at ",
                              title(draft.graph, channel), ", where it makes no difference"),
                          "leave out 'wait': it is for ports of queues and topics");
}

// The port that forbids this one, or null: a name stands for one channel, at most once in each direction.
const Port* rival(const Graph& graph, const Named& named, const Port& port) {
  for (const PortId id : named.by_access) {
    if (id.valid() && (graph.at(id).channel != port.channel || graph.at(id).access == port.access))
      return &graph.at(id);
  }
  return nullptr;
}

void connect(Draft& draft, ProcessId id, const PortSpec& spec, const Key& key, PortNames& names) {
  Graph& graph = draft.graph;
  const Process& process = graph.at(id);
  const bool reads = key.access == Access::kRead;
  const auto channel =
      find_channel(draft, process, {key.does, key.served}, spec.channel.value, spec.channel.mark);
  if (!channel || !suits(draft, process, key.does, *channel, key.served, spec.channel.mark)) return;
  const std::string& name = spec.port.value.empty() ? spec.channel.value : spec.port.value;
  Port port{.process = id,
            .channel = *channel,
            .name = name,
            .access = key.access,
            .variable = spec.variable,
            .mark = spec.channel.mark};
  if (spec.fd) port.fd = spec.fd->value;
  if (spec.wait) {
    port.wait = spec.wait->value;
    require_waiting(draft, process, *channel, spec.wait->mark);
  }
  port.framing = spec.framing;
  port.subscription = {spec.when_full, spec.history, spec.broadcast};
  Named& named = names[name];
  if (const Port* other = rival(graph, named, port)) {
    graph.incomplete = true;
    draft.diagnostics
        .error(
            port.mark, cat("process ", quoted(process.name), " has two ports named ", quoted(name)),
            other->channel == port.channel ? "name the channel once" : "a port's name stands for one channel")
        .notes.push_back({other->mark, "the other one"});
    return;
  }
  const PortId reader = named.by_access[0];
  if (reader.valid() && merge_duplex(draft, graph.at(reader), port)) return;
  named.by_access[reads ? 0 : 1] = add_port(graph, std::move(port));
}

// stdin: q beside reads: q (or stdout and writes): the stream already is the read of that channel.
bool named_twice(Draft& draft, const Process& process, std::size_t stream, ChannelId channel, Mark mark) {
  const Access access = stream == 0 ? Access::kRead : Access::kWrite;
  for (const PortId id : process.ports) {
    const Port& port = draft.graph.at(id);
    if (port.stream || port.channel != channel || (port.access != access && port.access != Access::kBoth))
      continue;
    const char* key = stream == 0 ? "reads" : "writes";
    draft.graph.incomplete = true;
    const std::string& name = draft.graph.at(channel).name;
    draft.diagnostics
        .error(
            mark,
            cat("process ", quoted(process.name), " names ", quoted(name), " both as ", kStreamNames[stream],
                " and in '", key, '\''),
            cat('\'', kStreamNames[stream], ": ", name, "' already ", key, " it; take it out of one of them"))
        .notes.push_back({port.mark, "the other one"});
    return true;
  }
  return false;
}

void connect_streams(Draft& draft, ProcessId id, const ProcessSpec& spec) {
  constexpr std::array<const char*, 3> kDoes{"takes stdin from", "sends stdout to", "sends stderr to"};
  const std::array<const std::optional<StreamSpec>*, 3> streams{&spec.in, &spec.out, &spec.err};
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (!*streams[i] || (*streams[i])->kind != StreamKind::kChannel) continue;
    const StreamSpec& stream = **streams[i];
    const auto channel =
        find_channel(draft, draft.graph.at(id), {kDoes[i], false, true}, stream.target, stream.mark);
    if (!channel || !suits(draft, draft.graph.at(id), kDoes[i], *channel, false, stream.mark)) continue;
    if (named_twice(draft, draft.graph.at(id), i, *channel, stream.mark)) continue;
    connect_stream(draft.graph, id, i, *channel, stream.mark);
    draft.graph.at(draft.graph.at(id).streams[i].port).framing = stream.framing;
  }
}

}  // namespace

bool suits(Draft& draft, const Process& process, std::string_view does, ChannelId id, bool served,
           Mark mark) {
  const Channel& channel = draft.graph.at(id);
  if (channel.kind->served == served) return true;
  draft.graph.incomplete = true;
  draft.diagnostics
      .error(mark,
             cat("process ", quoted(process.name), ' ', does, ' ', quoted(channel.name), ", which is ",
                 with_article(channel.kind->title())),
             served ? cat(with_article(channel.kind->title()),
                          " is named in 'reads' and 'writes', a socket in 'serves' and "
                          "'connects'")
                    : "a socket is named in 'serves' by its server and in 'connects' by its clients")
      .notes.push_back({channel.mark, "declared here"});
  return false;
}

PortId add_port(Graph& graph, Port port) {
  port.id = PortId{static_cast<std::uint32_t>(graph.ports.size())};
  graph.at(port.process).ports.push_back(port.id);
  Channel& channel = graph.at(port.channel);
  if (port.access != Access::kWrite) channel.readers.push_back(port.id);
  if (port.access != Access::kRead) channel.writers.push_back(port.id);
  graph.ports.push_back(std::move(port));
  return graph.ports.back().id;
}

void connect_stream(Graph& graph, ProcessId process, std::size_t stream, ChannelId channel, Mark mark) {
  Port port{
      .process = process, .channel = channel, .name = kStreamNames[stream], .stream = true, .mark = mark};
  port.access = stream == 0 ? Access::kRead : Access::kWrite;
  port.fd = static_cast<int>(stream);
  graph.at(process).streams[stream] = {
      .kind = StreamKind::kChannel, .port = add_port(graph, std::move(port)), .mark = mark};
}

void connect_ports(Draft& draft) {
  for (std::uint32_t i = 0; i < draft.graph.processes.size(); ++i) {
    const ProcessSpec& spec = draft.spec.processes[i];
    PortNames names;
    for (const PortSpec& port : spec.reads) connect(draft, ProcessId{i}, port, kReads, names);
    for (const PortSpec& port : spec.writes) connect(draft, ProcessId{i}, port, kWrites, names);
    connect_streams(draft, ProcessId{i}, spec);
    for (const PortSpec& port : spec.serves) connect(draft, ProcessId{i}, port, kServes, names);
    for (const PortSpec& port : spec.connects) connect(draft, ProcessId{i}, port, kConnects, names);
  }
}

}  // namespace procgraph
