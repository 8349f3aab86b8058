#include "supervise/loop.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "procgraph/admin.h"

namespace procgraph {
namespace {

constexpr int kNotFound = 127, kNotExecutable = 126, kOperatingSystem = 71;

int exit_code(const SpawnError& error) {
  if (error.step != "exec") return kOperatingSystem;
  return error.code == ENOENT ? kNotFound : kNotExecutable;
}

// What the machine may have again in a moment.
bool passing(const SpawnError& error) {
  if (error.step == "exec" || error.ran) return false;
  return error.code == EAGAIN || error.code == ENOMEM || error.code == EMFILE || error.code == ENFILE;
}

}  // namespace

Loop::Loop(const Plan& plan, Opened& opened, Journal& reporter, const RunOptions& options, Fd signals)
    : plan_(plan),
      opened_(opened),
      signals_(io_, signals.release()),
      cast_(make_cast(plan, options)),
      situation_(make_situation(cast_)),
      ends_(plan, cast_, opened),
      observer_(plan, opened, options.shown_pid),
      logs_(io_, plan, reporter),
      narrator_(plan, cast_, reporter, logs_, options.shown_pid),
      outflow_(io_, reporter,
               {.hold = [this](LogStream stream, bool held) { logs_.hold(stream, held); },
                .lost = [this](int error) { lose_stdout(error); },
                .empty =
                    [this] {
                      if (outcome_) io_.stop();
                    }}),
      leftovers_(io_, {.over = [this](SpawnId id) { empty(id); },
                       .started =
                           [this](pid_t pid) {
                             return by_pid_.contains(pid) || (prober_ && prober_->has_command(pid));
                           }}),
      attendant_(plan, opened,
                 {.dead =
                      [this](ChannelId channel, const DeadFact& fact) {
                        narrator_.died(channel, fact);
                        heard_.emplace_back(event::Died{channel});
                      },
                  .overdue =
                      [this](ChannelId channel, SpawnId spawn) {
                        narrator_.overdue(channel, spawn);
                        heard_.emplace_back(event::Overdue{spawn});
                      },
                  .finished = [this](ChannelId channel) { heard_.emplace_back(event::Finished{channel}); }}),
      live_(plan.spawns.size()) {
  if (plan.roster.valid()) {
    bell_.emplace(io_, opened.roster(), [this] {
      attendant_.notice_all();
      attend();
    });
    numbers_.emplace(plan);
    registrar_.emplace(
        io_, plan, *numbers_,
        Registrar::Hears{
            .spawn_of = [this](pid_t first) { return spawn_of(first); },
            .came = [this](SpawnId id, std::uint16_t number, pid_t pid) { come(id, number, pid); },
            .gone = [this](SpawnId id, std::uint16_t number) { go(id, number); }});
  }
  situation_.dice = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  logs_.on_read([this] { outflow_.soon(); });
  if (std::ranges::any_of(plan.spawns, [](const Spawn& spawn) { return spawn.ready || spawn.health; }))
    hear_readiness();
  if (options.manager != nullptr && options.manager->fd)
    announcer_.emplace(io_, *options.manager, plan.spawns.size());
  narrator_.begin(options.containment, options.because);
  open_door(reporter, options);
  if (plan.can_hang) watch_for_deadlocks();
}

void Loop::hear_readiness() {
  prober_.emplace(
      io_, plan_, opened_,
      Prober::Hears{
          .ready = [this](SpawnId id) { tell(event::Ready{id}); },
          .unhealthy =
              [this](SpawnId id) {
                narrator_.unhealthy(id);
                tell(event::Unhealthy{id});
              },
          .patience =
              [this](SpawnId id, Duration more) {
                narrator_.patience(id, more, clock_.now());
                tell(event::Patience{id, more});
              },
          .trouble = [this](SpawnId id, std::string text) { narrator_.trouble(id, std::move(text)); },
          .status =
              [this](SpawnId id, std::string_view text) {
                narrator_.status(id, text);
                outflow_.soon();
              }});
  logs_.on_line([this](SpawnId id, std::string_view text) { prober_->line(id, text); });
}

Outcome Loop::run() {
  wait_for_signals();
  boost::asio::post(io_, [this] { tell(event::Begin{}); });
  io_.run();
  return *outcome_;
}

// Actions may lead to events; these wait until the actions before them are done.
void Loop::tell(Event event) {
  events_.push_back(std::move(event));
  if (std::exchange(telling_, true)) return;
  while (!events_.empty()) {
    const Event next = std::move(events_.front());
    events_.pop_front();
    for (const Action& action : step(cast_, situation_, next, clock_.now()))
      std::visit([this](const auto& what) { perform(what); }, action);
    if (outcome_) continue;
    attendant_.look();  // what a dead process leaves in a channel is heard before its end is settled
    events_.insert(events_.begin(), heard_.begin(), heard_.end());
    heard_.clear();
  }
  telling_ = false;
  if (announcer_) announcer_->look(situation_);
  set_timer();
  set_attendance();
  outflow_.soon();
}

void Loop::attend() {
  if (outcome_) return;
  attendant_.look();
  for (Event& event : std::exchange(heard_, {})) tell(std::move(event));
  set_attendance();
}

void Loop::set_attendance() {
  const auto next = attendant_.next();
  if (next == attendance_is_set_) return;
  attendance_is_set_ = next;
  if (!next) {
    attendance_.cancel();
    return;
  }
  attendance_.expires_at(*next);
  attendance_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    attendance_is_set_.reset();
    attendant_.notice_due();
    attend();
  });
}

void Loop::set_timer() {
  const auto next = deadline(situation_);
  if (next == timer_is_set_) return;
  timer_is_set_ = next;
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(clock_.at(*next));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    timer_is_set_.reset();
    tell(event::Time{});
  });
}

// One start per turn, so that signals and logs are heard between ten thousand of them.
void Loop::perform(const action::Launch& action) {
  launches_.push_back(action.spawn);
  if (launches_.size() == 1) boost::asio::post(io_, [this] { launch_next(); });
}

void Loop::launch_next() {
  const SpawnId id = launches_.front();
  if (wanted(situation_, id)) start(id);
  launches_.pop_front();
  if (!launches_.empty()) boost::asio::post(io_, [this] { launch_next(); });
}

void Loop::start(SpawnId id) {
  Result<Logs::Pipes> pipes = logs_.open(id);
  if (!pipes) return refuse(id, {"pipe2", pipes.error().code}, pipes.error().text());
  Result<ReadyEnds> ready = prober_ ? prober_->prepare(id) : ReadyEnds{};
  if (!ready) return refuse(id, {ready.error().what, ready.error().code}, ready.error().text());
  auto launched =
      launch(plan_.at(id), opened_, pipes->ends(), registrar_ ? registrar_->address() : "", *ready, ending_);
  if (const auto* error = std::get_if<SpawnError>(&launched)) {
    if (prober_) prober_->leave(id);
    if (error->ran) recover(id);
    return refuse(id, *error, explain(*error, plan_.at(id)));
  }
  Child& child = std::get<Child>(launched);
  by_pid_.emplace(child.pid, id);
  narrator_.started(id, child.pid, clock_.now());
  const pid_t pid = child.pid;
  live_[id.value] = {std::move(child), pid};
  logs_.follow(id, std::move(*pipes));
  tell(event::Started{id});
}

void Loop::refuse(SpawnId id, const SpawnError& error, std::string explanation) {
  narrator_.refused(id, std::move(explanation));
  tell(event::Refused{id, passing(error), exit_code(error)});
}

// Until it is reaped its number cannot be anybody else's, so its process group can be named by it. Who left
// that group is found when the first process has gone.
void Loop::perform(const action::Ask& action) {
  const Live& live = live_[action.spawn.value];
  if (live.child.pid < 0) return;  // its end is about to be told
  narrator_.asked(action.spawn);
  send_signal(live.child.pidfd.get(), action.signal);
  ::kill(-live.child.pid, SIGCONT);
}

void Loop::perform(const action::Kill& action) {
  const Live& live = live_[action.spawn.value];
  if (live.child.pid < 0) return;
  narrator_.asked(action.spawn);
  ::kill(-live.child.pid, SIGKILL);
}

void Loop::perform(const action::Sweep& action) {
  leftovers_.sweep(action.spawn, family(action.spawn), action.signal);
}

void Loop::perform(const action::Inspect& action) {
  const std::vector<pid_t> pids = hanging_members(family(action.spawn), leftovers_.orphans());
  if (pids.empty()) return;
  narrator_.hangs(action.spawn, pids);
  tell(event::Hangs{action.spawn});
}

Family Loop::family(SpawnId id) const {
  return {.first = live_[id.value].session, .group = opened_.own_group(plan_.at(id))};
}

void Loop::perform(const action::LetGo& action) {
  Live& live = live_[action.spawn.value];
  if (live.child.pid >= 0) by_pid_.erase(live.child.pid);
  live.child = {};
  leftovers_.forget(action.spawn);
  logs_.finish(action.spawn);
}

void Loop::perform(const action::LookAtPorts& action) {
  if (registrar_) {
    registrar_->for_each_of(action.spawn,
                            [&](std::uint16_t number) { ends_.share_opened(action.spawn, number); });
  }
  const std::vector<PortId> unopened = ends_.unopened(action.spawn);
  if (unopened.empty()) return;
  narrator_.unopened(action.spawn, unopened, !ends_.opens(action.spawn));
  tell(event::Unopened{action.spawn});
}

void Loop::perform(const action::AwaitReady& action) {
  logs_.await_line(action.spawn, plan_.at(action.spawn).ready->kind == ProbeKind::kLog);
  prober_->await_ready(action.spawn, live_[action.spawn.value].session);
}

void Loop::perform(const action::Ready& action) {
  logs_.await_line(action.spawn, false);
  if (plan_.at(action.spawn).ready) narrator_.ready(action.spawn, clock_.now());
  prober_->watch_health(action.spawn, live_[action.spawn.value].session);
}

void Loop::perform(const action::AskNoMore& action) {
  logs_.await_line(action.spawn, false);
  prober_->leave(action.spawn);
}

void Loop::recover(SpawnId id) {
  narrator_.recovered(id, 0, ends_.reap(id));
}

void Loop::perform(const action::Reap& action) {
  recover(action.spawn);
  look_after_channels_of(action.spawn);
}

// Those of its processes that are dead too give back what they held before anybody judges what is left.
void Loop::empty(SpawnId id) {
  logs_.finish(id);
  event::Empty event{id};
  if (cast_.at(cast_.owner(id)).returns()) {
    if (registrar_) registrar_->bury(id);
    event.unread = ends_.unread(id);
    event.ended = ends_.ended(id);
  }
  tell(event);
}

void Loop::look_after_channels_of(SpawnId id) {
  for (const ChannelId channel : look_for_poison(id)) tell(event::Poisoned{channel});
  const Role& role = cast_.at(cast_.owner(id));
  for (const ChannelId channel : role.reads) attendant_.notice(channel);
  for (const ChannelId channel : role.writes) attendant_.notice(channel);
}

// Of one that has ended nobody comes any more: the others have been told.
SpawnId Loop::spawn_of(pid_t first) const {
  for (const Spawn& spawn : plan_.spawns) {
    const bool its = live_[spawn.id.value].session == first && first > 0;
    if (its && !life::over(situation_.at(spawn.id).life)) return spawn.id;
  }
  return {};
}

void Loop::come(SpawnId id, std::uint16_t number, pid_t pid) {
  register_participant(opened_.roster(), number, pid, 0);
  attendant_.join(id, number);
  narrator_.joined(id, number, pid);
  outflow_.soon();
}

void Loop::go(SpawnId id, std::uint16_t number) {
  narrator_.recovered(id, number, ends_.reap_guest(id, number));
  narrator_.left(id, number);
  look_after_channels_of(id);
  attend();
  attendant_.leave(number);
}

// Those of its processes that are dead too give back what they held before anybody hears of an end.
void Loop::perform(const action::WriterGone& action) {
  if (registrar_) registrar_->bury(action.spawn);
  ends_.writer_gone(action.spawn);
}
void Loop::perform(const action::ReaderGone& action) {
  if (registrar_) registrar_->bury(action.spawn);
  ends_.reader_gone(action.spawn);
}
void Loop::perform(const action::EndWriters& action) {
  ends_.end_of_writers(action.channel);
  attendant_.notice(action.channel);
}
void Loop::perform(const action::EndReaders& action) {
  ends_.end_of_readers(action.channel);
  attendant_.notice(action.channel);
}
void Loop::perform(const action::Release& action) {
  opened_.release(plan_.at(action.spawn));
}
void Loop::perform(const action::Restarting& action) {
  const std::string told = narrator_.restarting(action, ends_.unread_bytes(action.end.spawn));
  if (announcer_) announcer_->status(told);
}
void Loop::perform(const action::Recalled& action) {
  narrator_.recalled(action);
}
void Loop::perform(const action::Dismissed& action) {
  narrator_.dismissed(action);
}
void Loop::perform(const action::Failed& action) {
  const std::string told = narrator_.failed(action);
  if (announcer_) announcer_->status(told);
}
void Loop::perform(const action::Skipped& action) {
  narrator_.skipped(action);
}
void Loop::perform(const action::Stopping& action) {
  if (deadlocks_) deadlocks_->stop();  // the grace is watch enough
  narrator_.stopping(action);
  if (announcer_) announcer_->stopping(procgraph::stopping(action.reason, action.signal));
}

// Nobody but those that start finally is started from here on.
void Loop::perform(const action::Finale& action) {
  ending_ = environment_of(action.ending, plan_.graph);
  narrator_.finale(action);
}

void Loop::perform(const action::Done& action) {
  narrator_.done(action, situation_, opened_, clock_.now());
  if (announcer_) announcer_->over();
  if (deadlocks_) deadlocks_->stop();
  outcome_ = Outcome{.code = action.code, .signal = action.signal};
  see_off();
  outflow_.now();
  // Who forces the end does not wait for a reader of our output either.
  if (situation_.stop.forced) io_.stop();
}

std::vector<ChannelId> Loop::look_for_poison(SpawnId id) {
  std::vector<ChannelId> channels = ends_.channels_of(id);
  std::erase_if(channels, [&](ChannelId channel) { return !look_for_poison(channel); });
  return channels;
}

bool Loop::look_for_poison(ChannelId channel) {
  const auto poison = ends_.poisoned(channel);
  if (poison) narrator_.poisoned(channel, *poison);
  return poison.has_value();
}

void Loop::lose_stdout(int error) {
  narrator_.output_lost(std::strerror(error));
  if (!outcome_) return tell(event::StdoutLost{error});
  if (outcome_->code == 0 && outcome_->signal == 0 && error == EPIPE) outcome_->signal = SIGPIPE;
}

}  // namespace procgraph
