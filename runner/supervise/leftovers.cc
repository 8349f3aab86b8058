#include "supervise/leftovers.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "os/process.h"

namespace procgraph {

// Orphans become our children, and their ends come with SIGCHLD. A member whose parent lives is reaped by
// that parent, so its pidfd tells; of a cgroup the kernel says when it is empty.
struct Leftovers::Waiting {
  Family family;
  int signal = 0;
  bool signalled = false;
  bool is_to_be_looked_at = false;
  std::vector<boost::asio::posix::stream_descriptor> others;
  std::optional<boost::asio::posix::stream_descriptor> group;
};

Leftovers::Leftovers(boost::asio::io_context& io, Hears hears) : io_(io), hears_(std::move(hears)) {}
Leftovers::~Leftovers() = default;

const std::vector<Orphan>& Leftovers::orphans() {
  if (orphans_) return *orphans_;
  std::vector<pid_t> children = own_children();
  std::erase_if(children, hears_.started);
  return orphans_.emplace(with_marks(children));
}

void Leftovers::sweep(SpawnId id, const Family& family, int signal) {
  if (is_surely_over(family, orphans())) {
    waiting_.erase(id);
    return hears_.over(id);
  }
  auto& entry = waiting_[id];
  if (!entry) entry = std::make_shared<Waiting>();
  entry->family = family;
  entry->signal = signal;
  entry->signalled = false;
  look_soon(*entry);
}

void Leftovers::look_soon(Waiting& waiting) {
  waiting.is_to_be_looked_at = true;
  if (!std::exchange(turn_is_due_, true)) boost::asio::post(io_, [this] { turn(); });
}

void Leftovers::turn() {
  turn_is_due_ = false;
  std::vector<SpawnId> ids;
  std::vector<Family> families;
  for (auto& [id, waiting] : waiting_) {
    if (!std::exchange(waiting->is_to_be_looked_at, false)) continue;
    ids.push_back(id);
    families.push_back(waiting->family);
  }
  const std::vector<std::vector<ProcessLine>> members = members_of(families, orphans());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = waiting_.find(ids[i]);  // what one hears may make another forgotten
    if (found != waiting_.end()) go_on(ids[i], *std::shared_ptr(found->second), members[i]);
  }
}

void Leftovers::go_on(SpawnId id, Waiting& waiting, const std::vector<ProcessLine>& members) {
  if (members.empty() && group_is_empty(waiting.family)) {
    waiting_.erase(id);
    return hears_.over(id);
  }
  if (waiting.signal == SIGKILL || !std::exchange(waiting.signalled, true)) {
    signal_family(waiting.family, members, waiting.signal);
    if (waiting.signal != SIGKILL) signal_family(waiting.family, members, SIGCONT);
  }
  watch(id, members);
}

// Of our own children SIGCHLD tells.
void Leftovers::watch(SpawnId id, const std::vector<ProcessLine>& members) {
  const std::shared_ptr<Waiting> waiting = waiting_.at(id);
  const auto look_then = [this, id](boost::system::error_code error) {
    if (error) return;
    orphans_.reset();
    const auto found = waiting_.find(id);
    if (found != waiting_.end()) look_soon(*found->second);
  };
  waiting->group.reset();
  if (!waiting->family.group.empty()) {
    Fd events(::open((waiting->family.group + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 64> now{};
    if (events && ::read(events.get(), now.data(), now.size()) > 0) {  // it tells of changes since this read
      waiting->group.emplace(io_, events.release());
      waiting->group->async_wait(boost::asio::posix::descriptor_base::wait_error, look_then);
    }
  }
  waiting->others.clear();
  bool some_have_gone = members.empty() && group_is_empty(waiting->family);
  for (const ProcessLine& member : members) {
    if (member.parent == ::getpid()) continue;
    Result<Fd> process = open_pidfd(member.pid);
    if (process) waiting->others.emplace_back(io_, process->release());
    some_have_gone = some_have_gone || (!process && process.error().code == ESRCH);
  }
  for (auto& other : waiting->others) other.async_wait(other.wait_read, look_then);
  if (some_have_gone) look_soon(*waiting);
}

void Leftovers::look_again() {
  for (const auto& [id, waiting] : waiting_) look_soon(*waiting);
}

std::vector<Family> Leftovers::families() const {
  std::vector<Family> families;
  for (const auto& [id, waiting] : waiting_) families.push_back(waiting->family);
  return families;
}

}  // namespace procgraph
