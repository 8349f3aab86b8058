#include "supervise/leftovers.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>

#include "os/process.h"

namespace procgraph {

// Orphans become our children, and their ends come with SIGCHLD. A member whose parent lives is reaped by
// that parent, so its pidfd tells; of a cgroup the kernel says when it is empty.
struct Leftovers::Waiting {
  Family family;
  int signal = 0;
  std::vector<boost::asio::posix::stream_descriptor> others;
  std::optional<boost::asio::posix::stream_descriptor> group;
};

Leftovers::Leftovers(boost::asio::io_context& io, Hears hears) : io_(io), hears_(std::move(hears)) {}
Leftovers::~Leftovers() = default;

const std::vector<pid_t>& Leftovers::orphans() {
  if (orphans_) return *orphans_;
  orphans_ = own_children();
  std::erase_if(*orphans_, hears_.started);
  return *orphans_;
}

void Leftovers::signal(const Family& family, int signal) {
  signal_families({&family, 1}, orphans(), signal);
}

void Leftovers::sweep(SpawnId id, const Family& family, int signal) {
  if (is_over(family, orphans())) {
    waiting_.erase(id);
    return hears_.over(id);
  }
  auto& entry = waiting_[id];
  if (!entry) entry = std::make_shared<Waiting>();
  entry->family = family;
  entry->signal = signal;
  this->signal(family, signal);
  if (signal != SIGKILL) this->signal(family, SIGCONT);
  watch(id);
}

bool Leftovers::look(SpawnId id) {
  const auto found = waiting_.find(id);
  if (!is_over(found->second->family, orphans())) return false;
  waiting_.erase(found);
  hears_.over(id);
  return true;
}

void Leftovers::watch(SpawnId id) {
  const std::shared_ptr<Waiting> waiting = waiting_.at(id);
  const auto go_on_then = [this, id](boost::system::error_code error) {
    if (error) return;
    orphans_.reset();
    go_on(id);
  };
  waiting->group.reset();
  if (!waiting->family.group.empty()) {
    Fd events(::open((waiting->family.group + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 64> now{};
    if (events && ::read(events.get(), now.data(), now.size()) > 0) {  // it tells of changes since this read
      waiting->group.emplace(io_, events.release());
      waiting->group->async_wait(boost::asio::posix::descriptor_base::wait_error, go_on_then);
    }
  }
  waiting->others.clear();
  for (const pid_t other : others_children(waiting->family, orphans())) {
    Result<Fd> process = open_pidfd(other);
    if (process) waiting->others.emplace_back(io_, process->release());
  }
  for (auto& other : waiting->others) other.async_wait(other.wait_read, go_on_then);
  // The last of them may have gone while we looked.
  if (waiting->others.empty()) look(id);
}

void Leftovers::go_on(SpawnId id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end() || look(id)) return;
  const Family family = found->second->family;
  if (found->second->signal == SIGKILL) signal(family, SIGKILL);
  watch(id);
}

void Leftovers::look_again() {
  std::vector<SpawnId> ids;
  for (const auto& [id, waiting] : waiting_) ids.push_back(id);
  for (const SpawnId id : ids) go_on(id);
}

std::vector<Family> Leftovers::families() const {
  std::vector<Family> families;
  for (const auto& [id, waiting] : waiting_) families.push_back(waiting->family);
  return families;
}

}  // namespace procgraph
