// Scene: a cast made up by name, and the brain's actions as text with these names. The test plays the
// processes.
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <initializer_list>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "supervise/step.h"

namespace procgraph {

using namespace std::chrono_literals;

struct Actor {
  std::string name;
  std::vector<std::string> reads{}, writes{};
  std::vector<std::pair<std::string, Condition>> after{};
  std::vector<std::pair<std::string, Condition>> with{};  // the same, and it is started again with them
  Role role{};                                            // what is not named above or below
  std::string group{};                                    // those of one name start together; empty: alone
};

class Scene {
 public:
  Scene(const std::vector<Actor>& actors, Cast more) : cast_(std::move(more)) {
    std::map<std::string, std::uint32_t> groups;
    for (const Actor& actor : actors) names_.push_back(actor.name);
    for (const Actor& actor : actors) {
      Role& role = cast_.roles.emplace_back(actor.role);
      role.first = spawns_;
      spawns_ += role.count;
      for (const auto& name : actor.reads) role.reads.push_back(channel(name));
      for (const auto& name : actor.writes) role.writes.push_back(channel(name));
      for (const auto& [name, condition] : actor.after) role.needs.push_back({process(name), condition});
      for (const auto& [name, condition] : actor.with) role.needs.push_back({process(name), condition, true});
      const std::string group = actor.group.empty() ? actor.name : actor.group;
      role.group = groups.emplace(group, static_cast<std::uint32_t>(groups.size())).first->second;
    }
    complete(cast_, channels_.size());
    situation_ = make_situation(cast_);
  }

  // Before begin(): dead messages of `from` go to `to`.
  Scene& dead_letters(const std::string& from, const std::string& to, bool fail = false) {
    const ChannelId source = channel(from), target = channel(to);
    cast_.edges.resize(channels_.size());
    cast_.edges[source.value].dead_letter = target;
    cast_.edges[source.value].letters_fail = fail;
    ++cast_.edges[target.value].feeders;
    situation_ = make_situation(cast_);
    return *this;
  }
  // Before begin(): programs outside the graph may write the channel, or read it.
  Scene& outside(const std::string& name, bool writes, bool reads) {
    cast_.edges[channel(name).value].outside_writes = writes;
    cast_.edges[channel(name).value].outside_reads = reads;
    situation_ = make_situation(cast_);
    return *this;
  }
  Scene& overdue(const std::string& name) { return tell(event::Overdue{spawn(name)}); }
  Scene& ready(const std::string& name) { return tell(event::Ready{spawn(name)}); }
  Scene& unhealthy(const std::string& name) { return tell(event::Unhealthy{spawn(name)}); }
  Scene& patience(const std::string& name, Duration more) { return tell(event::Patience{spawn(name), more}); }
  Scene& died(const std::string& name) { return tell(event::Died{channel(name)}); }
  Scene& finished(const std::string& name) { return tell(event::Finished{channel(name)}); }

  Scene& begin() { return tell(event::Begin{}); }
  // Every launch that was ordered and not withdrawn has happened.
  Scene& start_all() {
    while (!ordered_.empty()) {
      const SpawnId id = ordered_.front();
      ordered_.erase(ordered_.begin());
      if (wanted(situation_, id)) tell(event::Started{id});
    }
    return *this;
  }
  Scene& started(const std::string& name) { return tell(event::Started{unordered(name)}); }
  Scene& refused(const std::string& name, int code) {
    return tell(event::Refused{unordered(name), false, code});
  }
  Scene& try_later(const std::string& name) { return tell(event::Refused{unordered(name), true, 71}); }
  // Its first process ends and leaves nothing behind.
  Scene& exits(const std::string& name, int code) { return ends(name, {.code = code}); }
  Scene& dies(const std::string& name, int signal) { return ends(name, {.signal = signal}); }
  Scene& ends(const std::string& name, Exit exit) {
    leaves(name, exit);
    std::erase_if(said_, [](const std::string& line) { return line.starts_with("sweep"); });
    return empty(name);
  }
  Scene& leaves(const std::string& name, Exit exit) { return tell(event::Exited{spawn(name), exit}); }
  Scene& empty(const std::string& name) { return tell(event::Empty{spawn(name)}); }
  Scene& hangs(const std::string& name) { return tell(event::Hangs{spawn(name)}); }
  Scene& dies_of_poison(const std::string& name, const std::string& channel_name) {
    tell(event::Exited{spawn(name), {.signal = SIGABRT}, {channel(channel_name)}});
    std::erase_if(said_, [](const std::string& line) { return line.starts_with("sweep"); });
    return empty(name);
  }
  Scene& poisoned(const std::string& name) { return tell(event::Poisoned{channel(name)}); }
  Scene& signal(int number) { return tell(event::StopSignal{number}); }
  // Time passes; the loop's timer rings at every deadline on the way.
  Scene& wait(Duration time) {
    const Instant end = now_ + time;
    for (auto next = deadline(situation_); next && *next <= end; next = deadline(situation_)) {
      now_ = std::max(now_, *next);
      tell(event::Time{});
    }
    now_ = end;
    return *this;
  }
  Scene& tell(const Event& event) {
    for (const Action& action : step(cast_, situation_, event, now_)) {
      if (const auto* launch = std::get_if<action::Launch>(&action)) ordered_.push_back(launch->spawn);
      said_.push_back(text(action));
    }
    return *this;
  }

  // What the brain wanted since the last call, but for the bookkeeping of channels.
  std::string news() {
    return take([](std::string_view line) {
      return !line.starts_with("release") && !line.starts_with("reap") && !line.starts_with("writer gone") &&
             !line.starts_with("reader gone") && !line.starts_with("end of") && !line.starts_with("inspect");
    });
  }
  // All of it.
  std::string all() {
    return take([](std::string_view) { return true; });
  }
  // Only what happened to channels.
  std::string ends() {
    return take([](std::string_view line) { return line.starts_with("end of"); });
  }

  [[nodiscard]] bool idle() const { return !deadline(situation_); }
  [[nodiscard]] const Situation& situation() const { return situation_; }
  [[nodiscard]] Verdict verdict(const std::string& name) { return situation_.at(spawn(name)).verdict; }

  [[nodiscard]] SpawnId spawn(const std::string& name) const {
    const auto dot = name.find('.');
    const Role& role = cast_.at(process(name.substr(0, dot)));
    const unsigned long replica = dot == std::string::npos ? 0 : std::stoul(name.substr(dot + 1));
    return SpawnId{role.first + static_cast<std::uint32_t>(replica)};
  }

 private:
  [[nodiscard]] ProcessId process(const std::string& name) const {
    const auto found = std::ranges::find(names_, name);
    return ProcessId{static_cast<std::uint32_t>(found - names_.begin())};
  }
  ChannelId channel(const std::string& name) {
    const auto found = std::ranges::find(channels_, name);
    const ChannelId id{static_cast<std::uint32_t>(found - channels_.begin())};
    if (found == channels_.end()) channels_.push_back(name);
    return id;
  }
  SpawnId unordered(const std::string& name) {
    std::erase(ordered_, spawn(name));
    return spawn(name);
  }
  [[nodiscard]] std::string label(SpawnId id) const {
    const ProcessId owner = cast_.owner(id);
    const Role& role = cast_.at(owner);
    const std::string& name = names_[owner.value];
    return role.count == 1 ? name : name + '.' + std::to_string(id.value - role.first);
  }

  // "launch 3" with the name for the number.
  [[nodiscard]] std::string text(const Action& action) const {
    std::istringstream words(to_text(action));
    std::string result, word;
    for (bool named = false; words >> word;) {
      if (!result.empty()) result += ' ';
      const bool number = std::isdigit(static_cast<unsigned char>(word[0])) != 0;
      const bool process =
          result.starts_with("skipped") || result.starts_with("recalled") || result.starts_with("dismissed");
      const bool ends = result.starts_with("end of") || result.ends_with("channel ");
      const bool numbers_only =
          result.starts_with("done") || result.starts_with("dies") || result.starts_with("finale");
      if (number && (process || !named) && !numbers_only) {
        const auto value = static_cast<std::uint32_t>(std::stoul(word));
        word = ends ? channels_[value] : process ? names_[value] : label(SpawnId{value});
        named = true;
      } else if (word == "graph") {
        named = true;
      }
      result += word;
    }
    return result;
  }

  template <class Wanted>
  std::string take(Wanted wanted) {
    std::string result;
    for (const std::string& line : said_) {
      if (wanted(line)) result += (result.empty() ? "" : "; ") + line;
    }
    said_.clear();
    return result;
  }

  Cast cast_;
  Situation situation_;
  std::vector<std::string> names_, channels_;
  std::uint32_t spawns_ = 0;
  std::vector<SpawnId> ordered_;
  std::vector<std::string> said_;
  Instant now_{};
};

inline Scene play(const std::vector<Actor>& actors, Cast more = {}) {
  return {actors, std::move(more)};
}

}  // namespace procgraph
