// The entries of `pipelines:`. Neighbours are connected: stdout of what stands on the left, stdin of what
// stands on the right.
#include "graph/draft.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// What the stream is connected to already, as a message says it.
std::string describe(const Graph& graph, const Stream& stream) {
  if (stream.kind == StreamKind::kFile) return cat("file ", quoted(stream.file));
  if (stream.kind != StreamKind::kChannel) return quoted(name(stream.kind));
  const Port& port = graph.at(stream.port);
  const Channel& channel = graph.at(port.channel);
  if (!channel.anonymous) return title(graph, channel);
  return quoted_list(process_names(graph, port.access == Access::kRead ? channel.writers : channel.readers));
}

bool names_channel(const Graph& graph, const Process& process, ChannelId channel, Access access) {
  for (const PortId id : process.ports) {
    const Port& port = graph.at(id);
    if (port.channel == channel && !port.stream && (port.access == access || port.access == Access::kBoth))
      return true;
  }
  return false;
}

class Pipeline {
 public:
  Pipeline(Draft& draft, const PipelineSpec& spec) : draft_(draft), spec_(spec) {}

  void connect() {
    if (!resolve()) return;
    for (std::size_t i = 0; i + 1 < places_.size(); ++i) join(i, i + 1);
  }

 private:
  bool resolve() {
    bool all = true;
    for (const Text& name : spec_.names) {
      const auto* target = draft_.names.find(name.value);
      if (target == nullptr) {
        draft_.diagnostics.error(
            name.mark,
            cat("the pipeline names ", quoted(name.value), ", which is neither a process nor a channel"),
            draft_.names.suggest(name.value, true, true));
        draft_.graph.incomplete = true;
        all = false;
      }
      places_.push_back(target);
    }
    if (spec_.names.size() == 1) {
      draft_.diagnostics.error(spec_.names[0].mark, "a pipeline of one connects nothing",
                               "name at least two, left to right");
    }
    return all;
  }

  void join(std::size_t left, std::size_t right) {
    const auto* from = std::get_if<ProcessId>(places_[left]);
    const auto* to = std::get_if<ProcessId>(places_[right]);
    if (from != nullptr && to != nullptr) {
      join_processes(*from, *to, left, right);
    } else if (from != nullptr) {
      attach(*from, 1, std::get<ChannelId>(*places_[right]), spec_.names[left].mark);
    } else if (to != nullptr) {
      attach(*to, 0, std::get<ChannelId>(*places_[left]), spec_.names[right].mark);
    } else {
      draft_.diagnostics.error(
          spec_.names[right].mark,
          cat("the pipeline has two channels in a row, ", quoted(spec_.names[left].value), " and ",
              quoted(spec_.names[right].value)),
          "a process between them has to move the data");
    }
  }

  void join_processes(ProcessId from, ProcessId to, std::size_t left, std::size_t right) {
    if (from == to) {
      draft_.diagnostics.error(spec_.names[right].mark,
                               cat("the pipeline connects ", quoted(spec_.names[left].value), " to itself"));
      draft_.graph.incomplete = true;
      return;
    }
    const std::string name = cat(draft_.graph.at(from).name, '|', draft_.graph.at(to).name);
    const bool from_free = is_free(from, 1, spec_.names[left].mark, quoted(draft_.graph.at(to).name));
    const bool to_free = is_free(to, 0, spec_.names[right].mark, quoted(draft_.graph.at(from).name));
    if (!from_free || !to_free) return;
    const ChannelId id{static_cast<std::uint32_t>(draft_.graph.channels.size())};
    Channel& channel = draft_.graph.channels.emplace_back();
    channel.id = id;
    channel.name = name;
    channel.anonymous = true;
    channel.kind = find_kind(draft_.kinds, "pipe");
    channel.mark = spec_.names[right].mark;
    channel.kind->fill({}, channel);
    set(from, 1, id, spec_.names[left].mark);
    set(to, 0, id, spec_.names[right].mark);
  }

  void attach(ProcessId id, std::size_t stream, ChannelId channel, Mark mark) {
    const Process& process = draft_.graph.at(id);
    if (!suits(draft_, process, stream == 0 ? "takes stdin from" : "sends stdout to", channel, false, mark))
      return;
    if (names_channel(draft_.graph, process, channel, stream == 0 ? Access::kRead : Access::kWrite)) return;
    const Stream& now = process.streams[stream];
    if (now.kind == StreamKind::kChannel && draft_.graph.at(now.port).channel == channel) return;
    if (is_free(id, stream, mark, title(draft_.graph, draft_.graph.at(channel))))
      set(id, stream, channel, mark);
  }

  bool is_free(ProcessId id, std::size_t stream, Mark mark, const std::string& other) {
    if (!draft_.stream_set[id.value][stream]) return true;
    const Process& process = draft_.graph.at(id);
    const Stream& now = process.streams[stream];
    const bool in = stream == 0;
    draft_.graph.incomplete = true;
    auto& error = draft_.diagnostics.error(
        mark,
        cat("the pipeline ", in ? "takes stdin of " : "sends stdout of ", quoted(process.name),
            in ? " from " : " to ", other, in ? ", but it already comes from " : ", but it already goes to ",
            describe(draft_.graph, now)),
        "a stream is connected once; a queue shares what passes among several readers, a topic copies it");
    if (now.mark.known()) error.notes.push_back({now.mark, "set here"});
    return false;
  }

  void set(ProcessId process, std::size_t stream, ChannelId channel, Mark mark) {
    draft_.stream_set[process.value][stream] = true;
    connect_stream(draft_.graph, process, stream, channel, mark);
  }

  Draft& draft_;
  const PipelineSpec& spec_;
  std::vector<const Names::Target*> places_;
};

}  // namespace

void connect_pipelines(Draft& draft) {
  for (const PipelineSpec& spec : draft.spec.pipelines) Pipeline(draft, spec).connect();
}

}  // namespace procgraph
