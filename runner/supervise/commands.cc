#include "supervise/commands.h"

#include <poll.h>
#include <sys/wait.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <variant>

#include "supervise/wording.h"

namespace procgraph {

class Commands::Command : public Attempt {
 public:
  Command(Child child, Done done) : child_(std::move(child)), done_(std::move(done)) {}

  // Its first process is not reaped yet, so its number is its own.
  void cancel() override {
    done_ = nullptr;
    if (child_.pid >= 0) ::kill(-child_.pid, SIGKILL);
  }
  void end(std::string trouble) {
    child_ = {};
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(trouble));
  }
  [[nodiscard]] const Child& child() const { return child_; }

 private:
  Child child_;  // pid -1: it is reaped
  Done done_;
};

Commands::~Commands() {
  constexpr int kMoment = 1000;  // milliseconds; whoever hangs in the kernel is the guard's
  for (auto& [pid, command] : running_) {
    command->cancel();
    pollfd one{command->child().pidfd.get(), POLLIN, 0};
    if (::poll(&one, 1, kMoment) == 1) ::waitpid(pid, nullptr, WNOHANG);
  }
}

std::shared_ptr<Attempt> Commands::run(const SpawnRequest& request, Attempt::Done done) {
  auto spawned = spawn(request);
  if (auto* child = std::get_if<Child>(&spawned)) {
    const pid_t pid = child->pid;
    return running_.emplace(pid, std::make_shared<Command>(std::move(*child), std::move(done))).first->second;
  }
  const auto& error = std::get<SpawnError>(spawned);
  auto never = std::make_shared<Command>(Child{}, std::move(done));
  boost::asio::post(io_, [never, text = error.step + ": " + std::strerror(error.code)] { never->end(text); });
  return never;
}

bool Commands::take(const ChildChange& change) {
  const auto found = running_.find(change.pid);
  if (found == running_.end()) return false;
  if (!change.ended()) return true;
  const std::shared_ptr<Command> command = std::move(found->second);
  running_.erase(found);
  // Its number stays its session's for as long as somebody is left there. What has left it bears the mark of
  // the process that was asked about, and ends with that.
  const Family family{.first = change.pid};
  if (!is_over(family, {})) signal_families({&family, 1}, {}, SIGKILL);
  const bool killed = change.what == ChildChange::What::kKilled;
  const Exit exit{.code = killed ? 0 : change.status, .signal = killed ? change.status : 0};
  command->end(exit == Exit{} ? "" : how(exit));
  return true;
}

std::vector<Family> Commands::families() const {
  std::vector<Family> all;
  for (const auto& [pid, command] : running_) all.push_back({.first = pid});
  return all;
}

}  // namespace procgraph
