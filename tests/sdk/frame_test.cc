// Messages that are put together.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "procgraph/admin.h"
#include "procgraph/node.h"
#include "queue/frame.h"
#include "queue/recovery.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i) all.push_back("number " + std::to_string(i));
  return all;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

std::vector<std::string> texts(const Frame& frame) {
  std::vector<std::string> all;
  for (std::span<const std::byte> bytes : frame)
    all.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return all;
}

std::vector<std::string> take_all(Reader& reader) {
  std::vector<std::string> all;
  while (auto message = reader.try_get()) all.emplace_back(message->text());
  return all;
}

// A queue, and a node of this process at both of its ends.
struct Ends {
  explicit Ends(const QueueShape& shape = {.capacity = 16, .writers = 1})
      : queue(shape),
        node((queue.enter(1, "both"), Node())),
        writer(node.writer("out")),
        reader(node.reader("in")) {}

  void put(const std::vector<std::string>& all) { writer.put_many(views(all)); }

  TestQueue queue;
  Node node;
  Writer writer;
  Reader reader;
};

TEST(FrameTest, ItsMessagesComeOneByOneInTheirOrder) {
  Ends e;
  e.put(numbers(0, 5));
  for (unsigned i = 0; i < 5; ++i) {
    auto message = e.reader.get();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->text(), "number " + std::to_string(i));
    EXPECT_EQ(message->sequence(), 0u);
    EXPECT_EQ(message->part(), i);
    EXPECT_EQ(message->deliveries(), 1u);
  }
  EXPECT_FALSE(e.reader.try_get());
  QueueSample sample = e.queue.sample();
  EXPECT_EQ(sample.waiting + sample.leased, 0u);
  EXPECT_EQ(sample.bytes, 0u);
}

TEST(FrameTest, IsADeadLetterAtOnceWhereAllThatIsLeftOfItIsRejected) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.max_deliveries = 5}});
  e.put(numbers(0, 3));
  std::vector<Message> all;
  for (int i = 0; i < 3; ++i) all.push_back(std::move(*e.reader.get()));
  all[0].ack();
  all[1].reject();
  all[2].nack();
  EXPECT_EQ(e.queue.sample().redelivered, 1u) << "one of those given back is worth another try";
  std::vector<Message> rest;
  for (int i = 0; i < 2; ++i) rest.push_back(std::move(*e.reader.get()));
  EXPECT_EQ(rest[0].part(), 1u);
  rest[0].reject();
  rest[1].ack();
  ASSERT_EQ(parked(e.queue.control()).size(), 1u);
  EXPECT_EQ(parked(e.queue.control()).at(0).cause, "reject");
  EXPECT_FALSE(e.reader.try_get());
}

TEST(FrameTest, CountsAsOneMessage) {
  Ends e({.capacity = 2, .writers = 1});
  e.put(numbers(0, 64));
  e.put(numbers(64, 128));
  EXPECT_EQ(e.queue.sample().waiting, 2u);
  EXPECT_FALSE(e.writer.try_put("one more"));
  EXPECT_EQ(take_all(e.reader), numbers(0, 128));
}

TEST(FrameTest, MoreThanOneHoldsBecomeSeveralWithoutAGap) {
  Ends e({.capacity = 64, .writers = 1});
  e.put(numbers(0, 1000));
  EXPECT_EQ(e.queue.sample().waiting, 16u);
  EXPECT_EQ(take_all(e.reader), numbers(0, 1000));
}

TEST(FrameTest, MessagesOfAnySizeGoTogetherAsFarAsTheyFit) {
  Ends e({.capacity = 64, .memory = 1 << 20, .max_message = 1000, .writers = 1});
  std::vector<std::string> all;
  for (std::size_t size : {0, 1, 7, 8, 9, 80, 81, 1000, 999, 500, 0, 0, 1000, 3}) all.emplace_back(size, 'x');
  e.put(all);
  EXPECT_EQ(take_all(e.reader), all);
}

TEST(FrameTest, OneThatIsTooLargeKeepsAllFromBeingPut) {
  Ends e({.capacity = 64, .memory = 1 << 20, .max_message = 1000, .writers = 1});
  std::vector<std::string> all = numbers(0, 3);
  all.emplace_back(1001, 'x');
  EXPECT_THROW(e.put(all), TooLarge);
  EXPECT_EQ(e.queue.sample().waiting, 0u);
}

TEST(FrameTest, WhereMessagesAreTinyTheyGoAlone) {
  Ends e({.capacity = 64, .memory = 1 << 20, .max_message = 80, .writers = 1});
  e.put(numbers(0, 3));
  EXPECT_EQ(e.queue.sample().waiting, 3u);
  EXPECT_EQ(take_all(e.reader), numbers(0, 3));
}

TEST(FrameTest, NothingIsPutOfNothing) {
  Ends e;
  e.put({});
  EXPECT_FALSE(e.reader.try_get());
}

TEST(FrameTest, WithinATimeAsManyArePutAsFindRoom) {
  Ends e({.capacity = 2, .writers = 1});
  const auto all = numbers(0, 200);
  EXPECT_EQ(e.writer.put_many(std::span<const std::string_view>(views(all)), 0ns), 128u);
  EXPECT_EQ(take_all(e.reader), numbers(0, 128));
}

TEST(FrameTest, WholeFramesAreTakenTogether) {
  Ends e;
  e.put(numbers(0, 64));
  e.writer.put("alone");
  auto frame = e.reader.get_many();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->size(), 64u);
  EXPECT_EQ(texts(*frame), numbers(0, 64));
  frame->ack();
  auto alone = e.reader.get_many();
  ASSERT_TRUE(alone);
  EXPECT_EQ(texts(*alone), std::vector<std::string>{"alone"});
  alone.reset();
  EXPECT_FALSE(e.reader.get_many(0ns));
  EXPECT_EQ(e.queue.sample().leased, 0u);
}

TEST(FrameTest, WhatIsLeftOfOneThatWasBegunComesTogether) {
  Ends e;
  e.put(numbers(0, 10));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(e.reader.get());
  auto rest = e.reader.get_many();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->size(), 6u);
  EXPECT_EQ(texts(*rest), numbers(4, 10));
}

TEST(FrameTest, OnlyWhatWasGivenBackComesAgain) {
  Ends e;
  e.put(numbers(0, 6));
  std::vector<Message> held;
  for (int i = 0; i < 6; ++i) held.push_back(*e.reader.get());
  held[4].nack();
  held[1].nack();
  held.clear();
  auto again = e.reader.get();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), "number 1");
  EXPECT_EQ(again->part(), 1u);
  EXPECT_EQ(again->deliveries(), 2u);
  again.reset();
  EXPECT_EQ(take_all(e.reader), std::vector<std::string>{"number 4"});
  EXPECT_EQ(e.queue.sample().leased, 0u);
}

TEST(FrameTest, AWholeOneGivenBackComesWhole) {
  Ends e;
  e.put(numbers(0, 6));
  e.reader.get_many()->nack();
  auto again = e.reader.get_many();
  ASSERT_TRUE(again);
  EXPECT_EQ(texts(*again), numbers(0, 6));
  EXPECT_EQ(again->deliveries(), 2u);
}

TEST(FrameTest, OneThatIsPutBackHasNotFailed) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.max_deliveries = 2}});
  e.put(numbers(0, 3));
  for (int i = 0; i < 5; ++i) e.reader.get_many()->put_back();
  auto again = e.reader.get_many();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->deliveries(), 1u);
  EXPECT_EQ(texts(*again), numbers(0, 3));
}

TEST(FrameTest, OnlyTheFirstOfOneThatIsPutBackAreDone) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.at_most_once = true}});
  e.put(numbers(0, 5));
  e.reader.get_many()->put_back(2);
  e.reader.get_many()->put_back(1);
  EXPECT_EQ(take_all(e.reader), numbers(3, 5));
  EXPECT_EQ(e.queue.sample().acknowledged, 1u);
  e.put(numbers(0, 2));
  e.reader.get_many()->put_back(2);
  EXPECT_FALSE(e.reader.try_get());
}

TEST(FrameTest, AMessageThatIsPutBackHasNotFailed) {
  for (const bool at_most_once : {false, true}) {
    Ends e({.capacity = 16, .writers = 1, .policy = {.at_most_once = at_most_once, .max_deliveries = 2}});
    e.writer.put("alone");
    for (int i = 0; i < 5; ++i) e.reader.get()->put_back();
    EXPECT_EQ(e.reader.get()->deliveries(), 1u);
    e.put(numbers(0, 2));
    for (int i = 0; i < 6; ++i) e.reader.get()->put_back();  // each of the two three times
    EXPECT_EQ(take_all(e.reader), numbers(0, 2));
    EXPECT_EQ(e.queue.sample().dead, 0u);
  }
}

TEST(FrameTest, AReaderThatGoesLeavesWhatItHasNotGivenOut) {
  Ends e;
  e.put(numbers(0, 6));
  {
    Reader other = e.node.reader("in");
    EXPECT_EQ(other.get()->text(), "number 0");
    auto held = other.get();
    EXPECT_EQ(held->text(), "number 1");
    { Reader gone = std::move(other); }
    EXPECT_FALSE(e.reader.try_get());  // one of it is still in hand
  }
  EXPECT_EQ(take_all(e.reader), numbers(2, 6));
}

TEST(FrameTest, AtMostOnceGivesNothingBackButWhatNobodyGot) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.at_most_once = true}});
  e.put(numbers(0, 6));
  {
    Reader other = e.node.reader("in");
    other.get()->nack();
    (void)other.get();
  }
  EXPECT_EQ(take_all(e.reader), numbers(2, 6));
}

// A reader dies with a frame of which it has done the first `done`, and has one more in hand.
void die_with_frame(const TestQueue& queue, std::uint16_t participant, int done) {
  const pid_t child = queue.start(participant, "read", [&](Node& node) {
    auto reader = node.reader("q");
    for (int i = 0; i < done; ++i) (void)reader.get();
    auto held = reader.get();
    kill(getpid(), SIGKILL);
    return held ? 1 : 2;
  });
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  queue.reap(participant);
}

TEST(FrameTest, AReadersDeathBringsBackWhatItHadNotAcknowledged) {
  Ends e;
  e.put(numbers(0, 8));
  die_with_frame(e.queue, 2, 3);
  auto first = e.reader.get();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->text(), "number 3");
  EXPECT_EQ(first->deliveries(), 2u);
  first.reset();
  EXPECT_EQ(take_all(e.reader), numbers(4, 8));
}

TEST(FrameTest, ADeathWhileItsReleaseWasUnderWayBringsNothingBack) {
  Ends e;
  e.put(numbers(0, 3));
  const pid_t child = e.queue.start(2, "read", [&](Node& node) {
    auto frame = node.reader("q").get_many();
    detail::View view = e.queue.view(2);
    view.memory.for_each_block([&](detail::BlockIndex block) {
      detail::Descriptor& d = view.memory.descriptor(block);
      if (detail::BlockWord{d.own.load()}.is_lease()) detail::frame_head(d).settled.fetch_or(7);
    });
    kill(getpid(), SIGKILL);
    return frame ? 1 : 2;
  });
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(e.queue.sample().leased, 1u);
  e.queue.reap(2);
  EXPECT_EQ(e.queue.sample().leased, 0u);
  EXPECT_EQ(e.queue.sample().waiting, 0u);
  EXPECT_EQ(e.queue.sample().bytes, 0u);
}

TEST(FrameTest, ProgressForgetsFailures) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.max_deliveries = 3}});
  e.put(numbers(0, 10));
  for (std::uint16_t i = 0; i < 6; ++i) die_with_frame(e.queue, static_cast<std::uint16_t>(2 + i), 1);
  EXPECT_EQ(take_all(e.reader), numbers(6, 10));
}

TEST(FrameTest, WhatNobodyHasSeenHasNotFailed) {
  Ends e(
      {.capacity = 16, .writers = 1, .policy = {.max_deliveries = 1, .retry_first = 1h, .retry_most = 1h}});
  e.put(numbers(0, 10));
  for (int i = 0; i < 4; ++i) {
    Reader other = e.node.reader("in");
    EXPECT_EQ(other.try_get()->deliveries(), 1u);
  }
  EXPECT_EQ(take_all(e.reader), numbers(4, 10));
}

TEST(FrameTest, OneOfWhichNothingIsInHandIsNotHeldForTooLong) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.lease_timeout = 1ms}});
  e.put(numbers(0, 10));
  const auto later = std::chrono::steady_clock::now() + 1h;
  auto held = e.reader.get();
  EXPECT_EQ(leases(e.queue.control(), later, {}).overdue, std::vector<std::uint16_t>{1});
  held.reset();
  const Leases idle = leases(e.queue.control(), later, {});
  EXPECT_TRUE(idle.overdue.empty());
  EXPECT_TRUE(idle.look.has_value());  // something may be given out
}

TEST(FrameTest, WhatIsLeftOfOneMakesTheDescriptorReadable) {
  Ends e;
  const int fd = e.reader.fd();
  ASSERT_FALSE(e.reader.try_get());
  pollfd look{fd, POLLIN, 0};
  ASSERT_EQ(poll(&look, 1, 0), 0);
  e.put(numbers(0, 3));
  Reader& same = e.reader;
  EXPECT_EQ(same.get()->text(), "number 0");
  EXPECT_EQ(poll(&look, 1, -1), 1);
  EXPECT_EQ(take_all(same), numbers(1, 3));
  EXPECT_EQ(poll(&look, 1, 0), 0);
}

TEST(FrameTest, OneThatFailsAgainAndAgainDiesWithWhatIsLeft) {
  Ends e({.capacity = 16, .writers = 1, .policy = {.max_deliveries = 3}});
  TestQueue letters({.capacity = 4, .writers = 0, .letter_room = 200});
  e.put(numbers(0, 8));
  die_with_frame(e.queue, 2, 2);
  die_with_frame(e.queue, 3, 0);
  die_with_frame(e.queue, 4, 0);
  EXPECT_FALSE(e.reader.try_get());
  const auto dead = parked(e.queue.control());
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].deliveries, 3u);
  const QueueRegions from{e.queue.control(), e.queue.payload(), e.queue.roster()},
      to{letters.control(), letters.payload(), letters.roster()};
  const DeadLetter why{.cause = "death", .queue = "q", .process = "p", .deliveries = 3, .sequence = 0};
  EXPECT_FALSE(move_dead(from, to, why));  // 4 have found room
  letters.enter(5, "read");
  Node node;
  Reader reader = node.reader("q");
  EXPECT_EQ(take_all(reader), numbers(2, 6));
  EXPECT_TRUE(move_dead(from, to, why));
  auto seventh = reader.try_get();
  ASSERT_TRUE(seventh);
  EXPECT_EQ(seventh->text(), "number 6");
  DeadLetter unseen = why;
  unseen.deliveries = 0;
  EXPECT_EQ(seventh->dead_letter(), unseen);
  seventh.reset();
  EXPECT_EQ(take_all(reader), numbers(7, 8));
  EXPECT_TRUE(parked(e.queue.control()).empty());
}

TEST(FrameTest, ASpoiltOneStopsTheQueue) {
  Ends e;
  e.put(numbers(0, 4));
  detail::View view = e.queue.view(1);
  view.memory.for_each_block([&](detail::BlockIndex block) {
    if (detail::BlockWord{view.memory.descriptor(block).own.load()}.raw == 0) return;
    const std::uint32_t huge = ~0u;  // the second one's size
    std::memcpy(view.memory.bytes(block) + 16, &huge, sizeof(huge));
  });
  auto frame = e.reader.get_many();
  ASSERT_TRUE(frame);
  EXPECT_THROW(texts(*frame), Poisoned);
  EXPECT_THROW((void)e.reader.get(), Poisoned);
}

TEST(FrameTest, ASpoiltCountStopsTheQueue) {
  Ends e;
  e.put(numbers(0, 4));
  detail::View view = e.queue.view(1);
  view.memory.for_each_block(
      [&](detail::BlockIndex block) { detail::frame_head(view.memory.descriptor(block)).count = 65; });
  EXPECT_THROW((void)e.reader.get(), Poisoned);
}

TEST(FrameTest, ItsMessagesMayEndInSeveralThreads) {
  Ends e({.capacity = 64, .writers = 1});
  constexpr int kFrames = 200;
  std::atomic<int> sum = 0;
  for (int i = 0; i < kFrames; ++i) {
    e.put(numbers(0, 64));
    std::array<std::vector<Message>, 4> shares;
    for (int k = 0; k < 64; ++k) shares[static_cast<std::size_t>(k) % 4].push_back(*e.reader.get());
    std::vector<std::thread> threads;
    for (auto& share : shares)
      threads.emplace_back([&sum, share = std::move(share)]() mutable {
        for (Message& one : share) sum += static_cast<int>(one.part());
        share.clear();
      });
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(e.queue.sample().leased, 0u);
  }
  EXPECT_EQ(sum, kFrames * 64 * 63 / 2);
}

TEST(FrameTest, OfATopicEachIsAMessageOfItsOwn) {
  TestTopic topic({.history = 16, .memory = 16000, .max_message = 1000, .readers = {{.history = 16}}});
  topic.enter(1, "both");
  Node node;
  Writer writer = node.writer("out");
  Reader reader = node.reader("in");
  const auto all = numbers(0, 5);
  writer.put_many(views(all));
  EXPECT_EQ(topic.sample().kept, 5u);
  EXPECT_EQ(take_all(reader), all);
}

}  // namespace
}  // namespace procgraph::testing
