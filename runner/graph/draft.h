// Draft: a graph in the making, and what its passes share: the text, the kinds, the names. Internal to
// build().
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "config/spec.h"
#include "graph/channel_kind.h"
#include "graph/graph.h"

namespace procgraph {

// The one namespace of processes and channels. Knows no marks.
class Names {
 public:
  using Target = std::variant<ProcessId, ChannelId>;

  // The first of two that want one name keeps it; that there are two has been said before (config).
  void declare(const std::string& name, Target target);
  [[nodiscard]] const Target* find(const std::string& name) const;
  // "did you mean …?" or "". Gives up after some twenty words: a file with thousands of unknown names needs
  // no more.
  [[nodiscard]] std::string suggest(std::string_view word, bool processes, bool channels,
                                    bool stream_words = false);

 private:
  std::unordered_map<std::string, Target> targets_;
  std::vector<std::string> processes_, channels_;
  int suggestions_left_ = 20;
};

struct Draft {
  const Spec& spec;
  ChannelKinds kinds;
  Diagnostics& diagnostics;
  Names names{};
  Graph graph{};
  std::vector<std::array<bool, 3>> stream_set{};  // by process: written in its own keys, or by a pipeline
};

inline constexpr std::array<const char*, 3> kStreamNames{"stdin", "stdout", "stderr"};

// The passes of build(), in this order. Each needs the ones before it.
void declare_channels(Draft& draft);
void declare_processes(Draft& draft);
void connect_ports(Draft& draft);  // reads, writes, stdin, stdout, stderr
void connect_pipelines(Draft& draft);
void resolve_after(Draft& draft);
void resolve_dead_letters(Draft& draft);

[[nodiscard]] const ChannelKind* find_kind(ChannelKinds kinds, std::string_view name);
// Whether the channel may be named where sockets are (served), or are not; else says so.
bool suits(Draft& draft, const Process& process, std::string_view does, ChannelId id, bool served, Mark mark);
PortId add_port(Graph& graph, Port port);
// A node of ours that stands in for `whole`, and ends, fails and is waited for as that does; not in the graph
// yet.
[[nodiscard]] Process node_of_ours(const Graph& graph, const Process& whole, std::string name,
                                   const std::vector<std::string>& words, Mark mark);
ProcessId add_process(Graph& graph, Process process);
// Makes the stream a port of the channel: it reads for stdin, writes for the others.
void connect_stream(Graph& graph, ProcessId process, std::size_t stream, ChannelId channel, Mark mark);
// What is known again once ports and `after` are final: steps, the grace of the whole.
void derive(Graph& graph, const Spec& spec);

}  // namespace procgraph
