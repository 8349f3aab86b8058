// Two processes work at one area, each between any two touches of it: no change is lost or half seen, no lock
// is held by two or by a dead one, and nobody sleeps over what it waits for.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "area/event_count.h"
#include "area/lock_word.h"
#include "area/sync.h"
#include "interleave.h"
#include "killstep_scene.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::AreaMemory;
using detail::Shared;
using detail::SyncObject;

constexpr std::uint16_t kFirst = 2, kThird = 3, kSecond = 8, kDead = 9;
constexpr std::uint64_t kValue = 8, kWritten = 64;  // where in the area
constexpr std::uint64_t kLength = 20;               // of what is written
constexpr auto kTooLong = 24h;  // for one that is to be woken; its clock goes on while it is stopped

using Text = std::array<std::byte, kLength>;

// What both say of themselves.
struct Story {
  std::atomic<std::uint32_t> holder;                          // of the lock, as it says
  std::atomic<std::uint32_t> two_hold, half_seen, overslept;  // what must not be
  std::atomic<std::uint32_t> deaths;
  std::atomic<std::uint32_t> writes_begun, writes;
  std::atomic<std::uint32_t> changes_begun, changes;        // of the value
  std::atomic<std::uint32_t> taking, taken, giving, given;  // permits
  std::atomic<std::uint32_t> set;
};

Text text_of(std::uint16_t writer) {
  Text text;
  text.fill(static_cast<std::byte>('a' + writer));
  return text;
}

class Stage {
 public:
  explicit Stage(std::uint32_t permits)
      : area_({.size = 128, .lock = true, .sync = {"lock", "event", "semaphore"}}),
        story_(sizeof(Story)),
        permits_(permits) {
    detail::make(object("lock"), detail::SyncKind::kLock);
    detail::make(object("event"), detail::SyncKind::kEvent);
    detail::make(object("semaphore"), detail::SyncKind::kSemaphore, permits);
    detail::write(memory(), kThird, kWritten, text_of(kThird));
  }

  [[nodiscard]] AreaMemory memory() const { return area_.memory(); }
  [[nodiscard]] SyncObject& object(std::string_view name) const { return *memory().find(name); }
  [[nodiscard]] Story& story() const { return *reinterpret_cast<Story*>(story_.bytes().data()); }
  [[nodiscard]] std::uint32_t permits() const { return permits_; }
  void reap(std::uint16_t dead) const { area_.reap(dead); }
  void copy_from(const Stage& other) const {
    for (auto [to, from] :
         {std::pair(area_.control(), other.area_.control()), std::pair(area_.data(), other.area_.data()),
          std::pair(story_.bytes(), other.story_.bytes())})
      std::memcpy(to.data(), from.data(), from.size());
  }

 private:
  TestArea area_;
  Region story_;
  std::uint32_t permits_;
};

// ---- what one does, as that participant ----

struct Deed {
  std::string name;
  std::function<void(const Stage&, std::uint16_t)> act;
};

detail::Deadline late() {
  return detail::deadline_in(kTooLong);
}

void hold_lock(const Stage& stage, std::uint16_t self, Shared<std::uint32_t>& lock) {
  Story& story = stage.story();
  const auto died = detail::acquire(lock, self, late());
  if (!died) {
    story.overslept = 1;
    return;
  }
  if (story.holder.exchange(self) != 0 && !*died) story.two_hold = 1;
  story.holder = 0;
  detail::release(lock);
}

Deed lock() {
  return {"one that locks", [](const Stage& stage, std::uint16_t self) {
            hold_lock(stage, self, stage.memory().control().lock);
          }};
}
Deed lock_by_name() {
  return {"one that locks by name",
          [](const Stage& stage, std::uint16_t self) { hold_lock(stage, self, stage.object("lock").word); }};
}

Deed write() {
  return {"one that writes", [](const Stage& stage, std::uint16_t self) {
            ++stage.story().writes_begun;
            detail::write(stage.memory(), self, kWritten, text_of(self));
            ++stage.story().writes;
          }};
}

bool is_whole(const Text& text) {
  return text == text_of(kFirst) || text == text_of(kSecond) || text == text_of(kThird);
}

Deed read() {
  return {"one that reads", [](const Stage& stage, std::uint16_t) {
            Text text{};
            const auto end = detail::read(stage.memory(), kWritten, text, late());
            if (end == detail::ReadEnd::kTime) stage.story().overslept = 1;
            if (end == detail::ReadEnd::kTorn && stage.story().deaths == 0) stage.story().half_seen = 1;
            if (end == detail::ReadEnd::kDone && !is_whole(text)) stage.story().half_seen = 1;
          }};
}

std::array<std::uint64_t, 2> value_in(const Stage& stage) {
  std::array<std::uint64_t, 2> value{};
  detail::read_value(stage.memory(), kValue, std::as_writable_bytes(std::span(value)));
  if (value[1] != 3 * value[0]) stage.story().half_seen = 1;
  return value;
}

Deed change_value() {
  return {"one that changes a value", [](const Stage& stage, std::uint16_t self) {
            auto& words = stage.memory().control();
            (void)detail::acquire(words.writer, self, std::nullopt);
            ++stage.story().changes_begun;
            const std::uint64_t next = value_in(stage)[0] + 1;
            const std::array<std::uint64_t, 2> value{next, 3 * next};
            detail::write_value(stage.memory(), kValue, std::as_bytes(std::span(value)));
            ++stage.story().changes;
            detail::release(words.writer);
            detail::note_change(words);
          }};
}

Deed read_value() {
  return {"one that reads a value", [](const Stage& stage, std::uint16_t) { (void)value_in(stage); }};
}

Deed wait_for_change() {
  return {"one that waits for a change", [](const Stage& stage, std::uint16_t) {
            detail::AreaControl& words = stage.memory().control();
            // The preparation's write was the first.
            if (!detail::await(words.changes, late(), [&] { return detail::version_of(words) > 1; }))
              stage.story().overslept = 1;
          }};
}

Deed set() {
  return {"one that sets an event", [](const Stage& stage, std::uint16_t) {
            detail::set(stage.object("event"));
            stage.story().set = 1;
          }};
}
Deed wait_for_event() {
  return {"one that waits for an event", [](const Stage& stage, std::uint16_t) {
            if (!detail::wait(stage.object("event"), late())) stage.story().overslept = 1;
          }};
}

Deed give_permit() {
  return {"one that gives a permit", [](const Stage& stage, std::uint16_t) {
            ++stage.story().giving;
            detail::add_permits(stage.object("semaphore"), stage.permits(), 1);
            ++stage.story().given;
          }};
}
Deed take_permit() {
  return {"one that takes a permit", [](const Stage& stage, std::uint16_t) {
            ++stage.story().taking;
            if (detail::take_permit(stage.object("semaphore"), stage.permits(), late()))
              ++stage.story().taken;
            else
              stage.story().overslept = 1;
          }};
}

Deed reap_dead() {
  return {"one that reaps", [](const Stage& stage, std::uint16_t) { stage.reap(kDead); }};
}

// ---- what is said in the end ----

std::string judge_lock(Shared<std::uint32_t>& word) {
  for (int i = 0; i < 2; ++i) {
    const auto died = detail::acquire(word, kThird, detail::kAtOnce);
    if (!died) return "a lock is held for ever";
    detail::release(word);
    if (*died && i == 1) return "a death is told twice";
  }
  return "";
}

std::string judge_data(const Stage& stage) {
  const Story& story = stage.story();
  if (stage.memory().control().version % 2 != 0) return "a write is under way for ever";
  Text text{};
  const auto end = detail::read(stage.memory(), kWritten, text, detail::kAtOnce);
  if (end == detail::ReadEnd::kTime) return "a read waits for ever";
  if (end == detail::ReadEnd::kTorn && story.deaths == 0) return "a write is torn and nobody died";
  if (end == detail::ReadEnd::kDone && !is_whole(text)) return "a write is half done and nobody is told";
  if (end == detail::ReadEnd::kDone && story.writes > 0 && text == text_of(kThird)) return "a write is lost";
  const std::uint64_t value = value_in(stage)[0];
  if (value < story.changes || value > story.changes_begun) return "a change is lost, or was made twice";
  detail::write(stage.memory(), kThird, kWritten, text_of(kThird));
  if (detail::read(stage.memory(), kWritten, text, detail::kAtOnce) != detail::ReadEnd::kDone)
    return "what was torn cannot be mended";
  return "";
}

std::string judge_sync(const Stage& stage) {
  const Story& story = stage.story();
  const std::uint32_t now = detail::permits(stage.object("semaphore"), stage.permits());
  if (now + story.taking < stage.permits() + story.given ||
      now + story.taken > stage.permits() + story.giving)
    return "a permit is lost or invented";
  if (story.set != 0 && detail::times_set(stage.object("event")) == 0) return "an event is lost";
  return "";
}

std::string judge(const Stage& stage) {
  for (const std::uint16_t dead : {kFirst, kSecond, kDead}) stage.reap(dead);
  const Story& story = stage.story();
  if (story.overslept != 0) return "one slept although there was what it waited for";
  if (story.two_hold != 0) return "two hold the lock, or the second is not told that the first died";
  if (story.half_seen != 0) return "a change was half seen";
  for (auto* word :
       {&stage.memory().control().lock, &stage.object("lock").word, &stage.memory().control().writer}) {
    if (auto wrong = judge_lock(*word); !wrong.empty()) return wrong;
  }
  if (auto wrong = judge_data(stage); !wrong.empty()) return wrong;
  return judge_sync(stage);
}

// What the dead one would have given, if it did not.
void help(const Stage& stage) {
  if (detail::times_set(stage.object("event")) == 0) detail::set(stage.object("event"));
  if (detail::version_of(stage.memory().control()) <= 1) detail::note_change(stage.memory().control());
  if (detail::permits(stage.object("semaphore"), stage.permits()) != 0) return;
  ++stage.story().giving;
  detail::add_permits(stage.object("semaphore"), stage.permits(), 1);
  ++stage.story().given;
}

// ---- the pairs ----

struct DeedPair {
  std::string name;
  Deed first, second;
  std::uint32_t permits = 0;
  std::function<void(const Stage&)> prepare = [](const Stage&) {};
};

void PrintTo(const DeedPair& pair, std::ostream* out) {
  *out << pair.name;
}

// The dead one has both locks, and was in the middle of a write.
void leave_locked(const Stage& stage) {
  detail::AreaControl& words = stage.memory().control();
  words.lock = kDead;
  stage.object("lock").word = kDead;
  words.writer = kDead;
  words.begin = kWritten;
  words.end = kWritten + kLength;
  ++words.version;
  stage.memory().data()[kWritten] = std::byte{'!'};
  stage.story().deaths = 1;
}

std::vector<DeedPair> make() {
  std::vector<DeedPair> all;
  const auto add = [&](const DeedPair& pair) {
    all.push_back(pair);
    all.back().name = pair.first.name + " and " + pair.second.name + pair.name;
    if (pair.first.name == pair.second.name) return;
    all.push_back(pair);
    std::swap(all.back().first, all.back().second);
    all.back().name = pair.second.name + " and " + pair.first.name + pair.name;
  };
  for (const Deed& deed : {lock(), lock_by_name(), write(), change_value(), set()}) add({"", deed, deed});
  add({"", write(), read()});
  add({"", write(), change_value()});
  add({"", change_value(), read_value()});
  add({"", write(), wait_for_change()});
  add({"", change_value(), wait_for_change()});
  add({"", set(), wait_for_event()});
  add({"", give_permit(), take_permit()});
  add({" of two", take_permit(), take_permit(), 2});
  for (const Deed& deed : {lock(), lock_by_name(), write(), change_value(), read(), wait_for_change()})
    add({" after a death", reap_dead(), deed, 0, leave_locked});
  return all;
}

class AreaInterleaving : public ::testing::TestWithParam<DeedPair> {};

TEST_P(AreaInterleaving, IsRightAtEveryPairOfPoints) {
  const OnOneProcessor here;
  const DeedPair& pair = GetParam();
  const Stage live(pair.permits);
  pair.prepare(live);
  Player first([] {}, [&] { pair.first.act(live, kFirst); });
  Player second([] {}, [&] { pair.second.act(live, kSecond); });
  const Stage at_first(pair.permits), at_second(pair.permits);
  Sample sample;
  Duet<const Stage> duet{live, at_first, at_second, first, second, {}, judge, {}};
  duet.bury = [](const Stage& stage, int who) {
    ++stage.story().deaths;
    stage.reap(who == 1 ? kFirst : kSecond);
    stage.reap(kDead);
  };
  duet.help = [](const Stage& stage, int) { help(stage); };
  std::printf("%s\n", sample.says().c_str());
  Interleaving<const Stage>(std::move(duet), sample).play();
  RecordProperty("pairs", std::to_string(sample.taken()));
}

INSTANTIATE_TEST_SUITE_P(Of, AreaInterleaving, ::testing::ValuesIn(make()),
                         [](const auto& pair) { return test_name(pair.param.name); });

}  // namespace
}  // namespace procgraph::testing
