#include "supervise/narrator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "os/process.h"

namespace procgraph {
namespace {

constexpr std::chrono::seconds kPatience{10};  // at the end, with a disk that hangs

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string_view name(Verdict verdict) {
  constexpr std::array<std::string_view, 7> kNames{"unknown", "late",   "succeeded", "cut off",
                                                   "stopped", "failed", "skipped"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace

Narrator::Narrator(const Plan& plan, const Cast& cast, Reporter& reporter, const Logs& logs,
                   std::function<pid_t(pid_t)> shown_pid)
    : plan_(plan),
      cast_(cast),
      reporter_(reporter),
      logs_(logs),
      shown_pid_(std::move(shown_pid)),
      facts_(plan.spawns.size()),
      letters_(plan.graph.channels.size()) {}

void Narrator::begin(const std::string& containment, const std::string& because) {
  const Graph& graph = plan_.graph;
  reporter_.news(fmt::format("{}: {}, {}; containment: {}{}", graph.name,
                             procgraph::count(plan_.spawns.size(), "process", "processes"),
                             procgraph::count(graph.channels.size(), "channel", "channels"), containment,
                             because.empty() ? "" : fmt::format(" ({})", because)));
  const std::array<Field, 2> fields{Field{"graph", std::string_view(graph.name)},
                                    Field{"containment", std::string_view(containment)}};
  reporter_.event("begin", "", fields);
}

void Narrator::started(SpawnId id, pid_t pid, Instant now) {
  facts_[id.value] = {.began = now};
  const pid_t number = shown(pid);
  reporter_.news(fmt::format("{} started (pid {})", label(id), number));
  const std::array<Field, 1> fields{Field{"pid", std::int64_t{number}}};
  reporter_.event("started", label(id), fields);
}

void Narrator::ready(SpawnId id, Instant now) {
  const Duration took = now - facts_[id.value].began;
  reporter_.news(fmt::format("{} is ready, after {:.3f} s", label(id), seconds(took)));
  const std::array<Field, 1> fields{Field{"milliseconds", std::int64_t{took / std::chrono::milliseconds(1)}}};
  reporter_.event("ready", label(id), fields);
}

void Narrator::unhealthy(SpawnId id) {
  const std::array<Field, 1> fields{Field{"reason", std::string_view(facts_[id.value].trouble)}};
  reporter_.event("unhealthy", label(id), fields);
}

// Nothing holds a process back that says much of itself: what people do not read in time, they are not told.
void Narrator::status(SpawnId id, std::string_view text) {
  constexpr std::size_t kUnread = 64 << 10;
  std::string& status = facts_[id.value].status;
  if (std::string now = escape(text); now != std::exchange(status, now) && reporter_.pending() < kUnread)
    reporter_.news(fmt::format("{}: {}", label(id), now));
}

void Narrator::patience(SpawnId id, Duration more, Instant now) {
  Facts& facts = facts_[id.value];
  facts.patience = std::max(facts.patience, now - facts.began + more);
}

void Narrator::refused(SpawnId id, std::string explanation) {
  facts_[id.value].explanation = std::move(explanation);
}

void Narrator::exited(SpawnId id, const Exit& exit, std::string limit, Instant now) {
  Facts& facts = facts_[id.value];
  facts.exit = exit;
  facts.limit = std::move(limit);
  const Duration ran = now - facts.began;
  reporter_.news(fmt::format("{} ended: {}, after {:.3f} s", label(id), how(exit), seconds(ran)));
  const std::string signal = exit.signal != 0 ? signal_name(exit.signal) : "";
  std::vector<Field> fields;
  if (exit.signal != 0) {
    fields.push_back({"signal", std::string_view(signal)});
  } else {
    fields.push_back({"code", std::int64_t{exit.code}});
  }
  if (!facts.limit.empty()) fields.push_back({"limit", std::string_view(facts.limit)});
  fields.push_back({"milliseconds", std::int64_t{ran / std::chrono::milliseconds(1)}});
  reporter_.event("exited", label(id), fields);
}

void Narrator::stopped(SpawnId id, int signal) {
  facts_[id.value].stopped_by = signal;
  ++words_;
  reporter_.warning(was_stopped(label(id), signal));
}

void Narrator::hangs(SpawnId id, std::span<const pid_t> pids) {
  std::vector<pid_t> numbers;
  std::ranges::transform(pids, std::back_inserter(numbers), [this](pid_t pid) { return shown(pid); });
  std::vector<Field> fields;
  for (const pid_t pid : numbers) fields.push_back({"pid", std::int64_t{pid}});
  reporter_.event("hangs", label(id), fields);
  ++words_;
  reporter_.warning(procgraph::hangs(label(id), numbers));
}

void Narrator::unopened(SpawnId id, const std::vector<PortId>& ports, bool plain) {
  std::vector<std::string> names;
  for (const PortId port : ports) {
    names.push_back(plan_.graph.at(port).name);
    const std::string& channel = plan_.graph.at(plan_.graph.at(port).channel).name;
    const std::array<Field, 2> fields{Field{"port", std::string_view(names.back())},
                                      Field{"channel", std::string_view(channel)}};
    reporter_.event("port_unopened", label(id), fields);
  }
  ++words_;
  const std::string instead = plain ? streams_instead(plan_.graph, ports) : "";
  reporter_.warning(never_opened(label(id), names) + (instead.empty() ? "" : "; ") + instead);
}

std::string Narrator::holder(std::uint16_t participant) const {
  if (participant == 0) return "procgraph";
  if (outsiders_.contains(participant)) return "a program outside";
  if (const auto guest = guests_.find(participant); guest != guests_.end()) return label(guest->second);
  const auto found = std::ranges::find(plan_.spawns, participant, &Spawn::participant);
  return found == plan_.spawns.end() ? "nobody of this graph" : found->label;
}

void Narrator::joined(SpawnId id, std::uint16_t participant, pid_t pid) {
  guests_[participant] = id;
  outsiders_.erase(participant);
  const std::array<Field, 2> fields{Field{"pid", std::int64_t{shown(pid)}},
                                    Field{"participant", std::int64_t{participant}}};
  reporter_.event("joined", label(id), fields);
}

void Narrator::left(SpawnId id, std::uint16_t participant) {
  const std::array<Field, 1> fields{Field{"participant", std::int64_t{participant}}};
  reporter_.event("left", label(id), fields);
}

void Narrator::poisoned(ChannelId id, const Poisoning& poison) {
  const Channel& channel = plan_.graph.at(id);
  const std::string finder = holder(poison.finder);
  std::vector<PortId> ports = channel.writers;
  ports.insert(ports.end(), channel.readers.begin(), channel.readers.end());
  std::vector<std::string> names = process_names(plan_.graph, ports);
  if (channel.outside.any()) names.emplace_back("a program outside");
  const auto [place, first] = poisonings_.try_emplace(
      id, fmt::format("{} (found by {}; written by one of {})", poison.reason, finder, join(names, ", ")));
  if (!first) return;
  const std::array<Field, 3> fields{Field{"channel", std::string_view(channel.name)},
                                    Field{"reason", poison.reason},
                                    Field{"found_by", std::string_view(finder)}};
  reporter_.event("channel_poisoned", "", fields);
}

std::string Narrator::why(const Failure& failure) const {
  if (failure.channel.valid()) return why_of_channel(failure);
  if (!failure.spawn.valid())
    return procgraph::why({.explanation = failure.why == Why::kDeadlock ? deadlock_ : output_,
                           .timeout = cast_.timeout.value_or(Duration{})},
                          failure.why);
  const SpawnId whole = cast_.whole(failure.spawn);
  return (whole == failure.spawn ? "" : failed_with_relay(label(whole))) + why_of_spawn(failure);
}

std::string Narrator::why_of_spawn(const Failure& failure) const {
  if (failure.why == Why::kLease) return why_overdue(failure);
  const Facts& facts = facts_[failure.spawn.value];
  return procgraph::why({.label = label(failure.spawn),
                         .exit = facts.exit,
                         .explanation = failure.why == Why::kExit ? facts.limit : facts.explanation,
                         .stopped_by = facts.stopped_when_asked,
                         .timeout = time_of(failure),
                         .trouble = facts.status.empty()
                                        ? facts.trouble
                                        : fmt::format("{}; its status: {}", facts.trouble, facts.status)},
                        failure.why) +
         after(failure);
}

// What it had cost before, and what is left.
std::string Narrator::after(const Failure& failure) const {
  const Role& role = cast_.at(cast_.owner(failure.spawn));
  return after_restarts(failure, role.restart) + copies_left(failure, role);
}

// How long it had.
Duration Narrator::time_of(const Failure& failure) const {
  const Role& role = cast_.at(cast_.owner(failure.spawn));
  if (failure.why != Why::kReady) return role.timeout.value_or(Duration{});
  return std::max(role.ready.value_or(Duration{}), facts_[failure.spawn.value].patience);
}

std::string Narrator::named(ChannelId id) const {
  return title(plan_.graph, plan_.graph.at(id));
}

std::string Narrator::why_of_channel(const Failure& failure) const {
  const ChannelId id = failure.channel;
  const auto poisoning = poisonings_.find(id);
  return procgraph::why({.label = named(id),
                         .channel = named(id),
                         .explanation = failure.why == Why::kDeadMessage ? dead_message_
                                        : poisoning != poisonings_.end() ? poisoning->second
                                                                         : "",
                         .letters = letters_[id.value]},
                        failure.why);
}

std::string Narrator::why_overdue(const Failure& failure) const {
  const Facts& facts = facts_[failure.spawn.value];
  const auto& timeout = plan_.graph.at(facts.overdue).policies.lease_timeout;
  return procgraph::why({.label = label(failure.spawn),
                         .channel = named(facts.overdue),
                         .stopped_by = facts.stopped_when_asked,
                         .timeout = timeout ? timeout->value : Duration{}},
                        failure.why) +
         after(failure);
}

void Narrator::died(ChannelId channel, const DeadFact& fact) {
  ++letters_[channel.value];
  const std::string text = procgraph::died(named(channel), fact);
  const ChannelId target = plan_.graph.at(channel).dead_letter;
  const std::string_view where = target.valid() ? std::string_view(plan_.graph.at(target).name) : "";
  const std::array<Field, 5> fields{Field{"queue", std::string_view(plan_.graph.at(channel).name)},
                                    Field{"sequence", static_cast<std::int64_t>(fact.sequence)},
                                    Field{"deliveries", std::int64_t{fact.deliveries}},
                                    Field{"cause", fact.cause}, Field{"dead_letter", where}};
  reporter_.event("died", fact.process, fields);
  if (!target.valid()) {
    dead_message_ = text;
    return;
  }
  ++words_;
  reporter_.warning(fmt::format("{}; it is in {} now", text, named(target)));
}

std::string Narrator::restarting(const action::Restarting& action,
                                 const std::vector<ChannelEnds::Unread>& unread) {
  const SpawnId id = action.end.spawn;
  std::string text = action.failed ? why(action.end) : ended(label(id), facts_[id.value].exit);
  text += restarted(action, cast_.at(cast_.owner(id)).restart);
  std::uint64_t bytes = 0;
  for (const ChannelEnds::Unread& pipe : unread) {
    if (pipe.bytes > 0) text += procgraph::unread(named(pipe.channel), pipe.bytes);
    bytes += pipe.bytes;
  }
  std::vector<Field> fields{{"restarts", std::int64_t{action.restarts}},
                            {"milliseconds", std::int64_t{action.wait / std::chrono::milliseconds(1)}}};
  if (!unread.empty()) fields.push_back({"unread", static_cast<std::int64_t>(bytes)});
  fields.push_back({"message", std::string_view(text)});
  reporter_.event("restarting", label(id), fields);
  ++words_;
  reporter_.warning(text);
  return text;
}

std::string Narrator::failed(const action::Failed& action) {
  const Failure& failure = action.failure;
  std::string text = why(failure).append(consequence(action.effect));
  const std::array<Field, 3> fields{Field{"code", std::int64_t{failure.code}},
                                    Field{"effect", name(action.effect)},
                                    Field{"message", std::string_view(text)}};
  reporter_.event("failed", failure.spawn.valid() ? label(cast_.whole(failure.spawn)) : "", fields);
  if (action.effect == Effect::kIgnored) {
    reporter_.news(text);
    return text;
  }
  ++words_;
  // Of a run that stops for another reason the first failure is its outcome all the same.
  const bool later = told_ != 0 && told_ < failure.order;
  if ((action.effect == Effect::kStopping && later) || action.effect == Effect::kSpared) {
    reporter_.warning(text);
    return text;
  }
  reporter_.error(text);
  if (later) return text;
  told_ = failure.order;
  told_at_ = said();
  return text;
}

void Narrator::skipped(const action::Skipped& action) {
  const Graph& graph = plan_.graph;
  const std::string& process = graph.at(action.process).name;
  if (action.because.valid()) {
    reporter_.news(fmt::format("{} is skipped: what it needs of '{}' can no longer come true", process,
                               graph.at(action.because).name));
  } else {
    reporter_.news(fmt::format("{} is skipped", process));
  }
  reporter_.event("skipped", process, {});
}

void Narrator::stopping(const action::Stopping& action) {
  const std::array<Field, 1> fields{Field{"reason", name(action.reason)}};
  reporter_.event("stopping", "", fields);
  const std::string text = procgraph::stopping(action.reason, action.signal);
  if (action.reason != Reason::kSignal && action.reason != Reason::kForced) return reporter_.news(text);
  ++words_;
  reporter_.warning(text);
}

void Narrator::finale(const action::Finale& action) {
  const Ending& ending = action.ending;
  const std::string failed = join(names(ending.failed, plan_.graph), " ");
  const std::array<Field, 3> fields{Field{"result", name(ending.how)},
                                    Field{"code", std::int64_t{ending.code}},
                                    Field{"failed", std::string_view(failed)}};
  reporter_.event("finally", "", fields);
  reporter_.news(fmt::format("everything has ended ({}, exit code {}); what starts finally is next",
                             name(ending.how), ending.code));
}

void Narrator::done(const action::Done& action, const Situation& situation, const Opened& opened,
                    Instant now) {
  if (situation.first) final_failure(*situation.first);
  tell_of_channels(opened, action, situation);
  summary(situation, now);
  const std::array<Field, 1> fields{action.signal != 0 ? Field{"signal", std::int64_t{action.signal}}
                                                       : Field{"code", std::int64_t{action.code}}};
  reporter_.event("done", "", fields);
  // Who forces the end does not wait for a disk either.
  reporter_.finish(situation.stop.forced ? std::chrono::seconds(0) : kPatience);
}

// A run that fails ends with which process, how, and its last words; not twice in a row.
void Narrator::final_failure(const Failure& failure) {
  if (told_ != failure.order || said() != told_at_) reporter_.error(why(failure));
  if (!failure.spawn.valid() || logs_.last_words(failure.spawn).empty()) return;
  reporter_.error("  its last words:\n" + logs_.last_words(failure.spawn).text());
}

// All counters, for machines; those that are not nothing, for people who ask.
void Narrator::count(const Channel& channel, const ChannelSample& now) {
  const std::string text = counters(title(plan_.graph, channel), now);
  if (!text.empty()) reporter_.news(text);
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  // What every kind counts comes first.
  constexpr std::size_t kCommon = 10;
  const std::array<Field, 15> fields{Field{"channel", std::string_view(channel.name)},
                                     Field{"put", number(now.put)},
                                     Field{"got", number(now.got)},
                                     Field{"acknowledged", number(now.acknowledged)},
                                     Field{"redelivered", number(now.redelivered)},
                                     Field{"missed", number(now.missed)},
                                     Field{"waiting", number(now.waiting)},
                                     Field{"leased", number(now.leased)},
                                     Field{"bytes", number(now.bytes)},
                                     Field{"expired", number(now.expired)},
                                     Field{"dead", number(now.dead)},
                                     Field{"dropped", number(now.dropped)},
                                     Field{"refused", number(now.refused)},
                                     Field{"deepest", number(now.deepest)},
                                     Field{"blocked_ns", std::int64_t{now.blocked.count()}}};
  reporter_.event("counters", "", std::span(fields).first(channel.kind->to_each ? kCommon : fields.size()));
}

// All of them, for there are some.
bool Narrator::were_cut_off(const std::vector<PortId>& readers, const Situation& situation) const {
  return std::ranges::all_of(plan_.spawns, [&](const Spawn& spawn) {
    const bool reads = std::ranges::any_of(
        readers, [&](PortId reader) { return plan_.graph.at(reader).process == spawn.process; });
    return !reads || situation.at(spawn.id).verdict == Verdict::kCutOff;
  });
}

// That a reader has enough is no news to those who wrote the graph; that a message came back and nobody was
// there to take it is, and so are dead letters.
void Narrator::tell_of_channels(const Opened& opened, const action::Done& end, const Situation& situation) {
  for (const Channel& channel : plan_.graph.channels) {
    if (channel.kind->sample == nullptr || poisonings_.contains(channel.id)) continue;
    const ChannelSample now = channel.kind->sample(opened.live(channel.id));
    count(channel, now);
    const std::uint64_t messages = now.waiting + now.leased;
    if (now.parked > 0 && channel.dead_letter.valid()) {
      const std::string text = kept(title(plan_.graph, channel), now.parked, named(channel.dead_letter));
      end.code != 0 ? reporter_.error(text) : reporter_.warning(text);
    }
    if (messages == 0) continue;
    const std::string text = procgraph::left_over(title(plan_.graph, channel), messages, now.redelivered);
    if (end.code != 0) {
      reporter_.error(text);
    } else if (end.signal != 0 || channel.takes_letters ||
               (now.redelivered > 0 && !were_cut_off(channel.readers, situation))) {
      reporter_.warning(text);
    } else {
      reporter_.news(text);
    }
  }
}

// "; 5 restarts (parse.0: 2, parse.2: 3)".
std::string Narrator::restarts(const Situation& situation) const {
  constexpr std::size_t kShown = 8;
  std::uint64_t all = 0;
  std::vector<std::string> parts;
  for (const Spawn& spawn : plan_.spawns) {
    const std::uint32_t its = situation.at(spawn.id).lives.restarts;
    if (its == 0) continue;
    all += its;
    if (parts.size() <= kShown)
      parts.push_back(parts.size() < kShown ? fmt::format("{}: {}", spawn.label, its) : "…");
  }
  if (all == 0) return {};
  return fmt::format("; {} ({})", procgraph::count(all, "restart", "restarts"), join(parts, ", "));
}

void Narrator::summary(const Situation& situation, Instant now) {
  std::array<std::size_t, 7> verdicts{};
  for (const SpawnState& spawn : situation.spawns) ++verdicts[static_cast<std::size_t>(spawn.verdict)];
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i] == 0) continue;
    parts.push_back(fmt::format("{} {}", format_count(verdicts[i]), name(static_cast<Verdict>(i))));
  }
  reporter_.news(fmt::format("{} ran for {:.3f} s: {}{}", plan_.graph.name, seconds(now), join(parts, ", "),
                             restarts(situation)));
}

void Narrator::status(const Situation& situation, Instant now, const std::string& waits) {
  std::string text = fmt::format("{} has run for {:.3f} s", plan_.graph.name, seconds(now));
  for (const Spawn& spawn : plan_.spawns) {
    const SpawnState& state = situation.at(spawn.id);
    const bool over = life::over(state.life) && state.verdict != Verdict::kNone;
    text += fmt::format("\n{}: {}", spawn.label, over ? name(state.verdict) : life::name(state.life));
    if (const std::uint32_t restarts = state.lives.restarts; restarts > 0)
      text += fmt::format(", restarted {}", procgraph::count(restarts, "time", "times"));
    if (state.life == life::State::kRunning && !state.ready) text += ", not ready";
    if (facts_[spawn.id.value].stopped_by != 0)
      text += fmt::format(", stopped by {}", signal_name(facts_[spawn.id.value].stopped_by));
  }
  if (!waits.empty()) text += "\n" + waits;
  ++words_;
  reporter_.warning(text);
}

}  // namespace procgraph
