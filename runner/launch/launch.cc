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

std::vector<std::string> with_addresses(const std::vector<std::string>& texts, const Opened& opened) {
  std::vector<std::string> filled;
  filled.reserve(texts.size());
  for (const std::string& text : texts) filled.push_back(procgraph::with_addresses(text, opened));
  return filled;
}

}  // namespace

std::string with_addresses(const std::string& text, const Opened& opened) {
  const auto& channels = opened.graph().channels;
  return replace_socket_references(text, [&](std::string_view name, std::string_view part) {
    const auto socket = std::ranges::find(channels, name, &Channel::name);
    // What is none of ours came in from our own environment, and goes on as it is.
    if (socket == channels.end()) return socket_reference(name, part);
    return part_of(opened.address(socket->id), part).value_or("");
  });
}

std::variant<Child, SpawnError> launch(const Spawn& spawn, const Opened& opened, LogEnds logs,
                                       std::string_view attach, const ReadyEnds& ready,
                                       std::span<const std::string> more) {
  SpawnRequest request{.program = spawn.program,
                       .argv = with_addresses(spawn.argv, opened),
                       .env = with_addresses(spawn.env, opened),
                       .listens = spawn.listens,
                       .cwd = spawn.cwd,
                       .umask = spawn.umask,
                       .files_limit = opened.files_limit(),
                       .watched = spawn.health && spawn.health->kind == ProbeKind::kWatchdog,
                       .limits = spawn.resources.limits,
                       .cpus = spawn.resources.cpus,
                       .nice = spawn.resources.nice,
                       .oom_score_adj = spawn.resources.oom_score_adj,
                       .insists_on_oom_score_adj = spawn.resources.insists_on_oom_score_adj,
                       // A process is in one group of version 2 only; its own lies in the run's folder, too.
                       .home = opened.own_group(spawn).empty() ? opened.group() : opened.own_group(spawn),
                       .pad = opened.pad()};
  for (std::size_t i = 0; i < spawn.resources.groups.size(); ++i) {
    if (spawn.resources.groups[i].place.version == 1) request.groups.push_back(opened.groups(spawn)[i]);
  }
  if (spawn.participant != 0 && !attach.empty())
    request.env.push_back("PROCGRAPH_ATTACH=" + std::string(attach));
  request.env.insert(request.env.end(), more.begin(), more.end());
  if (!ready.notify.empty()) request.env.push_back("NOTIFY_SOCKET=" + ready.notify);
  if (ready.fd >= 0) request.fds.emplace_back(ready.fd, spawn.ready->fd);
  add_streams(spawn, logs, request);
  for (const Inherit& inherit : spawn.inherits) {
    const int fd = opened.fd(inherit.object, inherit.end);
    if (fd < 0) return SpawnError{"inherit", EBADF};
    request.fds.emplace_back(fd, inherit.fd);
  }
  return procgraph::spawn(request);
}

}  // namespace procgraph
