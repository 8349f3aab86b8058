// A process dies, or stops, between any two instructions of any operation of a shared memory area: nothing
// stays locked, nothing is half changed without a word of it, nobody sleeps on.
//
// As in killstep_test.cc the victim runs one instruction at a time, and what it would leave behind is played
// on with on a copy of the memory.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "area/lock_word.h"
#include "area/sync.h"
#include "killstep_tracee.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::AreaMemory;
using detail::Shared;
using detail::SyncObject;

constexpr std::uint16_t kVictim = 2, kOther = 3;
constexpr std::uint64_t kValue = 8, kWritten = 64, kBeside = 100, kOne = 128, kRow = 160;  // where
constexpr std::uint64_t kLength = 20;  // of what is written
constexpr std::uint32_t kPermits = 2;
constexpr auto kPatience = 20ms;  // long enough to reach the sleep itself one instruction at a time

// What the victim knows, in memory that survives it.
struct Diary {
  std::atomic<std::uint32_t> locked, freeing, freed;  // the lock: held from locked to freeing, not from freed
  std::atomic<std::uint32_t> written;                 // whole writes
  std::atomic<std::uint32_t> stored;                  // whole values
  std::atomic<std::uint32_t> taking, taken, giving, given;  // permits
  std::atomic<std::uint32_t> set;
};

std::array<std::byte, kLength> pattern(std::uint64_t n) {
  std::array<std::byte, kLength> bytes{};
  bytes.fill(static_cast<std::byte>('a' + n));
  return bytes;
}

const AreaShape kShape{.size = 192, .lock = true, .sync = {"lock", "event", "semaphore", "unused"}};

class Scene {
 public:
  Scene() : area_(kShape), diary_(sizeof(Diary)) {
    detail::make(object("lock"), detail::SyncKind::kLock);
    detail::make(object("event"), detail::SyncKind::kEvent);
    detail::make(object("semaphore"), detail::SyncKind::kSemaphore, kPermits);
    detail::write(memory(), kOther, kWritten, pattern(0));
  }

  void enter() const { area_.enter(kVictim, "write"); }
  [[nodiscard]] AreaMemory memory() const { return area_.memory(); }
  [[nodiscard]] SyncObject& object(std::string_view name) const { return *memory().find(name); }
  [[nodiscard]] Diary& diary() const { return *reinterpret_cast<Diary*>(diary_.bytes().data()); }
  // As the runner does, which finds nothing strange in what any death leaves behind.
  void reap() const {
    EXPECT_FALSE(poisoned_area(area_.control(), kShape));
    only_reap();
    EXPECT_FALSE(poisoned_area(area_.control(), kShape));
  }
  void only_reap() const { area_.reap(kVictim); }

  [[nodiscard]] bool differs_from(const Scene& other) const {
    return differ(area_.control(), other.area_.control()) || differ(area_.data(), other.area_.data()) ||
           differ(diary_.bytes(), other.diary_.bytes());
  }
  void copy_from(const Scene& other) const {
    copy(area_.control(), other.area_.control());
    copy(area_.data(), other.area_.data());
    copy(diary_.bytes(), other.diary_.bytes());
  }

 private:
  static bool differ(std::span<std::byte> a, std::span<std::byte> b) {
    return std::memcmp(a.data(), b.data(), a.size()) != 0;
  }
  static void copy(std::span<std::byte> to, std::span<std::byte> from) {
    std::memcpy(to.data(), from.data(), from.size());
  }

  TestArea area_;
  Region diary_;
};

// ---- what the survivors find; "" is right ----

// The word is free, or becomes so, and tells of a death at most once; `told` is whether it did.
std::string judge_lock(Shared<std::uint32_t>& word, bool& told) {
  const auto first = detail::acquire(word, kOther, detail::kAtOnce);
  if (!first) return "a lock is still the dead one's";
  told = *first;
  detail::release(word);
  const auto second = detail::acquire(word, kOther, detail::kAtOnce);
  if (!second) return "a lock is not free after its release";
  detail::release(word);
  return *second ? "a death is told twice" : "";
}

std::string judge_locks(const Scene& scene) {
  detail::AreaControl& words = scene.memory().control();
  bool told = false, ignored = false;
  if (auto wrong = judge_lock(words.lock, told); !wrong.empty()) return wrong;
  const Diary& d = scene.diary();
  if (d.locked != 0 && d.freeing == 0 && !told) return "nobody is told that the holder died";
  if (d.freed != 0 && told) return "a death is told of one that had given the lock back";
  if (auto wrong = judge_lock(scene.object("lock").word, ignored); !wrong.empty()) return wrong;
  return judge_lock(words.writer, ignored);
}

std::string judge_data(const Scene& scene) {
  std::array<std::byte, kLength> found{};
  if (scene.memory().control().version % 2 != 0) return "a write is under way for ever";
  const auto end = detail::read(scene.memory(), kWritten, found, detail::kAtOnce);
  if (end == detail::ReadEnd::kTime) return "a read waits for ever";
  const std::uint32_t written = scene.diary().written;
  if (end == detail::ReadEnd::kDone && found != pattern(written) && found != pattern(written + 1))
    return "a write is half done and nobody is told";
  std::array<std::uint64_t, 2> value{};
  detail::read_value(scene.memory(), kValue, std::as_writable_bytes(std::span(value)));
  if (value[1] != value[0] * 3) return "a value is half changed";
  const std::uint32_t stored = scene.diary().stored;
  if (value[0] != stored && value[0] != stored + 1) return "a value is lost";
  detail::write(scene.memory(), kOther, kWritten, pattern(9));
  if (detail::read(scene.memory(), kWritten, found, detail::kAtOnce) != detail::ReadEnd::kDone ||
      found != pattern(9))
    return "what was torn cannot be mended";
  return "";
}

std::string judge_sync(const Scene& scene) {
  const Diary& d = scene.diary();
  const auto number = [](const std::atomic<std::uint32_t>& word) { return static_cast<int>(word.load()); };
  const auto now = static_cast<int>(detail::permits(scene.object("semaphore"), kPermits));
  const int least = static_cast<int>(kPermits) - number(d.taking) + number(d.given);
  const int most = static_cast<int>(kPermits) - number(d.taken) + number(d.giving);
  if (now < least || now > most) return "a permit is lost or invented";
  SyncObject& unused = scene.object("unused");
  const detail::Made made = detail::make(unused, detail::SyncKind::kSemaphore, kPermits);
  if (made.kind != detail::SyncKind::kSemaphore || made.first != kPermits) return "a name is half used";
  const std::uint32_t left = detail::permits(unused, kPermits);
  if (left != kPermits && left != kPermits - 1) return "a new semaphore has other permits";
  if (d.set != 0 && !detail::is_set(scene.object("event"))) return "an event is lost";
  return "";
}

std::string judge(const Scene& scene) {
  for (auto* part : {judge_locks, judge_data, judge_sync}) {
    if (auto wrong = part(scene); !wrong.empty()) return wrong;
  }
  return "";
}

// Whoever may have been about to wake somebody is dead: the reaper has done it instead.
std::string judge_waiters(const Scene& after, const Scene& before) {
  const auto notified = [](const detail::EventCount& a, const detail::EventCount& b) {
    return a.count != b.count;
  };
  if (!notified(after.memory().control().changes, before.memory().control().changes))
    return "who waits for a change sleeps on";
  for (const char* name : {"event", "semaphore"}) {
    if (!notified(after.object(name).waiters, before.object(name).waiters))
      return std::string("who waits for the ") + name + " sleeps on";
  }
  return "";
}

// What another process does while the victim is stopped: all of it but what the victim has.
std::string use_beside(const Scene& scene) {
  detail::AreaControl& words = scene.memory().control();
  const auto has = [](const Shared<std::uint32_t>& word) { return (word & detail::kHolder) == kVictim; };
  if (detail::acquire(words.lock, kOther, detail::kAtOnce)) {
    detail::release(words.lock);
  } else if (!has(words.lock)) {
    return "a lock that nobody has is not to be had";
  }
  if (!has(words.writer)) detail::write(scene.memory(), kOther, kBeside, pattern(7));
  std::array<std::uint64_t, 2> value{};
  detail::read_value(scene.memory(), kValue, std::as_writable_bytes(std::span(value)));
  if (value[1] != value[0] * 3) return "a value is seen half changed";
  SyncObject& semaphore = scene.object("semaphore");
  if (detail::permits(semaphore, kPermits) > 0) {
    if (!detail::take_permit(semaphore, kPermits, detail::kAtOnce)) return "a permit is not to be had";
    detail::add_permits(semaphore, kPermits, 1);
  }
  detail::set(scene.object("event"));
  if (!detail::wait(scene.object("event"), detail::kAtOnce)) return "an event that is set is waited for";
  return "";
}

// ---- what victims do ----

struct Act {
  std::string name;
  std::function<void(const Scene&)> prepare, run;
};

void PrintTo(const Act& act, std::ostream* out) {
  *out << act.name;
}

void lock_and_release(const Scene& scene) {
  auto& lock = scene.memory().control().lock;
  if (!detail::acquire(lock, kVictim, detail::deadline_in(kPatience))) return;
  scene.diary().locked = 1;
  scene.diary().freeing = 1;
  detail::release(lock);
  scene.diary().freed = 1;
}

void store_value(const Scene& scene, std::uint64_t n) {
  std::array<std::uint64_t, 2> value{n, 3 * n};
  (void)detail::acquire(scene.memory().control().writer, kVictim, std::nullopt);
  detail::write_value(scene.memory(), kValue, std::as_bytes(std::span(value)));
  scene.diary().stored = static_cast<std::uint32_t>(n);
  detail::release(scene.memory().control().writer);
  detail::note_change(scene.memory().control());
}

// The victim's own, opened before it begins.
Node& node() {
  static Node its;
  return its;
}

void wait_and_change() {
  const SharedMemory area = node().shared_memory("a");
  (void)area.wait_for_change(area.version(), kPatience);
  const std::uint64_t before = area.version();
  area.changed();
  (void)area.wait_for_change(before, kPatience);
}

void select_and_change() {
  const SharedMemory area = node().shared_memory("a");
  Event event = node().event("a", "event");
  const std::uint64_t before = area.version();
  (void)node().select({{area, before}, event}, kPatience);
  area.changed();
  event.set();
  (void)node().select({{area, before}, event}, kPatience);
  event.clear();
}

void use_views() {
  const SharedMemory area = node().shared_memory("a");
  Value<std::uint64_t> value(area, kOne);
  value.store(value.load() + 1);
  value.update([](std::uint64_t& n) { ++n; });
  Array<std::uint32_t> array(area, kRow, 2);
  array.store(1, array.add(0, 1) + array.load(1));
}

void use_a_name_first() {
  Semaphore semaphore = node().semaphore("a", "unused", kPermits);
  if (semaphore.try_acquire()) semaphore.release();
}

// What a victim does by its node and the handles that this gives.
void add_handles(std::vector<Act>& all) {
  const auto nothing = [](const Scene&) {};
  const auto by_handles = [](void (*run)()) { return [run](const Scene&) { run(); }; };
  all.push_back({"waits for a change and makes one", nothing, by_handles(wait_and_change)});
  all.push_back({"selects among changes and events", nothing, by_handles(select_and_change)});
  all.push_back({"changes values and elements", nothing, by_handles(use_views)});
  all.push_back({"uses a name first", nothing, by_handles(use_a_name_first)});
}

std::vector<Act> acts() {
  const auto nothing = [](const Scene&) {};
  // Somebody sleeps on everything, so that the victim has to wake.
  const auto all_asleep = [](const Scene& scene) {
    for (auto* waiters : {&scene.memory().control().changes, &scene.object("event").waiters,
                          &scene.object("semaphore").waiters})
      waiters->asked.store(1);
  };
  std::vector<Act> all;
  add_handles(all);
  all.push_back({"locks and releases", nothing, lock_and_release});
  all.push_back({"locks where others wait, and where the holder had died",
                 [](const Scene& scene) {
                   scene.memory().control().lock.store(detail::kHolderDied | detail::kContended);
                 },
                 lock_and_release});
  all.push_back({"waits for a lock in vain",
                 [](const Scene& scene) { scene.object("lock").word.store(kOther); },
                 [](const Scene& scene) {
                   (void)detail::acquire(scene.object("lock").word, kVictim, detail::deadline_in(kPatience));
                   detail::release(scene.object("lock").word);  // the other one's, at last
                 }});
  all.push_back({"writes twice", all_asleep, [](const Scene& scene) {
                   for (std::uint32_t n : {1, 2}) {
                     detail::write(scene.memory(), kVictim, kWritten, pattern(n));
                     scene.diary().written = n;
                   }
                 }});
  all.push_back({"writes what is torn",
                 [](const Scene& scene) {
                   scene.memory().control().torn_begin = kWritten + 5;
                   scene.memory().control().torn_end = kWritten + 10;
                 },
                 [](const Scene& scene) {
                   detail::write(scene.memory(), kVictim, kWritten, pattern(1));
                   scene.diary().written = 1;
                 }});
  all.push_back({"stores values", all_asleep, [](const Scene& scene) {
                   for (std::uint64_t n : {1, 2, 3}) store_value(scene, n);
                 }});
  all.push_back({"sets and clears and waits", all_asleep, [](const Scene& scene) {
                   detail::set(scene.object("event"));
                   scene.diary().set = 1;
                   scene.diary().set = 0;
                   detail::clear(scene.object("event"));
                   (void)detail::wait(scene.object("event"), detail::deadline_in(kPatience));
                 }});
  all.push_back(
      {"takes and gives permits", all_asleep, [](const Scene& scene) {
         Diary& d = scene.diary();
         for (int i = 0; i < 3; ++i) {
           ++d.taking;
           if (detail::take_permit(scene.object("semaphore"), kPermits, detail::deadline_in(kPatience)))
             ++d.taken;
           else
             --d.taking;
         }
         ++d.giving;
         detail::add_permits(scene.object("semaphore"), kPermits, 1);
         ++d.given;
       }});
  return all;
}

class AreaKillStep : public ::testing::TestWithParam<Act> {
 protected:
  AreaKillStep() { GetParam().prepare(scene_); }

  [[nodiscard]] std::unique_ptr<Tracee> start() const {
    return std::make_unique<Tracee>(
        [this] {
          scene_.enter();
          (void)node();
        },
        [this] { GetParam().run(scene_); });
  }

  // Calls at(n) at every n-th instruction at which the shared memory has changed.
  template <class At>
  void for_each_state(Tracee& victim, At at) const {
    long n = 0;
    do {
      if (n == 0 || scene_.differs_from(last_)) {
        last_.copy_from(scene_);
        at(n);
        if (HasFailure()) break;
      }
      ++n;
    } while (victim.step());
    EXPECT_FALSE(victim.has_failed());
  }

  // What only the preparation holds is free again.
  static void let_others_go(const Scene& scene) {
    SyncObject& lock = scene.object("lock");
    if ((lock.word.load() & detail::kHolder) == kOther) detail::release(lock.word);
  }

  const Scene scene_, last_, copy_;
};

TEST_P(AreaKillStep, AProcessKilledAtAnyInstructionLeavesNothingBehindUnsaid) {
  auto victim = start();
  long states = 0;
  for_each_state(*victim, [&](long at) {
    ++states;
    copy_.copy_from(last_);
    copy_.reap();
    ASSERT_EQ(judge_waiters(copy_, last_), "") << "killed after instruction " << at;
    let_others_go(copy_);
    ASSERT_EQ(judge(copy_), "") << "killed after instruction " << at;
  });
  EXPECT_GE(states, 3);
}

TEST_P(AreaKillStep, AProcessStoppedAtAnyInstructionHoldsUpNobodyButWithWhatItHas) {
  const Scene fresh;
  fresh.copy_from(scene_);
  std::vector<long> stops;
  for_each_state(*start(), [&](long at) { stops.push_back(at); });
  for (const long at : stops) {
    scene_.copy_from(fresh);
    auto victim = start();
    for (long n = 0; n < at && victim->step(); ++n) {
    }
    ASSERT_EQ(use_beside(scene_), "") << "stopped after instruction " << at;
    victim->finish();
    EXPECT_FALSE(victim->has_failed());
    ASSERT_EQ(judge(scene_), "") << "stopped after instruction " << at << ", and on to its end";
  }
}

TEST_P(AreaKillStep, TheReaperMayBeKilledAtAnyInstruction) {
  auto victim = start();
  std::vector<std::unique_ptr<Scene>> left;
  for_each_state(*victim, [&](long) {
    left.push_back(std::make_unique<Scene>());
    left.back()->copy_from(last_);
  });
  for (std::size_t i = 0; i < left.size(); ++i) {
    const Scene& scene = *left[i];
    const Scene before;
    Tracee reaper([] {}, [&] { scene.only_reap(); });
    long n = 0;
    bool first = true;
    do {
      ++n;
      if (!first && !scene.differs_from(before)) continue;
      first = false;
      before.copy_from(scene);
      copy_.copy_from(scene);
      copy_.reap();
      let_others_go(copy_);
      ASSERT_EQ(judge(copy_), "") << "state " << i << ", reaper killed after instruction " << n;
    } while (reaper.step());
  }
}

INSTANTIATE_TEST_SUITE_P(AProcessThat, AreaKillStep, ::testing::ValuesIn(acts()), [](const auto& act) {
  std::string name = act.param.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

}  // namespace
}  // namespace procgraph::testing
