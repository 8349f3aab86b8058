// What the runner does for queues whose messages fail, or are held for too long.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "procgraph/node.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/letter.h"
#include "queue/settle.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::Clock;
using detail::View;

const DeadLetter kDeath{
    .cause = "death", .queue = "jobs", .process = "worker.1", .deliveries = 1, .sequence = 0};

QueueRegions regions(const TestQueue& q) {
  return {q.control(), q.payload(), q.roster()};
}

// Puts a message and lets it fail.
void fail(TestQueue& q, std::string_view text) {
  View view = q.view(7);
  ASSERT_TRUE(put(view, text));
  detail::Consumer consumer(view);
  const detail::BlockIndex block = consumer.take();
  ASSERT_NE(block, detail::kNoBlock);
  give_back(view, block);
}

class DeadLetters : public ::testing::Test {
 protected:
  TestQueue jobs_{{.capacity = 8, .memory = 64 << 10, .policy = {.max_deliveries = 1}}};
  TestQueue failed_{{.capacity = 1, .memory = 64 << 10, .letter_room = kLetterRoom}};
};

TEST_F(DeadLetters, AreMovedWithTheirHeadersAndReadAsWhatWasPut) {
  fail(jobs_, "poison");
  EXPECT_EQ(parked(jobs_.control()),
            (std::vector<DeadMessage>{{.sequence = 0, .deliveries = 1, .participant = 7, .cause = "nack"}}));
  EXPECT_EQ(parks(jobs_.control()), 1u);
  EXPECT_TRUE(move_dead(regions(jobs_), regions(failed_), kDeath));
  EXPECT_EQ(jobs_.sample().parked, 0u);
  EXPECT_EQ(jobs_.sample().bytes, 0u);
  pid_t reader = failed_.start(2, "read", [](Node& node) {
    auto message = node.reader("q").get();
    return message->text() == "poison" && message->dead_letter() == kDeath ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
}

TEST(AMessage, ThatIsRejectedIsDeadAtOnce) {
  TestQueue q({.capacity = 8, .memory = 64 << 10, .policy = {.max_deliveries = 2}});
  q.enter(7, "both");
  Node node;
  Writer writer = node.writer("out");
  Reader reader = node.reader("in");
  writer.put("fails");
  writer.put("useless");
  reader.get()->nack();
  reader.get()->nack();
  auto useless = reader.get();
  useless->reject();
  useless->nack();  // once only
  EXPECT_EQ(parked(q.control()), (std::vector<DeadMessage>{
                                     {.sequence = 0, .deliveries = 2, .participant = 7, .cause = "nack"},
                                     {.sequence = 1, .deliveries = 1, .participant = 7, .cause = "reject"}}));
  EXPECT_EQ(q.sample().dead, 2u);
  EXPECT_EQ(q.sample().redelivered, 1u);
  EXPECT_FALSE(reader.try_get());
}

TEST(AMessage, ThatIsDeliveredAtMostOnceIsGoneWhenItIsGivenBackOrRejected) {
  TestQueue q({.capacity = 8, .memory = 64 << 10, .policy = {.at_most_once = true, .max_deliveries = 2}});
  q.enter(7, "both");
  Node node;
  Writer writer = node.writer("out");
  writer.put("a");
  writer.put("b");
  Reader reader = node.reader("in");
  reader.get()->nack();
  reader.get()->reject();
  EXPECT_EQ(q.sample().acknowledged, 2u);
}

// Who is killed once that is decided has rejected it.
TEST(AMessage, ThatWasRejectedIsDeadHoweverFarItsReaderCame) {
  TestQueue q({.capacity = 8, .memory = 64 << 10, .policy = {.max_deliveries = 5}});
  View view = q.view(7);
  ASSERT_TRUE(put(view, "useless"));
  detail::Consumer consumer(view);
  detail::Descriptor& d = view.memory.descriptor(consumer.take());
  d.note.store(detail::journal(detail::Cause::kRejected, 1, 1).raw);
  d.own.store(detail::block_word(detail::State::kSettling, 7, view.memory.geometry().first_ticket()).raw);
  q.reap(7);
  EXPECT_EQ(
      parked(q.control()),
      (std::vector<DeadMessage>{{.sequence = 0, .deliveries = 1, .participant = 7, .cause = "reject"}}));
  EXPECT_EQ(q.sample().dead, 1u);
}

TEST_F(DeadLetters, OfDeadLettersHaveTheLastHeadersOnly) {
  TestQueue last({.capacity = 1, .memory = 64 << 10, .letter_room = kLetterRoom});
  TestQueue failed(
      {.capacity = 1, .memory = 64 << 10, .letter_room = kLetterRoom, .policy = {.max_deliveries = 1}});
  fail(jobs_, std::string(300, 'x'));
  ASSERT_TRUE(move_dead(regions(jobs_), regions(failed), kDeath));
  View view = failed.view(7);
  detail::Consumer consumer(view);
  give_back(view, consumer.take());
  DeadLetter second{.cause = "nack", .queue = "failed", .process = "repair", .deliveries = 1, .sequence = 0};
  ASSERT_TRUE(move_dead(regions(failed), regions(last), second));
  pid_t reader = last.start(2, "read", [&](Node& node) {
    auto message = node.reader("q").get();
    return message->text() == std::string(300, 'x') && message->dead_letter() == second ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
}

TEST_F(DeadLetters, StayParkedWhileThereIsNoRoomAndTheRunnerIsRungWhenThereIs) {
  fail(jobs_, "a");
  fail(jobs_, "b");
  DeadLetter second = kDeath;
  second.sequence = 1;
  EXPECT_TRUE(move_dead(regions(jobs_), regions(failed_), kDeath));
  EXPECT_FALSE(move_dead(regions(jobs_), regions(failed_), second));
  EXPECT_EQ(jobs_.sample().parked, 1u);
  std::uint32_t before = rings(failed_.roster());
  View view = failed_.view(2);
  detail::Consumer consumer(view);
  const detail::BlockIndex first = consumer.take();
  ASSERT_NE(first, detail::kNoBlock);
  EXPECT_NE(rings(failed_.roster()), before) << "a place is free";
  EXPECT_TRUE(move_dead(regions(jobs_), regions(failed_), second));
  before = rings(failed_.roster());
  release(view, first);
  EXPECT_EQ(rings(failed_.roster()), before) << "the runner waits for nothing";
}

TEST_F(DeadLetters, AreMovedEvenWhereNobodyWritesOrReadsAnyMore) {
  end_of_writers(failed_.control(), failed_.roster());
  end_of_readers(failed_.control(), failed_.roster());
  fail(jobs_, "a");
  EXPECT_TRUE(move_dead(regions(jobs_), regions(failed_), kDeath));
  EXPECT_EQ(failed_.sample().waiting, 1u);
}

TEST_F(DeadLetters, GoByThePolicyOfTheirQueue) {
  TestQueue lossy({.capacity = 1,
                   .memory = 64 << 10,
                   .letter_room = kLetterRoom,
                   .policy = {.when_full = Overflow::kDropOldest}});
  fail(jobs_, "a");
  fail(jobs_, "b");
  DeadLetter second = kDeath;
  second.sequence = 1;
  EXPECT_TRUE(move_dead(regions(jobs_), regions(lossy), kDeath));
  EXPECT_TRUE(move_dead(regions(jobs_), regions(lossy), second));
  EXPECT_EQ(lossy.sample().dropped, 1u);
  EXPECT_EQ(lossy.sample().waiting, 1u);
}

TEST_F(DeadLetters, HaveRoomForTheirHeadersBeyondTheLargestMessage) {
  TestQueue jobs({.capacity = 4, .memory = 2000, .max_message = 1000, .policy = {.max_deliveries = 1}});
  TestQueue failed({.capacity = 4, .memory = 1256, .max_message = 1000, .letter_room = kLetterRoom});
  fail(jobs, std::string(1000, 'x'));
  DeadLetter letter{.cause = "death",
                    .queue = std::string(63, 'q'),
                    .process = std::string(63, 'p') + ".1000000",
                    .deliveries = 65'535,
                    .sequence = 0};
  EXPECT_LE(detail::trailer_of(letter).size() + 15, kLetterRoom);  // a sequence has up to 15 digits more
  EXPECT_TRUE(move_dead(regions(jobs), regions(failed), letter));
  pid_t writer = failed.start(1, "write", [](Node& node) {
    auto end = node.writer("q");
    try {
      (void)end.try_put(std::string(1001, 'x'));
    } catch (const TooLarge&) {
      return end.max_message() == 1000 ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(wait_for_end(writer), 0);
}

TEST(ATrailer, ThatMakesNoSenseIsPartOfTheMessage) {
  std::string text = "hello\xff\xff";
  EXPECT_EQ(detail::size_in_letter(std::as_bytes(std::span(text))), text.size());
  EXPECT_EQ(detail::size_in_letter({}), 0u);
}

TEST(AQueue, IsFinishedWhenNothingCanComeOfItAnyMore) {
  TestQueue q({.capacity = 8, .memory = 4096, .policy = {.max_deliveries = 2}});
  View view = q.view(7);
  ASSERT_TRUE(put(view, "a"));
  EXPECT_FALSE(finished(q.control()));
  end_of_writers(q.control(), q.roster());
  EXPECT_FALSE(finished(q.control())) << "a message waits";
  detail::Consumer consumer(view);
  const detail::BlockIndex block = consumer.take();
  EXPECT_FALSE(finished(q.control())) << "a message is leased";
  give_back(view, block);
  EXPECT_FALSE(finished(q.control())) << "a message came back";
  give_back(view, consumer.take());
  EXPECT_FALSE(finished(q.control())) << "a message is parked";
  release(view, block);
  EXPECT_TRUE(finished(q.control()));
}

TEST(AQueue, WithoutReadersIsFinishedThoughMessagesAreLeft) {
  TestQueue q({.capacity = 8, .memory = 4096});
  View view = q.view(7);
  ASSERT_TRUE(put(view, "a"));
  end_of_readers(q.control(), q.roster());
  EXPECT_TRUE(finished(q.control()));
}

TEST(AReader, ThatSeesTheEndRingsTheRunnerOnce) {
  TestQueue q({.capacity = 8, .memory = 4096});
  end_of_writers(q.control(), q.roster());
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    return !end.get() && !end.get() && !end.try_get() ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
  EXPECT_EQ(rings(q.roster()), 1u);
}

// ---- leases ----

constexpr QueueShape kWatched{.capacity = 8, .memory = 4096, .policy = {.lease_timeout = 1s}};

TEST(ALease, RingsTheRunnerWhenItIsTheFirst) {
  TestQueue q(kWatched);
  View view = q.view(7);
  ASSERT_TRUE(put(view, "a") && put(view, "b"));
  EXPECT_FALSE(leases(q.control(), Clock::now(), {}).look);
  detail::Consumer consumer(view);
  const detail::BlockIndex a = consumer.take(), b = consumer.take();
  EXPECT_EQ(rings(q.roster()), 1u) << "the second need not";
  EXPECT_TRUE(leases(q.control(), Clock::now(), {}).look);
  release(view, a);
  release(view, b);
  EXPECT_FALSE(leases(q.control(), Clock::now(), {}).look);
  ASSERT_TRUE(put(view, "c"));
  (void)consumer.take();
  EXPECT_EQ(rings(q.roster()), 2u);
}

TEST(ALease, IsOverdueAfterItsTimeAndNotSooner) {
  TestQueue q(kWatched);
  View view = q.view(7);
  ASSERT_TRUE(put(view, "a") && put(view, "b"));
  detail::Consumer consumer(view);
  auto before = Clock::now();
  ASSERT_NE(consumer.take(), detail::kNoBlock);
  ASSERT_NE(consumer.take(), detail::kNoBlock);
  auto look = leases(q.control(), before, {}).look;
  ASSERT_TRUE(look);
  EXPECT_GE(*look, before + 1s);
  EXPECT_TRUE(leases(q.control(), before + 1s, {}).overdue.empty());
  Leases later = leases(q.control(), Clock::now() + 2s, {});
  EXPECT_EQ(later.overdue, (std::vector<std::uint16_t>{7})) << "each holder once";
  EXPECT_TRUE(later.look) << "what others take meanwhile is not to be missed";
}

TEST(ALease, CountsFromTheAmnestyOn) {
  TestQueue q(kWatched);
  View view = q.view(7);
  ASSERT_TRUE(put(view, "a"));
  detail::Consumer consumer(view);
  ASSERT_NE(consumer.take(), detail::kNoBlock);
  auto now = Clock::now() + 2s;
  EXPECT_TRUE(leases(q.control(), now, now).overdue.empty());
}

TEST(ALease, OfAMessageThatCameBackIsNotMistakenForItsRest) {
  TestQueue q({.capacity = 8,
               .memory = 4096,
               .policy = {.lease_timeout = 1s, .retry_first = 1ns, .retry_most = 1ns}});
  View view = q.view(7);
  ASSERT_TRUE(put(view, "a"));
  detail::Consumer consumer(view);
  const detail::BlockIndex block = consumer.take();
  give_back(view, block);
  // As if its next reader had been stopped just after it took it.
  view.memory.descriptor(block).own.store(
      detail::block_word(detail::State::kLeased, 7, view.memory.geometry().first_ticket()).raw);
  EXPECT_TRUE(leases(q.control(), Clock::now() + 2s, {}).overdue.empty());
}

}  // namespace
}  // namespace procgraph::testing
