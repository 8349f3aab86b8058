#include "supervise/prober.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "base/pattern.h"
#include "os/objects.h"
#include "plan/describe.h"
#include "supervise/notice.h"

namespace procgraph {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

// Between two looks at one that is not ready yet: 10 ms, 20 ms … 1 s.
constexpr Duration kFirstPause = std::chrono::milliseconds(10);
constexpr Duration kLongestPause = std::chrono::seconds(1);
// One look at an address; a command has all the time that there is to become ready.
constexpr Duration kOneLook = std::chrono::seconds(5);
// Notices, or pieces of what a descriptor brings, that are taken at a time, so that others are heard too.
constexpr int kNotices = 64;

bool asks(const Probe& probe) {
  return probe.kind == ProbeKind::kExec || probe.kind == ProbeKind::kTcp || probe.kind == ProbeKind::kHttp;
}

std::optional<Pattern> compiled(const Probe& probe) {
  if (probe.kind != ProbeKind::kLog) return {};
  auto pattern = Pattern::compile(probe.pattern);
  auto* good = std::get_if<Pattern>(&pattern);
  return good != nullptr ? std::optional(std::move(*good)) : std::nullopt;
}

// What stands in a failure as long as nothing was heard.
std::string nothing_heard(const Probe& probe) {
  if (probe.kind == ProbeKind::kNotify) return "it has not said READY=1";
  if (probe.kind == ProbeKind::kFd) return fmt::format("no newline on its descriptor {}", probe.fd);
  if (probe.kind == ProbeKind::kLog) return fmt::format("no line of its log has '{}'", probe.pattern);
  return title(probe) + ": no answer";
}

// What is about descriptors and lives that a probe does not have.
bool is_for_the_process_only(std::string_view variable) {
  constexpr std::array<std::string_view, 3> kOwn{
      "PROCGRAPH_PARTICIPANT=", "PROCGRAPH_ROSTER=", "PROCGRAPH_PORTS="};
  return variable.starts_with("LISTEN_") || variable.starts_with("WATCHDOG_") ||
         std::ranges::any_of(kOwn, [&](std::string_view own) { return variable.starts_with(own); });
}

}  // namespace

// One start of a spawn.
struct Prober::Watch {
  enum class Stage { kBegun, kAwaited, kReady, kOver };

  Watch(boost::asio::io_context& io, SpawnId id) : spawn(id), timer(io) {}

  SpawnId spawn;
  pid_t pid = -1;
  Stage stage = Stage::kBegun;
  Probe probe;  // the one that is asked now, with addresses
  std::optional<Descriptor> notices, newline_comes;
  Fd newline_end;  // the child's, until it has started
  std::optional<Pattern> pattern;
  boost::asio::steady_timer timer;  // to the next look, or to the end of this one
  std::uint64_t turn = 0;           // what was ordered for an earlier one does not happen
  std::shared_ptr<Attempt> attempt;
  Duration pause = kFirstPause;
  std::uint32_t failures = 0;  // in a row

  [[nodiscard]] bool over() const { return stage == Stage::kOver; }
};

Prober::Prober(boost::asio::io_context& io, const Plan& plan, const Opened& opened, Hears hears)
    : io_(io),
      plan_(plan),
      opened_(opened),
      hears_(std::move(hears)),
      commands_(io),
      watches_(plan.spawns.size()) {}

Prober::~Prober() {
  for (std::uint32_t i = 0; i < watches_.size(); ++i) leave(SpawnId{i});
}

Result<ReadyEnds> Prober::prepare(SpawnId id) {
  const Spawn& spawn = plan_.at(id);
  leave(id);
  if (!spawn.ready && !spawn.health) return ReadyEnds{};
  auto watch = std::make_shared<Watch>(io_, id);
  ReadyEnds ends;
  if (spawn.notifies()) {
    Result<NoticeSocket> socket = open_notice_socket();
    if (!socket) return socket.error();
    watch->notices.emplace(io_, socket->fd.release());
    ends.notify = std::move(socket->address);
  }
  if (spawn.ready && spawn.ready->kind == ProbeKind::kFd) {
    Kernel kernel;
    Result<Ends> pipe = open_pipe(kernel, spawn.label + ".ready", Bytes{});
    if (!pipe) return pipe.error();
    ::fcntl(pipe->read.get(), F_SETFL, O_NONBLOCK);
    watch->newline_comes.emplace(io_, pipe->read.release());
    watch->newline_end = std::move(pipe->write);
    ends.fd = watch->newline_end.get();
  }
  watches_[id.value] = std::move(watch);
  return ends;
}

// From the start on: only the child has its end of the pipe now.
Prober::Watched Prober::watch_of(SpawnId id, pid_t pid) {
  Watched watch = watches_[id.value];
  if (watch->stage != Watch::Stage::kBegun) return watch;
  watch->pid = pid;
  watch->newline_end.reset();
  if (watch->notices) hear_notices(watch);
  if (watch->newline_comes) hear_newline(watch);
  return watch;
}

void Prober::await_ready(SpawnId id, pid_t pid) {
  const Watched watch = watch_of(id, pid);
  watch->stage = Watch::Stage::kAwaited;
  watch->probe = *plan_.at(id).ready;
  watch->probe.address = with_addresses(watch->probe.address, opened_);
  watch->pattern = compiled(watch->probe);
  hears_.trouble(id, nothing_heard(watch->probe));
  if (asks(watch->probe)) ask(watch);
}

void Prober::watch_health(SpawnId id, pid_t pid) {
  const Watched watch = watch_of(id, pid);
  const Spawn& spawn = plan_.at(id);
  watch->stage = Watch::Stage::kReady;
  watch->pattern.reset();
  if (!spawn.health) return;
  watch->probe = *spawn.health;
  watch->probe.address = with_addresses(watch->probe.address, opened_);
  watch->failures = 0;
  if (watch->probe.kind == ProbeKind::kWatchdog) return feed_watchdog(watch);
  ask_later(watch, plan_.graph.at(spawn.process).health->interval);
}

void Prober::leave(SpawnId id) {
  const Watched watch = std::exchange(watches_[id.value], nullptr);
  if (!watch) return;
  watch->stage = Watch::Stage::kOver;
  ++watch->turn;
  watch->timer.cancel();
  if (const auto attempt = std::exchange(watch->attempt, nullptr)) attempt->cancel();
  watch->notices.reset();
  watch->newline_comes.reset();
}

void Prober::line(SpawnId id, std::string_view text) {
  if (!watches_[id.value] || !watches_[id.value]->pattern) return;
  const Watched watch = watches_[id.value];
  if (watch->pattern->found_in(text)) become_ready(watch);
}

void Prober::listen(SpawnId id) {
  const Watched watch = watches_[id.value];
  if (!watch) return;
  for (int i = 0; i < kNotices && take_notice(watch); ++i) {
  }
  for (int i = 0; i < kNotices && !watch->over() && watch->newline_comes && take_bytes(watch); ++i) {
  }
}

void Prober::hear_notices(const Watched& watch) {
  watch->notices->async_wait(Descriptor::wait_read, [this, watch](boost::system::error_code error) {
    if (error || watch->over()) return;
    for (int i = 0; i < kNotices && take_notice(watch); ++i) {
    }
    if (!watch->over()) hear_notices(watch);
  });
}

// False: there is no more for now.
bool Prober::take_notice(const Watched& watch) {
  if (watch->over() || !watch->notices) return false;
  const std::optional<Notice> notice = receive_notice(watch->notices->native_handle());
  if (!notice) return false;
  if (notice->status) hears_.status(watch->spawn, *notice->status);
  if (notice->extend) hears_.patience(watch->spawn, *notice->extend);
  if (notice->ready && watch->probe.kind == ProbeKind::kNotify) become_ready(watch);
  const bool guarded = watch->stage == Watch::Stage::kReady && watch->probe.kind == ProbeKind::kWatchdog;
  if (guarded && notice->watchdog) feed_watchdog(watch);
  if (guarded && notice->trigger) fail(watch, "it says itself that it does not work");
  return true;
}

// What comes after the newline is read too, so that a process that writes more does not die of it.
void Prober::hear_newline(const Watched& watch) {
  watch->newline_comes->async_wait(Descriptor::wait_read, [this, watch](boost::system::error_code error) {
    if (error || watch->over()) return;
    if (take_bytes(watch) || errno == EAGAIN) {
      if (!watch->over()) hear_newline(watch);
    } else {
      watch->newline_comes.reset();
    }
  });
}

// False: there are no more, for now (EAGAIN) or for ever.
bool Prober::take_bytes(const Watched& watch) {
  std::array<char, 4096> bytes;
  const ssize_t size = ::read(watch->newline_comes->native_handle(), bytes.data(), bytes.size());
  if (size == 0) errno = 0;
  if (size <= 0) return false;
  if (std::find(bytes.begin(), bytes.begin() + size, '\n') != bytes.begin() + size) become_ready(watch);
  return true;
}

void Prober::become_ready(const Watched& watch) {
  if (watch->stage != Watch::Stage::kAwaited) return;
  watch->stage = Watch::Stage::kReady;
  hears_.ready(watch->spawn);
}

void Prober::fail(const Watched& watch, const std::string& trouble) {
  hears_.trouble(watch->spawn, trouble);
  hears_.unhealthy(watch->spawn);
}

template <class Then>
void Prober::after(const Watched& watch, Duration time, Then then) {
  watch->timer.expires_after(std::chrono::duration_cast<boost::asio::steady_timer::duration>(time));
  watch->timer.async_wait([watch, turn = watch->turn, then](boost::system::error_code error) {
    if (!error && watch->turn == turn) then();
  });
}

void Prober::ask_later(const Watched& watch, Duration pause) {
  ++watch->turn;
  after(watch, pause, [this, watch] { ask(watch); });
}

void Prober::ask(const Watched& watch) {
  const std::uint64_t turn = ++watch->turn;
  watch->attempt = begin(watch, [this, watch, turn](const std::string& trouble) {
    if (watch->turn == turn) answered(watch, trouble);
  });
  const bool awaited = watch->stage == Watch::Stage::kAwaited;
  if (awaited && watch->probe.kind == ProbeKind::kExec) return;
  const auto& health = plan_.graph.at(plan_.at(watch->spawn).process).health;
  const Duration most = awaited ? kOneLook : health->timeout;
  after(watch, most, [this, watch, most] {
    if (const auto attempt = std::exchange(watch->attempt, nullptr)) attempt->cancel();
    answered(watch, "no answer within " + format_duration(most));
  });
}

void Prober::answered(const Watched& watch, const std::string& trouble) {
  ++watch->turn;
  watch->timer.cancel();
  watch->attempt.reset();
  const std::string what = fmt::format("{}: {}", title(watch->probe), trouble);
  if (watch->stage == Watch::Stage::kAwaited) {
    if (trouble.empty()) return become_ready(watch);
    hears_.trouble(watch->spawn, what);
    return ask_later(watch, std::exchange(watch->pause, std::min(watch->pause * 2, kLongestPause)));
  }
  const HealthSpec& health = *plan_.graph.at(plan_.at(watch->spawn).process).health;
  watch->failures = trouble.empty() ? 0 : watch->failures + 1;
  if (watch->failures < health.retries) return ask_later(watch, health.interval);
  fail(watch, health.retries == 1 ? what : fmt::format("{}, {} times in a row", what, health.retries));
}

// It has the whole time again; what it has said but was not heard yet counts.
void Prober::feed_watchdog(const Watched& watch) {
  const Duration most = plan_.graph.at(plan_.at(watch->spawn).process).health->timeout;
  const std::uint64_t turn = ++watch->turn;
  after(watch, most, [this, watch, most, turn] {
    listen(watch->spawn);
    if (watch->turn == turn) fail(watch, "no WATCHDOG=1 for " + format_duration(most));
  });
}

std::shared_ptr<Attempt> Prober::begin(const Watched& watch, Attempt::Done done) {
  const Probe& probe = watch->probe;
  if (probe.kind == ProbeKind::kExec) return commands_.run(command(*watch), std::move(done));
  if (probe.kind == ProbeKind::kTcp) return try_to_connect(io_, probe.address, std::move(done));
  return try_to_get(io_,
                    {.address = probe.address,
                     .path = probe.path,
                     .least_status = probe.least_status,
                     .most_status = probe.most_status},
                    std::move(done));
}

SpawnRequest Prober::command(const Watch& watch) const {
  const Spawn& spawn = plan_.at(watch.spawn);
  SpawnRequest request{.program = watch.probe.program,
                       .cwd = spawn.cwd,
                       .umask = spawn.umask,
                       .files_limit = opened_.files_limit(),
                       .stands_for = watch.pid,
                       .limits = spawn.resources.limits,
                       .cpus = spawn.resources.cpus,
                       .nice = spawn.resources.nice,
                       .oom_score_adj = spawn.resources.oom_score_adj,
                       .insists_on_oom_score_adj = spawn.resources.insists_on_oom_score_adj,
                       .home = opened_.group()};
  for (const std::string& word : watch.probe.argv) request.argv.push_back(with_addresses(word, opened_));
  for (const std::string& variable : spawn.env) {
    if (!is_for_the_process_only(variable)) request.env.push_back(with_addresses(variable, opened_));
  }
  return request;
}

void Prober::forgive() {
  for (const Watched& watch : watches_) {
    if (!watch || watch->over()) continue;
    const bool guarded = watch->stage == Watch::Stage::kReady && watch->probe.kind == ProbeKind::kWatchdog;
    if (guarded) feed_watchdog(watch);
    if (const auto attempt = std::exchange(watch->attempt, nullptr)) {
      attempt->cancel();
      ask(watch);
    }
  }
}

}  // namespace procgraph
