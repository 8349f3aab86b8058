#include "os/spawn_script.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/launch_pad.h"

namespace procgraph {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));  // execve only reads
  return all;
}

__rlimit_resource_t kernel_name(Resource resource) {
  switch (resource) {
    case Resource::kCpu:
      return RLIMIT_CPU;
    case Resource::kFiles:
      return RLIMIT_NOFILE;
    case Resource::kFileSize:
      return RLIMIT_FSIZE;
    case Resource::kCore:
      return RLIMIT_CORE;
  }
  return RLIMIT_NOFILE;
}

}  // namespace

SpawnScript::SpawnScript(const SpawnRequest& request, int report)
    : argv_(pointers(request.argv)), envp_(pointers(request.env)) {
  argv_.push_back(nullptr);
  pids_.reserve(3);  // they must stay where they are
  if (request.stands_for < 0) add_pid("PROCGRAPH_PID=");
  if (request.listens) add_pid("LISTEN_PID=");
  if (request.watched) add_pid("WATCHDOG_PID=");
  if (request.stands_for >= 0) {
    pids_.push_back("PROCGRAPH_PID=" + std::to_string(request.stands_for));
    envp_.push_back(pids_.back().data());
  }
  envp_.push_back(nullptr);
  add_moves(request);
  add_limits(request);
  add_cpus(request.cpus);
  int group_error = 0;
  const auto opened = [&](const std::string& path, int how) {
    Fd fd(::open(path.c_str(), how | O_CLOEXEC));
    if (!fd) group_error = errno;
    return fd;
  };
  for (const std::string& group : request.groups)
    groups_.push_back(opened(group + "/cgroup.procs", O_WRONLY));
  for (const Fd& group : groups_) group_numbers_.push_back(group.get());
  if (!request.home.empty()) home_ = opened(request.home, O_PATH | O_DIRECTORY);
  child_ = ChildScript{.parent = ::getpid(),
                       .program = request.program.c_str(),
                       .argv = argv_.data(),
                       .envp = envp_.data(),
                       .pid_digits = pid_digits_,
                       .cwd = request.cwd.empty() ? nullptr : request.cwd.c_str(),
                       .umask = request.umask,
                       .moves = moves_,
                       .limits = limits_,
                       .groups = group_numbers_,
                       .home = home_.get(),
                       .group_error = group_error,
                       .moves_home = !request.home.empty(),
                       .cpus = cpus_,
                       .nice = request.nice,
                       .report = report};
  for (const Move& move : moves_) child_.above_targets = std::max(child_.above_targets, move.to + 1);
  if (request.pad != nullptr) start_from(*request.pad);
}

SpawnScript::~SpawnScript() {
  if (pad_ != nullptr) pad_->clear();
}

// All or nothing: what is not on the pad the child would not find.
void SpawnScript::start_from(LaunchPad& pad) {
  pad_ = &pad;
  bool all = true;
  const auto put = [&](int& number) {
    if (number < 0) return;  // the child fails where it needs it
    const int place = pad.put(number);
    if (place < 0) all = false;
    if (place >= 0) number = place;
  };
  put(child_.report);
  put(child_.home);
  for (int& group : group_numbers_) put(group);
  for (Move& move : moves_) put(move.from);
  if (all) child_.shares_below = pad.end();
}

void SpawnScript::add_pid(std::string name) {
  const std::size_t size = name.size();
  std::string& variable = pids_.emplace_back(std::move(name));
  variable.resize(size + kPidDigits);
  envp_.push_back(variable.data());
  pid_digits_.push_back(variable.data() + size);
}

void SpawnScript::add_moves(const SpawnRequest& request) {
  for (const auto& [from, to] : request.fds) moves_.push_back({from, to});
  for (int standard = 0; standard <= 2; ++standard) {
    if (std::ranges::any_of(moves_, [=](const Move& move) { return move.to == standard; })) continue;
    if (!null_) null_ = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    moves_.push_back({null_.get(), standard});
  }
}

void SpawnScript::add_limits(const SpawnRequest& request) {
  if (request.files_limit) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(*request.files_limit, limit.rlim_max);
    limits_.push_back({RLIMIT_NOFILE, limit});
  }
  for (const ResourceLimit& limit : request.limits)
    limits_.push_back({kernel_name(limit.resource), {limit.soft, limit.hard}});
}

void SpawnScript::add_cpus(const std::vector<unsigned>& cpus) {
  constexpr unsigned kBits = 8 * sizeof(unsigned long);
  for (const unsigned cpu : cpus) {
    if (cpu / kBits >= cpus_.size()) cpus_.resize(cpu / kBits + 1);
    cpus_[cpu / kBits] |= 1UL << cpu % kBits;
  }
}

}  // namespace procgraph
