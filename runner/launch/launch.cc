#include "launch/launch.h"

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

}  // namespace

std::variant<Child, SpawnError> launch(const Spawn& spawn, const Opened& opened, LogEnds logs) {
  SpawnRequest request{.program = spawn.program,
                       .argv = spawn.argv,
                       .env = spawn.env,
                       .cwd = spawn.cwd,
                       .umask = spawn.umask,
                       .files_limit = opened.files_limit()};
  add_streams(spawn, logs, request);
  for (const Inherit& inherit : spawn.inherits) {
    const int fd = opened.fd(inherit.object, inherit.end);
    if (fd < 0) return SpawnError{"inherit", EBADF};
    request.fds.emplace_back(fd, inherit.fd);
  }
  return procgraph::spawn(request);
}

}  // namespace procgraph
