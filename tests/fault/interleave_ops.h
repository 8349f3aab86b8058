// Two processes on one channel: what each does, and in what condition the channel is.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "interleave.h"
#include "killstep_scene.h"

namespace procgraph::testing {

inline constexpr std::uint16_t kSecondNumber = 8;
inline constexpr std::uint16_t kDead = 9;  // died before, and is to be reaped

// What one process has besides its ends.
template <class Channel>
struct Part {
  Ends& ends;
  Channel& channel;
  History& history;
  int first_id;         // of the messages that it puts
  std::uint32_t place;  // of a topic, where it reads
  std::uint16_t number;
  std::vector<Message>& held;
  std::vector<int> held_ids = {};
};

template <class Channel>
struct OpOf {
  std::string name;
  std::function<void(Part<Channel>&)> act;
  std::function<void(Part<Channel>&)> before = [](Part<Channel>&) {};  // runs freely
};

template <class Channel>
struct PairOf {
  std::string name;
  typename Channel::Shape shape;
  std::function<void(Channel&, History&)> prepare;
  OpOf<Channel> first, second;
  std::uint32_t first_place = 0, second_place = 0;
  // Of a pair that waits: what a reader or writer waits for is made so, if it is not.
  std::function<void(Channel&, History&)> help = {};
};

template <class Channel>
void PrintTo(const PairOf<Channel>& pair, std::ostream* out) {
  *out << pair.name;
}

// The same with the roles changed, where that is another pair; named by both.
template <class Channel>
void add_pair(std::vector<PairOf<Channel>>& all, PairOf<Channel> pair) {
  const std::string where = pair.name;
  pair.name = pair.first.name + " and " + pair.second.name + " " + where;
  all.push_back(pair);
  if (pair.first.name == pair.second.name) return;
  std::swap(pair.first, pair.second);
  std::swap(pair.first_place, pair.second_place);
  pair.name = pair.first.name + " and " + pair.second.name + " " + where;
  all.push_back(pair);
}

template <class Channel>
std::unique_ptr<Player> lead(Scene<Channel>& scene, const OpOf<Channel>& op, std::uint16_t number,
                             int first_id, std::uint32_t place) {
  static Ends ends;  // the child's, as the others
  static std::vector<Message> held;
  held.reserve(4);
  static std::optional<Part<Channel>> part;
  return std::make_unique<Player>(
      [&, number, first_id, place] {
        setenv("PROCGRAPH_TEST_WAIT", "sleep", 1);  // looking again and again would be the same instructions
        scene.queue().enter(number, "both", place);
        ends.node = std::make_unique<Node>();
        ends.in = std::make_unique<Reader>(ends.node->reader("in"));
        ends.out = std::make_unique<Writer>(ends.node->writer("out"));
        part.emplace(Part<Channel>{ends, scene.queue(), scene.history(), first_id, place, number, held});
        op.before(*part);
      },
      [&] { op.act(*part); });
}

// Nobody is in the middle of anything: the counters may say more is in flight than there is, never less.
template <class View>
bool counts_too_little(View view) {
  std::uint64_t bytes = 0;
  view.memory.for_each_block([&](detail::BlockIndex block) {
    detail::Descriptor& d = view.memory.descriptor(block);
    if (detail::BlockWord{d.own.load()}.counts()) bytes += view.memory.geometry().charge(block, d.size);
  });
  const std::uint64_t counted = view.control().reserved - view.control().released;
  return static_cast<std::int64_t>(counted - bytes) < 0;
}

template <class Channel>
std::string judge_pair(Channel& channel, History& history) {
  if (counts_too_little(channel.view(kReaper))) return "there is more in flight than is counted";
  for (const std::uint16_t dead : {kVictimNumber, kSecondNumber, kDead}) channel.reap(dead);
  if (history.overslept) return "one slept although there was what it waited for";
  if (history.overwritten) return "a message changed in somebody's hand";
  if (auto wrong = verdict(channel, history); !wrong.empty()) return wrong;
  detail::View view = channel.view(kReaper);
  for (const std::uint16_t dead : {kSecondNumber, kDead})
    if (auto wrong = check_waiters(view, dead); !wrong.empty()) return wrong;
  return "";
}

template <class Channel>
void interleave(const PairOf<Channel>& pair) {
  const OnOneProcessor here;
  const ScenarioOf<Channel> scenario{pair.name, pair.shape, pair.prepare, {}};
  Scene<Channel> live(scenario);
  auto first = lead(live, pair.first, kVictimNumber, kVictim, pair.first_place);
  auto second = lead(live, pair.second, kSecondNumber, kOthers, pair.second_place);
  Scene<Channel> at_first(scenario), at_second(scenario);
  Sample sample;
  Duet<Scene<Channel>> duet{live, at_first, at_second, *first, *second, {}, {}, {}};
  duet.bury = [](Scene<Channel>& scene, int who) {
    scene.queue().reap(who == 1 ? kVictimNumber : kSecondNumber);
  };
  duet.judge = [&](Scene<Channel>& scene) { return judge_pair(scene.queue(), scene.history()); };
  if (pair.help) duet.help = [&](Scene<Channel>& scene, int) { pair.help(scene.queue(), scene.history()); };
  std::printf("%s\n", sample.says().c_str());
  Interleaving<Scene<Channel>>(std::move(duet), sample).play();
  ::testing::Test::RecordProperty("pairs", std::to_string(sample.taken()));
  std::printf("%lu pairs of points\n", sample.taken());
}

}  // namespace procgraph::testing
