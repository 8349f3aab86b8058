// Queues, topics, areas and locks where memory is as weak as C++ allows: what x86 hides and ARM shows. The
// mutants make one sort of access weaker than the code says, and must be found out.
//
// Each run is another interleaving; PROCGRAPH_TEST_RUNS asks for more than the 20,000 of every day.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>

#include "area_scenes.h"
#include "queue_scenes.h"
#include "topic_scenes.h"

namespace procgraph::weak {
namespace {

using testing::TestParamInfo;
using testing::Values;

std::uint64_t runs() {
  const char* asked = std::getenv("PROCGRAPH_TEST_RUNS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 20'000;
}

constexpr auto kNoOrder = std::memory_order_relaxed, kNotTotal = std::memory_order_acq_rel,
               kAcquire = std::memory_order_acquire, kRelease = std::memory_order_release;

constexpr Traffic::Cast kPair{.messages = 3};
constexpr Traffic::Cast kTwoWriters{.writers = 2, .messages = 1, .capacity = 1};
constexpr Traffic::Cast kTwoReaders{.readers = 2};
constexpr Traffic::Cast kOneBlock{.writers = 2, .messages = 1, .large = true};
constexpr Traffic::Cast kGivesBack{.readers = 2, .messages = 1, .large = true, .gives_back = true};

constexpr Traffic::Cast kEnded{.messages = 1, .is_ended = true};

struct QueueRow {
  const char* name;
  Traffic::Cast cast;
  Mutant mutant = {};

  friend void PrintTo(const QueueRow& row, std::ostream* out) { *out << row.name; }
};

class WeakQueue : public testing::TestWithParam<QueueRow> {};
class WeakQueueMutant : public testing::TestWithParam<QueueRow> {};

TEST_P(WeakQueue, BringsEachMessageOnceAndLetsNobodySleepForEver) {
  Traffic scene(GetParam().cast, {});
  EXPECT_EQ(check(scene, runs()), "");
}

TEST_P(WeakQueueMutant, IsFoundOut) {
  Traffic scene(GetParam().cast, GetParam().mutant);
  EXPECT_NE(check(scene, runs()), "");
}

std::string name_of(const TestParamInfo<QueueRow>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Of, WeakQueue,
    Values(QueueRow{"OneWriterAndOneReader", kPair}, QueueRow{"TwoWritersForOnePlace", kTwoWriters},
           QueueRow{"TwoReadersAndTheEnd", kTwoReaders}, QueueRow{"TwoWritersForOneBlock", kOneBlock},
           QueueRow{"TwoReadersThatGiveBack", kGivesBack}, QueueRow{"AnEndWhileAWriterPuts", kEnded}),
    name_of);

// put × take, put × sleep, take × sleep, release × claim, put × end, release × end.
INSTANTIATE_TEST_SUITE_P(
    With, WeakQueueMutant,
    Values(QueueRow{"PublishingThatReleasesNothing", kPair, {Words::kRing, Access::kExchange, kAcquire}},
           QueueRow{
               "PublishingOutsideTheTotalOrder", kOneBlock, {Words::kRing, Access::kExchange, kNotTotal}},
           QueueRow{"ALookAtTheRingThatReceivesNothing", kPair, {Words::kRing, Access::kLoad, kNoOrder}},
           QueueRow{"ALookAtTheRingOutsideTheTotalOrder", kOneBlock, {Words::kRing, Access::kLoad, kAcquire}},
           QueueRow{"TakingOutsideTheTotalOrder", kTwoWriters, {Words::kOwn, Access::kExchange, kNotTotal}},
           QueueRow{"ALookAtBlocksOutsideTheTotalOrder", kTwoWriters, {Words::kOwn, Access::kLoad, kAcquire}},
           QueueRow{"FreeingOutsideTheTotalOrder", kGivesBack, {Words::kBusy, Access::kExchange, kNotTotal}},
           QueueRow{"ALookAtTheMapOutsideTheTotalOrder", kGivesBack, {Words::kBusy, Access::kLoad, kAcquire}},
           QueueRow{"AnEndOutsideTheTotalOrder", kEnded, {Words::kState, Access::kExchange, kNotTotal}},
           QueueRow{"ALookAtTheStateOutsideTheTotalOrder", kEnded, {Words::kState, Access::kLoad, kAcquire}},
           QueueRow{
               "StandingInLineOutsideTheTotalOrder", kPair, {Words::kSummary, Access::kExchange, kNotTotal}},
           QueueRow{"ALookAtTheLineOutsideTheTotalOrder", kPair, {Words::kSummary, Access::kLoad, kAcquire}}),
    name_of);

struct TopicRow {
  const char* name;
  Broadcast::Cast cast;
  TopicMutant mutant = {};

  friend void PrintTo(const TopicRow& row, std::ostream* out) { *out << row.name; }
};

class WeakTopic : public testing::TestWithParam<TopicRow> {};
class WeakTopicMutant : public testing::TestWithParam<TopicRow> {};

TEST_P(WeakTopic, BringsToEachReaderWhatItIsPromisedAndLetsNobodySleepForEver) {
  Broadcast scene(GetParam().cast, {});
  EXPECT_EQ(check(scene, runs()), "");
}

TEST_P(WeakTopicMutant, IsFoundOut) {
  Broadcast scene(GetParam().cast, GetParam().mutant);
  EXPECT_NE(check(scene, runs()), "");
}

std::string topic_name_of(const TestParamInfo<TopicRow>& row) {
  return row.param.name;
}

constexpr Broadcast::Cast kBoth{}, kGating{.lossy = false}, kLossy{.gates = false};
constexpr Broadcast::Cast kTwoHandles{.lossy = false, .history = 2, .handles = 2};

INSTANTIATE_TEST_SUITE_P(Of, WeakTopic,
                         Values(TopicRow{"OneReaderOfEachKind", kBoth},
                                TopicRow{"AReaderThatIsWaitedFor", kGating},
                                TopicRow{"AReaderThatIsNotWaitedFor", kLossy},
                                TopicRow{"AReaderWithTwoThreads", kTwoHandles}),
                         topic_name_of);

// put × sleep, acknowledge × sleep, retire × take.
INSTANTIATE_TEST_SUITE_P(
    With, WeakTopicMutant,
    Values(
        TopicRow{
            "PublishingOutsideTheTotalOrder", kGating, {TopicWords::kRing, Access::kExchange, kNotTotal}},
        TopicRow{"ALookAtTheRingOutsideTheTotalOrder", kGating, {TopicWords::kRing, Access::kLoad, kAcquire}},
        TopicRow{"AcknowledgingOutsideTheTotalOrder",
                 kGating,
                 {TopicWords::kCursor, Access::kExchange, kNotTotal}},
        TopicRow{
            "ALookAtTheCursorOutsideTheTotalOrder", kGating, {TopicWords::kCursor, Access::kLoad, kAcquire}},
        TopicRow{"RetiringOutsideTheTotalOrder", kLossy, {TopicWords::kOwn, Access::kStore, kRelease}},
        TopicRow{"ALookAtBlocksOutsideTheTotalOrder", kLossy, {TopicWords::kOwn, Access::kLoad, kAcquire}},
        TopicRow{"HoldingOutsideTheTotalOrder", kLossy, {TopicWords::kNotes, Access::kStore, kRelease}},
        TopicRow{"ALookAtNotesOutsideTheTotalOrder", kLossy, {TopicWords::kNotes, Access::kLoad, kAcquire}}),
    topic_name_of);

struct AreaRow {
  const char* name;
  Play play;
  int threads = 3;
  AreaMutant mutant = {};

  friend void PrintTo(const AreaRow& row, std::ostream* out) { *out << row.name; }
};

class WeakArea : public testing::TestWithParam<AreaRow> {};
class WeakAreaMutant : public testing::TestWithParam<AreaRow> {};

TEST_P(WeakArea, ShowsWholeChangesAndLetsNobodySleepForEver) {
  AreaScene scene(GetParam().play, GetParam().threads, {});
  EXPECT_EQ(check(scene, runs()), "");
}

TEST_P(WeakAreaMutant, IsFoundOut) {
  AreaScene scene(GetParam().play, GetParam().threads, GetParam().mutant);
  EXPECT_NE(check(scene, runs()), "");
}

std::string area_name_of(const TestParamInfo<AreaRow>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(Of, WeakArea,
                         Values(AreaRow{"OneWriter", Play::kWrite, 2}, AreaRow{"TwoWriters", Play::kWrite},
                                AreaRow{"AValue", Play::kValue, 2},
                                AreaRow{"AValueOfTwoWriters", Play::kValue},
                                AreaRow{"ChangesThatAreWaitedFor", Play::kChange},
                                AreaRow{"ALockOfTwo", Play::kLock, 2}, AreaRow{"ALockOfThree", Play::kLock},
                                AreaRow{"AnEvent", Play::kEvent, 2}, AreaRow{"Permits", Play::kPermit}),
                         area_name_of);

INSTANTIATE_TEST_SUITE_P(
    With, WeakAreaMutant,
    Values(
        AreaRow{"ALockThatReceivesNothing", Play::kLock, 2, {AreaWords::kLock, Access::kExchange, kRelease}},
        AreaRow{"ALockThatReleasesNothing", Play::kLock, 2, {AreaWords::kLock, Access::kExchange, kAcquire}},
        AreaRow{
            "AVersionThatReceivesNothing", Play::kWrite, 3, {AreaWords::kVersion, Access::kLoad, kNoOrder}},
        AreaRow{"AVersionOutsideTheTotalOrder",
                Play::kWrite,
                3,
                {AreaWords::kVersion, Access::kExchange, kNotTotal}},
        AreaRow{
            "WordsOfAValueThatReceiveNothing", Play::kValue, 3, {AreaWords::kData, Access::kLoad, kNoOrder}},
        AreaRow{
            "WordsOfAValueThatReleaseNothing", Play::kValue, 3, {AreaWords::kData, Access::kStore, kNoOrder}},
        AreaRow{
            "AskingOutsideTheTotalOrder", Play::kChange, 3, {AreaWords::kAsked, Access::kStore, kRelease}},
        AreaRow{"ALookAtWhoAskedOutsideTheTotalOrder",
                Play::kChange,
                3,
                {AreaWords::kAsked, Access::kLoad, kAcquire}},
        AreaRow{
            "AnEventThatReleasesNothing", Play::kEvent, 2, {AreaWords::kSync, Access::kExchange, kAcquire}},
        AreaRow{"PermitsOutsideTheTotalOrder",
                Play::kPermit,
                3,
                {AreaWords::kSync, Access::kExchange, kNotTotal}}),
    area_name_of);

}  // namespace
}  // namespace procgraph::weak
