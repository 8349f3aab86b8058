// What the runner finds of nonsense in a channel's memory when nobody uses it: after a death it looks at all
// of it. That a field may be overwritten beside its users is in tests/fault/hostile_*_test.cc.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "area/sync.h"
#include "queue/frame.h"
#include "queue/poison.h"
#include "test_area.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using detail::AreaControl;
using detail::FrameHead;
using detail::SyncKind;
using detail::SyncObject;

// A queue with a frame of three messages, which nobody has taken.
struct FrameScene {
  FrameScene() {
    const pid_t writer = queue.start(1, "write", [](Node& node) {
      const std::array<std::string_view, 3> three{"a", "b", "c"};
      node.writer("q").put_many(three);
      return 0;
    });
    EXPECT_EQ(wait_for_end(writer), 0);
    auto view = queue.view(1);
    view.memory.for_each_block([&](detail::BlockIndex block) {
      if (detail::is_frame(view.memory.descriptor(block)))
        head = &detail::frame_head(view.memory.descriptor(block));
    });
  }
  std::string found() {
    queue.reap(1);
    const auto poison = poisoned(queue.control());
    return poison ? poison->reason : "nothing";
  }

  TestQueue queue{{.capacity = 4, .memory = 4096}};
  FrameHead* head = nullptr;
};

TEST(FrameAudit, FindsNothingInOneThatIsWell) {
  FrameScene scene;
  ASSERT_NE(scene.head, nullptr);
  scene.head->settled = 0b101;  // as after a death: one is done with, and one is to come again
  scene.head->back = 0b100;
  EXPECT_EQ(scene.found(), "nothing");
}

TEST(FrameAudit, FindsMoreMessagesThanThereCanBeAndNone) {
  for (const std::uint32_t count : {0U, 65U}) {
    FrameScene scene;
    scene.head->count = count;
    EXPECT_EQ(scene.found(), detail::to_text(detail::Poison::kFrame)) << count;
  }
}

TEST(FrameAudit, FindsWhatIsSaidOfAMessageThatItDoesNotHave) {
  for (auto word :
       {&FrameHead::settled, &FrameHead::back, &FrameHead::before, &FrameHead::given, &FrameHead::refused}) {
    FrameScene scene;
    scene.head->*word = 0b1000;
    EXPECT_EQ(scene.found(), detail::to_text(detail::Poison::kFrame));
  }
}

TEST(RosterAudit, PutsAHeaderRightWithoutWhichNobodyCouldBeReaped) {
  TestQueue queue({.capacity = 4});
  auto view = queue.view(1);
  ASSERT_TRUE(put(view, "held"));
  const pid_t reader = queue.start(2, "read", [](Node& node) {
    const auto message = node.reader("q").get();
    return raise(SIGKILL);
  });
  EXPECT_EQ(wait_for_end(reader), 128 + SIGKILL);
  for (std::size_t i = 0; i < 12; ++i) queue.roster()[i] = std::byte{0x5a};
  queue.reap(2);
  EXPECT_EQ(queue.sample().redelivered, 1U);
  EXPECT_EQ(wait_for_end(queue.start(
                3, "read", [](Node& node) { return node.reader("q").get()->text() == "held" ? 0 : 1; })),
            0);
}

const AreaShape kShape{.size = 100, .lock = true, .sync = {"lock", "event", "semaphore", "unused"}};

struct Spoilt {
  std::string name, reason;  // "": it could be so
  void (*act)(AreaControl&, std::span<SyncObject>);
};
void PrintTo(const Spoilt& each, std::ostream* out) {
  *out << each.name;
}  // gtest's way

const char* const kHeader = "its header was overwritten";
const char* const kLockWord = "its lock is held as no lock can be";
const char* const kBeyond = "a write is said to go beyond its end";
const char* const kNobodyWrites = "a write is said to be under way, and nobody writes";
const char* const kObject = "a lock, event or semaphore of it is what it cannot be";

class AreaAudit : public ::testing::TestWithParam<Spoilt> {};

TEST_P(AreaAudit, FindsWhatCannotBe) {
  TestArea area(kShape);
  const detail::AreaMemory memory = area.memory();
  detail::make(*memory.find("lock"), SyncKind::kLock);
  detail::make(*memory.find("event"), SyncKind::kEvent);
  detail::make(*memory.find("semaphore"), SyncKind::kSemaphore, 5);
  EXPECT_FALSE(poisoned_area(area.control(), kShape));
  GetParam().act(memory.control(), memory.sync_objects());
  const auto found = poisoned_area(area.control(), kShape);
  EXPECT_EQ(found ? found->reason : "", GetParam().reason);
}

using Objects = std::span<SyncObject>;
INSTANTIATE_TEST_SUITE_P(
    In, AreaAudit,
    ::testing::Values(
        Spoilt{"Magic", kHeader, [](AreaControl& c, Objects) { ++c.header.magic; }},
        Spoilt{"AbiVersion", kHeader, [](AreaControl& c, Objects) { ++c.header.version; }},
        Spoilt{"Flags", kHeader, [](AreaControl& c, Objects) { c.header.flags ^= 1; }},
        Spoilt{"Size", kHeader, [](AreaControl& c, Objects) { ++c.header.size; }},
        Spoilt{"SyncObjects", kHeader, [](AreaControl& c, Objects) { --c.header.sync_objects; }},
        Spoilt{"Reserved", kHeader, [](AreaControl& c, Objects) { ++c.header.reserved; }},
        Spoilt{"LockThatSomebodyHas", "", [](AreaControl& c, Objects) { c.lock = 7U | 1U << 31U; }},
        Spoilt{"LockWhoseHolderDied", "", [](AreaControl& c, Objects) { c.lock = 1U << 30U; }},
        Spoilt{"LockOfNoParticipant", kLockWord, [](AreaControl& c, Objects) { c.lock = 1U << 12U; }},
        Spoilt{"LockOfALivingHolderWhoDied", kLockWord,
               [](AreaControl& c, Objects) { c.lock = 7U | 1U << 30U; }},
        Spoilt{"Writer", kLockWord, [](AreaControl& c, Objects) { c.writer = 1U << 20U; }},
        Spoilt{"Begin", kBeyond, [](AreaControl& c, Objects) { c.begin = 101; }},
        Spoilt{"End", kBeyond, [](AreaControl& c, Objects) { c.end = 101; }},
        Spoilt{"BeginBehindTheEnd", "", [](AreaControl& c, Objects) { c.begin = 100, c.end = 1; }},
        Spoilt{"TornBegin", kBeyond, [](AreaControl& c, Objects) { c.torn_begin = 101; }},
        Spoilt{"TornEnd", kBeyond, [](AreaControl& c, Objects) { c.torn_end = 101; }},
        Spoilt{"Version", kNobodyWrites, [](AreaControl& c, Objects) { c.version = 7; }},
        Spoilt{"VersionOfOneWhoWrites", "", [](AreaControl& c, Objects) { c.writer = 3, c.version = 7; }},
        Spoilt{"Asked", "who waits for a change cannot be",
               [](AreaControl& c, Objects) { c.changes.asked = 2; }},
        Spoilt{"Name", kObject, [](AreaControl&, Objects all) { all[3].name[0] = 'x'; }},
        Spoilt{"KindThatThereIsNot", kObject, [](AreaControl&, Objects all) { all[3].made = 4; }},
        Spoilt{"WordOfNothing", kObject, [](AreaControl&, Objects all) { all[3].word = 1; }},
        Spoilt{"WordOfALock", kObject, [](AreaControl&, Objects all) { all[0].word = 1U << 12U; }},
        Spoilt{"FirstCountOfALock", kObject, [](AreaControl&, Objects all) { all[0].made = 0x101; }},
        Spoilt{"WordOfAnEvent", "", [](AreaControl&, Objects all) { all[1].word = ~0U; }},
        Spoilt{"WaitersOfAnEvent", kObject, [](AreaControl&, Objects all) { all[1].waiters.asked = 9; }},
        Spoilt{"PermitsBelowNone", kObject, [](AreaControl&, Objects all) { all[2].word = ~0U - 5; }},
        Spoilt{"PermitsThatWereTaken", "", [](AreaControl&, Objects all) { all[2].word = ~0U - 4; }}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace procgraph::testing
