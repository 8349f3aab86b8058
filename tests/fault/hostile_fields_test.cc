// Every field that the processes of a channel share is overwritten with random bytes while they use it. What
// must follow stands beside the field: the channel's own checks find it, or it does no harm, or either may
// be, and all survive.
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "procgraph/node.h"
#include "queue/frame.h"
#include "roster.h"
#include "test_queue.h"
#include "topic/memory.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::Control;
using detail::Descriptor;
using detail::Header;
using detail::ReaderSlot;
using detail::WaitSlot;

constexpr std::uint16_t kEnds = 4;                // two writers, then two readers
constexpr std::uint64_t kWarm = 20, kMore = 300;  // what each does before, and after

enum class Then : std::uint8_t {
  kFound,     // the channel is stopped
  kHarmless,  // nothing is lost, and nobody stops
  kSurvived,  // messages may be lost, held back or invented, or it is found
};

struct Overwritten {
  std::string name;
  Then then;
  std::uint64_t at;        // in the control region
  std::size_t size;        // 4 or 8
  bool of_roster = false;  // in the roster instead
};
void PrintTo(const Overwritten& field, std::ostream* out) {
  *out << field.name;
}  // gtest's way

// What the processes tell each other.
struct Progress {
  std::array<std::atomic<std::uint64_t>, kEnds> rounds, moved;  // moved: messages put or got
  std::array<std::atomic<bool>, kEnds> over;
  std::atomic<bool> no_more_puts, no_more;
};

int write_until_told(Node& node, Progress& all, std::size_t self) {
  auto out = node.writer("q");
  const std::string large(600, 'x'), small(20, 'x');
  const std::array<std::string_view, 3> together{small, small, small};
  for (std::uint64_t round = 0; !all.no_more_puts; round = ++all.rounds[self]) {
    if (round % 3 == 2) {
      all.moved[self] += out.put_many(together, 1ms);
    } else if (out.put(round % 3 == 0 ? large : small, 1ms)) {
      ++all.moved[self];
    }
  }
  return 0;
}

int read_until_the_end(Node& node, Progress& all, std::size_t self) {
  auto in = node.reader("q");
  for (; !all.no_more && !in.ended(); ++all.rounds[self]) {
    if (auto message = in.get(1ms)) {
      if (message->bytes().size() > 900) return 2;
      ++all.moved[self];
    }
  }
  return 0;
}

// Ends well when the channel is stopped, by an error that says so.
int act(Node& node, Progress& all, std::size_t self) {
  signal(SIGPIPE, SIG_IGN);  // the state may say that nobody reads
  int code = 0;
  try {
    code = self < 2 ? write_until_told(node, all, self) : read_until_the_end(node, all, self);
  } catch (const Failure&) {
  }
  all.over[self] = true;
  return code;
}

template <class Channel>
class Scene {
 public:
  explicit Scene(const typename Channel::Shape& shape) : channel_(shape), memory_(sizeof(Progress)) {
    for (std::uint16_t i = 0; i < kEnds; ++i)
      pids_[i] = channel_.start(
          i + 1u, i < 2 ? "write" : "read", [&, i](Node& node) { return act(node, all(), i); },
          i < 2 ? 0 : i - 2u);
    wait_for(kWarm);
  }

  void overwrite(const Overwritten& field, std::uint64_t seed) {
    const std::uint64_t random = std::mt19937_64(seed)();
    std::byte* at = (field.of_roster ? channel_.roster() : channel_.control()).data() + field.at;
    if (field.size == 8) {
      reinterpret_cast<std::atomic<std::uint64_t>*>(at)->store(random);
    } else {
      reinterpret_cast<std::atomic<std::uint32_t>*>(at)->store(static_cast<std::uint32_t>(random));
    }
  }
  void go_on() {
    std::array<std::uint64_t, kEnds> until{};
    for (std::size_t i = 0; i < kEnds; ++i) until[i] = all().rounds[i] + kMore;
    for (std::size_t i = 0; i < kEnds; ++i) wait_for(until[i], i);
  }
  // Those that are not stopped end by themselves; the runner is told of each death.
  void end(bool drain) {
    all().no_more_puts = true;
    if (!drain) all().no_more = true;
    for (std::uint16_t i = 0; i < kEnds; ++i) {
      if (i == 2) end_of_writers(channel_.control(), channel_.roster());
      EXPECT_EQ(wait_for_end(pids_[i]), 0) << "process " << i + 1;
      channel_.reap(i + 1u);
    }
  }
  [[nodiscard]] bool is_poisoned() const { return poisoned(channel_.control()).has_value(); }
  [[nodiscard]] std::uint64_t moved(std::size_t end) { return all().moved[end]; }

 private:
  Progress& all() { return *reinterpret_cast<Progress*>(memory_.bytes().data()); }
  void wait_for(std::uint64_t rounds, std::size_t end) {
    while (all().rounds[end] < rounds && !all().over[end]) std::this_thread::yield();
  }
  void wait_for(std::uint64_t rounds) {
    for (std::size_t i = 0; i < kEnds; ++i) wait_for(rounds, i);
  }

  Channel channel_;
  Region memory_;
  std::array<pid_t, kEnds> pids_{};
};

// PROCGRAPH_TEST_SEEDS=N tries N values for each field.
std::uint64_t seeds() {
  const char* number = std::getenv("PROCGRAPH_TEST_SEEDS");
  return number != nullptr ? std::strtoull(number, nullptr, 10) : 1;
}

template <class Channel>
void overwrite(const typename Channel::Shape& shape, const Overwritten& field, bool all_get_all) {
  for (std::uint64_t seed = 1; seed <= seeds() && !::testing::Test::HasFailure(); ++seed) {
    Scene<Channel> scene(shape);
    scene.overwrite(field, seed * 7919 + field.at);
    scene.go_on();
    scene.end(field.then == Then::kHarmless);
    if (field.then == Then::kSurvived) continue;
    ASSERT_EQ(scene.is_poisoned(), field.then == Then::kFound) << "seed " << seed;
    if (field.then == Then::kFound) continue;
    const std::uint64_t put = scene.moved(0) + scene.moved(1);
    ASSERT_EQ(all_get_all ? scene.moved(2) : scene.moved(2) + scene.moved(3), put) << "seed " << seed;
  }
}

const QueueShape kQueue{.capacity = 8, .memory = 8192, .max_message = 900, .participants = 8, .writers = 2};
const TopicShape kTopic{.history = 8,
                        .memory = 16384,
                        .max_message = 900,
                        .participants = 8,
                        .writers = 2,
                        .readers = {{}, {.gates = false}}};

void add_header(std::vector<Overwritten>& all) {
  for (std::uint64_t at = 0; at < sizeof(Header); at += 4)
    all.push_back({"HeaderAt" + std::to_string(at), Then::kFound, at, 4});
}

// What a topic has of a queue.
void add_control(std::vector<Overwritten>& all) {
  add_header(all);
  all.insert(
      all.end(),
      {{"State", Then::kFound, offsetof(Control, state), 4},
       {"Poison", Then::kFound, offsetof(Control, poison), 4},
       {"Doubt", Then::kHarmless, offsetof(Control, doubt), 4},  // the bytes are counted again
       {"Limit", Then::kFound, offsetof(Control, limit), 8},
       {"SummaryOfReaders", Then::kSurvived, offsetof(Control, summary), 8},  // mended by who wakes
       {"SummaryOfBytes", Then::kSurvived, offsetof(Control, summary) + 24, 8},
       {"Memory", Then::kFound, offsetof(Control, memory), 8},
       {"Tail", Then::kFound, offsetof(Control, tail), 8},
       {"Head", Then::kFound, offsetof(Control, head), 8},
       {"Reserved", Then::kFound, offsetof(Control, reserved), 8},
       {"Released", Then::kFound, offsetof(Control, released), 8},
       {"Returns", Then::kHarmless, offsetof(Control, returns), 4},  // looked at once more
       {"Parks", Then::kHarmless, offsetof(Control, parks), 4},
       {"Tallies", Then::kHarmless, offsetof(Control, tallies), 8},  // counters only
       {"Deepest", Then::kFound, offsetof(Control, deepest), 8},
       {"Watched", Then::kHarmless, offsetof(Control, watched), 4},  // without a lease_timeout
       {"Used", Then::kFound, offsetof(Control, used), 4},
       {"UsedOfNoClass", Then::kFound, offsetof(Control, used) + 60, 4},
       {"MaskOfReaders", Then::kSurvived, offsetof(Control, lines), 8},
       {"Turn", Then::kHarmless, offsetof(Control, lines) + offsetof(detail::WaitLine, turn), 4},
       {"UsedSlots", Then::kFound, offsetof(Control, used_slots), 4},
       {"Gone", Then::kSurvived, offsetof(Control, gone), 8},  // the data may end too early
       {"OwnerOfASlot", Then::kSurvived, offsetof(Control, slots), 4},
       {"DoorbellOfASlot", Then::kSurvived, offsetof(Control, slots) + offsetof(WaitSlot, doorbell), 4},
       {"NeedOfASlot", Then::kSurvived, offsetof(Control, slots) + offsetof(WaitSlot, need), 8}});
}

// What is the owner's of a block is written anew by the next one: whether anybody sees it is open.
void add_blocks(std::vector<Overwritten>& all, const detail::Geometry& g) {
  const std::uint64_t block = g.descriptors_at;
  all.insert(all.end(), {{"Busy", Then::kHarmless, g.busy_at, 8},
                         {"Own", Then::kSurvived, block + offsetof(Descriptor, own), 8},
                         {"Size", Then::kSurvived, block + offsetof(Descriptor, size), 8},
                         {"Taker", Then::kSurvived, block + offsetof(Descriptor, taker), 4},
                         {"Tries", Then::kSurvived, block + offsetof(Descriptor, tries), 4},
                         {"Flags", Then::kSurvived, block + offsetof(Descriptor, flags), 4},
                         {"Time", Then::kHarmless, block + offsetof(Descriptor, time), 8},  // without expire
                         {"Note", Then::kSurvived, block + offsetof(Descriptor, note), 8},
                         {"Tally", Then::kHarmless, g.tallies_at + 64, 8}});
}

// Of blocks of the class in which small messages that are put together lie.
void add_frames(std::vector<Overwritten>& all, const detail::Geometry& g) {
  using detail::FrameHead;
  for (detail::BlockIndex i = 0; i < 2; ++i) {
    const std::uint64_t head =
        g.descriptors_at + (g.of_class[1].first + i) * sizeof(Descriptor) + offsetof(Descriptor, bytes);
    const std::string which = "OfFrame" + std::to_string(i);
    all.insert(all.end(), {{"Count" + which, Then::kSurvived, head, 4},
                           {"Settled" + which, Then::kSurvived, head + offsetof(FrameHead, settled), 8},
                           {"Back" + which, Then::kSurvived, head + offsetof(FrameHead, back), 8},
                           {"Before" + which, Then::kSurvived, head + offsetof(FrameHead, before), 8},
                           {"Given" + which, Then::kSurvived, head + offsetof(FrameHead, given), 8},
                           {"Refused" + which, Then::kSurvived, head + offsetof(FrameHead, refused), 8}});
  }
}

// What all channels of a graph share. Those that sleep do so for a millisecond at most here: one that sleeps
// for ever may miss a ring.
void add_roster(std::vector<Overwritten>& all) {
  using detail::Doorbell;
  using detail::Participant;
  using detail::RosterRegion;
  const auto add = [&](const std::string& name, std::uint64_t at, std::size_t size) {
    all.push_back({"RosterS" + name, Then::kHarmless, at, size, true});
  };
  for (std::uint64_t at = 0; at < 16; at += 4) add("HeaderAt" + std::to_string(at), at, 4);
  add("PidOfOne", offsetof(RosterRegion, participants) + sizeof(Participant), 4);
  add("StartOfOne", offsetof(RosterRegion, participants) + sizeof(Participant) + 8, 8);
  add("Used", offsetof(RosterRegion, used), 4);
  const std::uint64_t bell = offsetof(RosterRegion, doorbells) + detail::kBellsEach * sizeof(Doorbell);
  add("OwnerOfADoorbell", bell + offsetof(Doorbell, owner), 4);
  add("RingsOfADoorbell", bell + offsetof(Doorbell, rings), 4);
  add("OpenedOfOne", offsetof(RosterRegion, opened) + 8, 8);
}

const std::vector<Overwritten>& fields_of_a_queue() {
  static const std::vector<Overwritten> all = [] {
    std::vector<Overwritten> fields;
    const detail::Geometry g = TestQueue(kQueue).view(1).memory.geometry();
    add_control(fields);
    fields.push_back({"Ring", Then::kFound, g.ring_at, 8});
    fields.push_back({"Returned", Then::kHarmless, g.returned_at, 8});  // the block's own word decides
    add_blocks(fields, g);
    add_frames(fields, g);
    add_roster(fields);
    return fields;
  }();
  return all;
}

void add_reader(std::vector<Overwritten>& all, std::uint64_t slot, const std::string& whose, bool gates) {
  all.insert(all.end(),
             {{"UntilOf" + whose, Then::kFound, slot + offsetof(ReaderSlot, until), 8},
              {"HistoryOf" + whose, Then::kFound, slot + offsetof(ReaderSlot, history), 8},
              {"GatesOf" + whose, Then::kFound, slot + offsetof(ReaderSlot, gates), 4},
              {"AtMostOnceOf" + whose, Then::kFound, slot + offsetof(ReaderSlot, at_most_once), 4},
              {"ExpireOf" + whose, Then::kFound, slot + offsetof(ReaderSlot, expire), 8},
              {"ReturnsOf" + whose, Then::kHarmless, slot + offsetof(ReaderSlot, returns), 4},
              {"ReaderOf" + whose, Then::kFound, slot + offsetof(ReaderSlot, reader), 4},
              {"RedeliveredOf" + whose, Then::kHarmless, slot + offsetof(ReaderSlot, redelivered), 8},
              {"MissedOf" + whose, Then::kHarmless, slot + offsetof(ReaderSlot, missed) + 8, 8},
              {"ExpiredOf" + whose, Then::kHarmless, slot + offsetof(ReaderSlot, expired), 8}});
  // One that gates moves its tickets by exchange only; the other stores `next` whenever it takes.
  all.push_back({"CursorOf" + whose, gates ? Then::kFound : Then::kHarmless, slot, 8});
  all.push_back(
      {"NextOf" + whose, gates ? Then::kFound : Then::kSurvived, slot + offsetof(ReaderSlot, next), 8});
  all.push_back(
      {"InHandOf" + whose, gates ? Then::kHarmless : Then::kFound, slot + offsetof(ReaderSlot, in_hand), 4});
}

const std::vector<Overwritten>& fields_of_a_topic() {
  static const std::vector<Overwritten> all = [] {
    std::vector<Overwritten> fields;
    TestTopic topic(kTopic);
    auto view = topic.view(1);
    const detail::Geometry& g = view.memory.geometry();
    const auto at = [&](auto& part) {
      return static_cast<std::uint64_t>(reinterpret_cast<std::byte*>(&part) - topic.control().data());
    };
    add_control(fields);
    fields.push_back({"Ring", Then::kFound, g.ring_at, 8});
    fields.push_back({"Readers", Then::kFound, at(view.topic.part().readers), 4});
    fields.push_back({"Lossy", Then::kFound, at(view.topic.part().lossy), 4});
    fields.push_back({"First", Then::kFound, at(view.topic.part().first), 8});
    add_reader(fields, at(view.topic.slot(0)), "OneThatGates", true);
    add_reader(fields, at(view.topic.slot(1)), "OneThatDoesNot", false);
    for (std::uint32_t reader : {0u, 1u})
      fields.push_back(
          {"NoteOf" + std::to_string(reader), Then::kSurvived, at(view.topic.note(reader, 0)), 8});
    add_blocks(fields, g);
    add_roster(fields);
    return fields;
  }();
  return all;
}

class HostileField : public ::testing::TestWithParam<Overwritten> {};
class HostileTopicField : public ::testing::TestWithParam<Overwritten> {};

TEST_P(HostileField, OfAQueueIsFoundOrHarmless) {
  overwrite<TestQueue>(kQueue, GetParam(), false);
}

TEST_P(HostileTopicField, OfATopicIsFoundOrHarmless) {
  overwrite<TestTopic>(kTopic, GetParam(), true);
}

INSTANTIATE_TEST_SUITE_P(Overwritten, HostileField, ::testing::ValuesIn(fields_of_a_queue()),
                         [](const auto& field) { return field.param.name; });
INSTANTIATE_TEST_SUITE_P(Overwritten, HostileTopicField, ::testing::ValuesIn(fields_of_a_topic()),
                         [](const auto& field) { return field.param.name; });

}  // namespace
}  // namespace procgraph::testing
