#include "launch/launch.h"

#include <algorithm>
#include <cerrno>

namespace procgraph {
namespace {

// Streams that no object of the plan stands behind; what is left out becomes /dev/null.
void add_streams(const Spawn& spawn, LogEnds logs, SpawnRequest& request) {
  const int log_of[3] = {-1, logs.out, logs.err};
  for (int fd = 0; fd <= 2; ++fd) {
    if (spawn.streams[fd] == StreamKind::kInherit) request.fds.emplace_back(fd, fd);
    if (spawn.streams[fd] == StreamKind::kLog && log_of[fd] >= 0) request.fds.emplace_back(log_of[fd], fd);
  }
}

// The texts with the addresses of sockets in place of references.
std::vector<std::string> with_addresses(const std::vector<std::string>& texts, const Graph& graph,
                                        const Opened& opened) {
  std::vector<std::string> filled;
  filled.reserve(texts.size());
  for (const std::string& text : texts) {
    filled.push_back(replace_socket_references(text, [&](std::string_view name, std::string_view part) {
      const auto socket = std::ranges::find(graph.channels, name, &Channel::name);
      // What is none of ours came in from our own environment, and goes on as it is.
      if (socket == graph.channels.end()) return socket_reference(name, part);
      return part_of(opened.address(socket->id), part).value_or("");
    }));
  }
  return filled;
}

}  // namespace

std::variant<Child, SpawnError> launch(const Spawn& spawn, const Opened& opened, LogEnds logs,
                                       std::string_view attach) {
  SpawnRequest request{.program = spawn.program,
                       .argv = with_addresses(spawn.argv, opened.graph(), opened),
                       .env = with_addresses(spawn.env, opened.graph(), opened),
                       .listens = spawn.listens,
                       .cwd = spawn.cwd,
                       .umask = spawn.umask,
                       .files_limit = opened.files_limit(),
                       .limits = spawn.resources.limits,
                       .cpus = spawn.resources.cpus,
                       .nice = spawn.resources.nice,
                       .oom_score_adj = spawn.resources.oom_score_adj,
                       .groups = opened.groups(spawn)};
  if (spawn.participant != 0 && !attach.empty())
    request.env.push_back("PROCGRAPH_ATTACH=" + std::string(attach));
  add_streams(spawn, logs, request);
  for (const Inherit& inherit : spawn.inherits) {
    const int fd = opened.fd(inherit.object, inherit.end);
    if (fd < 0) return SpawnError{"inherit", EBADF};
    request.fds.emplace_back(fd, inherit.fd);
  }
  return procgraph::spawn(request);
}

}  // namespace procgraph
