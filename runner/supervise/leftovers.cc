#include "supervise/leftovers.h"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>

#include "os/proc.h"
#include "os/process.h"

namespace procgraph {

// Orphans become our children, and their ends come with SIGCHLD. A member whose parent lives (in another
// session, for else it would be a member too) is reaped by that parent, so its pidfd tells.
struct Leftovers::Session {
  pid_t number = 0;
  int signal = 0;
  std::vector<boost::asio::posix::stream_descriptor> strangers;
};

Leftovers::Leftovers(boost::asio::io_context& io, Emptied emptied) : io_(io), emptied_(std::move(emptied)) {}
Leftovers::~Leftovers() = default;

void Leftovers::sweep(SpawnId id, pid_t session, int signal) {
  if (session_is_empty(session)) {
    sessions_.erase(id);
    return emptied_(id);
  }
  auto& entry = sessions_[id];
  if (!entry) entry = std::make_shared<Session>();
  entry->number = session;
  entry->signal = signal;
  signal_sessions({&session, 1}, signal);
  if (signal != SIGKILL) signal_sessions({&session, 1}, SIGCONT);
  watch(id);
}

bool Leftovers::look(SpawnId id) {
  const auto found = sessions_.find(id);
  if (!session_is_empty(found->second->number)) return false;
  sessions_.erase(found);
  emptied_(id);
  return true;
}

void Leftovers::watch(SpawnId id) {
  const std::shared_ptr<Session> session = sessions_.at(id);
  session->strangers.clear();
  each_process([&](const ProcessLine& line) {
    if (line.session != session->number || !line.alive() || line.parent == ::getpid()) return;
    Result<Fd> process = open_pidfd(line.pid);
    if (process) session->strangers.emplace_back(io_, process->release());
  });
  for (auto& stranger : session->strangers) {
    stranger.async_wait(stranger.wait_read, [this, id](boost::system::error_code error) {
      if (!error) go_on(id);
    });
  }
  // The last of them may have gone while we looked.
  if (session->strangers.empty()) look(id);
}

void Leftovers::go_on(SpawnId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || look(id)) return;
  const Session& session = *found->second;
  if (session.signal == SIGKILL) signal_sessions({&session.number, 1}, SIGKILL);
  watch(id);
}

void Leftovers::look_again() {
  std::vector<SpawnId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  for (const SpawnId id : ids) go_on(id);
}

std::vector<pid_t> Leftovers::sessions() const {
  std::vector<pid_t> numbers;
  for (const auto& [id, session] : sessions_) numbers.push_back(session->number);
  return numbers;
}

}  // namespace procgraph
