// Waiting for any of several ends, and in loops of poll.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "area/sync.h"
#include "procgraph/node.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/waiting.h"
#include "test_area.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::Line;
using detail::View;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Places = std::vector<std::size_t>;

constexpr QueueShape kSmall{.capacity = 4, .memory = 64 << 10, .participants = 8, .writers = 2};

// This process as a node that reads the queues a and b and the topic t and writes c and the topic, with a
// pipe to receive from; and what others, who are participants of the same roster, do at the other ends.
class Select : public ::testing::Test {
 protected:
  void SetUp() override { begin({}); }

  void begin(const QueuePolicy& of_a) {
    close_pipe();
    QueueShape shape = kSmall;
    shape.policy = of_a;
    a.emplace(shape);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pipe_in = ends[0];
    pipe_out = ends[1];
    a->enter_with(1, a->port("a", "read") + " " + b.port("b", "read") + " " + c.port("c", "write") + " " +
                         t.port("t_in", "read") + " " + t.port("t_out", "write") +
                         " port=p,channel=p,kind=pipe,access=read,fd=" + std::to_string(ends[0]));
    node.emplace();
  }

  void TearDown() override { close_pipe(); }

  void close_pipe() {
    node.reset();
    for (int* end : {&pipe_in, &pipe_out})
      if (*end >= 0) close(std::exchange(*end, -1));
  }

  // As another participant sees the channel.
  [[nodiscard]] View other(const TestQueue& queue) const {
    View view = queue.view(2);
    view.roster = *detail::Roster::attach(a->roster());
    return view;
  }
  [[nodiscard]] bool put_into(const TestQueue& queue, std::string_view text = "x") const {
    View view = other(queue);
    return put(view, text);
  }
  void end_writers_of(const TestQueue& queue) const { end_of_writers(queue.control(), a->roster()); }

  void wait_for_waiter(const TestQueue& queue, Line line = Line::kReaders) const {
    View view = other(queue);
    while (!detail::anybody(view.control(), line)) std::this_thread::yield();
  }

  std::optional<TestQueue> a;
  TestQueue b{kSmall}, c{{.capacity = 2, .memory = 1000, .max_message = 600, .participants = 8}};
  TestTopic t{{.history = 2, .memory = 4096, .max_message = 600, .readers = {{}}}};
  int pipe_in = -1, pipe_out = -1;  // ours, but for the one that became a connection
  std::optional<Node> node;
};

TEST_F(Select, TellsWhichEndsAreReadyAndTakesNothing) {
  Reader first = node->reader("a"), second = node->reader("b");
  EXPECT_THAT(node->select({first, second}, 0ns), IsEmpty());
  EXPECT_THAT(node->select({first, second}, 1ms), IsEmpty());
  ASSERT_TRUE(put_into(b));
  EXPECT_THAT(node->select({first, second}), ElementsAre(1));
  ASSERT_TRUE(put_into(*a));
  EXPECT_THAT(node->select({first, second}), ElementsAre(0, 1));
  EXPECT_TRUE(first.try_get());
  EXPECT_THAT(node->select({first, second}), ElementsAre(1));
  EXPECT_EQ(a->sample().got, 1u);
  EXPECT_EQ(b.sample().got, 0u);
}

TEST_F(Select, SleepsUntilOneOfThemIsReadyAndLeavesNothingBehind) {
  Reader first = node->reader("a"), second = node->reader("b");
  auto ready = std::async(std::launch::async, [&] { return node->select({first, second}); });
  wait_for_waiter(*a);
  wait_for_waiter(b);
  ASSERT_TRUE(put_into(b));
  EXPECT_THAT(ready.get(), ElementsAre(1));
  View left = other(*a);
  for (const auto& slot : left.control().slots) EXPECT_EQ(slot.owner.load(), 0u);
}

TEST_F(Select, HandsOnAnElectionThatItDoesNotUse) {
  Reader selected = node->reader("a"), read = node->reader("a");
  auto ready = std::async(std::launch::async, [&] { return node->select({selected}); });
  wait_for_waiter(*a);  // it is in front
  auto got = std::async(std::launch::async, [&] { return read.get().has_value(); });
  while (other(*a).control().slots[1].owner.load() == 0) std::this_thread::yield();
  ASSERT_TRUE(put_into(*a));
  EXPECT_TRUE(got.get()) << "nobody took the message";
  EXPECT_THAT(ready.get(), ElementsAre(0));
}

TEST_F(Select, SeesTheEndThatAMessageInHandDoesNotDelay) {
  Reader first = node->reader("a"), second = node->reader("b");
  ASSERT_TRUE(put_into(*a));
  auto ended = std::async(std::launch::async, [&] {
    auto in_hand = first.get();
    return node->select({first, second}) == Places{0} && !first.get() && first.ended();
  });
  wait_for_waiter(b);
  end_writers_of(*a);
  EXPECT_TRUE(ended.get());
}

TEST_F(Select, LetsAMessageInHandDelayTheEndAgainWhenItReturns) {
  ASSERT_TRUE(put_into(*a) && put_into(*a) && put_into(b));
  Reader first = node->reader("a"), second = node->reader("b");
  auto in_hand = first.get();
  View elsewhere = other(*a);
  detail::Consumer consumer(elsewhere);
  const detail::BlockIndex held = consumer.take();
  end_writers_of(*a);
  EXPECT_THAT(node->select({first, second}), ElementsAre(1));
  release(elsewhere, held);
  EXPECT_FALSE(consumer.is_at_end()) << "a message that may come back was forgotten";
  in_hand->ack();
  EXPECT_TRUE(consumer.is_at_end());
}

TEST_F(Select, WaitsForAPlaceInAFullQueue) {
  Writer writer = node->writer("c");
  EXPECT_THAT(node->select({writer}, 0ns), ElementsAre(0));
  writer.put("1");
  writer.put("2");
  EXPECT_THAT(node->select({writer}, 0ns), IsEmpty());
  auto ready = std::async(std::launch::async, [&] { return node->select({writer}); });
  wait_for_waiter(c, Line::kPlaces);
  View reader = other(c);
  EXPECT_EQ(get(reader), "1");
  EXPECT_THAT(ready.get(), ElementsAre(0));
  EXPECT_TRUE(writer.try_put("3"));
}

TEST_F(Select, WaitsForTheBytesThatItIsToldOf) {
  Writer writer = node->writer("c");
  writer.put(std::string(500, 'x'));
  EXPECT_THAT(node->select({{writer, 500}}, 0ns), ElementsAre(0));
  EXPECT_THAT(node->select({{writer, 501}}, 0ns), IsEmpty());
  auto ready = std::async(std::launch::async, [&] { return node->select({{writer, 600}}); });
  wait_for_waiter(c, Line::kBytes);
  View reader = other(c);
  EXPECT_EQ(get(reader).size(), 500u);
  EXPECT_THAT(ready.get(), ElementsAre(0));
}

TEST_F(Select, FindsAnEndReadyThatWouldThrow) {
  Writer writer = node->writer("c");
  writer.put("1");
  writer.put("2");
  end_of_readers(c.control(), a->roster());
  EXPECT_THAT(node->select({writer}, 0ns), ElementsAre(0));
}

TEST_F(Select, WaitsForTopics) {
  Reader reader = node->reader("t_in");
  Writer writer = node->writer("t_out");
  EXPECT_THAT(node->select({reader, writer}), ElementsAre(1));
  writer.put("1");
  writer.put("2");
  EXPECT_THAT(node->select({reader, writer}), ElementsAre(0)) << "its history is full";
  auto one = reader.get();
  auto ready = std::async(std::launch::async, [&] { return node->select({writer}); });
  detail::TopicView view = t.view(2);
  while (!detail::anybody(view.control(), Line::kPlaces)) std::this_thread::yield();
  one->ack();
  EXPECT_THAT(ready.get(), ElementsAre(0));
}

TEST_F(Select, WaitsForPipesAndQueuesAtOnce) {
  Reader reader = node->reader("a");
  Connection connection = node->connection("p");
  pipe_in = -1;
  Connection sender(dup(pipe_out), Connection::Access::kWrite, "pipe");
  for (int round = 0; round < 3; ++round) {
    auto ready = std::async(std::launch::async, [&] { return node->select({reader, connection}); });
    wait_for_waiter(*a);
    sender.send("hello");
    EXPECT_THAT(ready.get(), ElementsAre(1));
    EXPECT_EQ(connection.recv_text(), "hello");
    ready = std::async(std::launch::async, [&] { return node->select({connection, reader}); });
    wait_for_waiter(*a);
    ASSERT_TRUE(put_into(*a));
    EXPECT_THAT(ready.get(), ElementsAre(1));
    EXPECT_TRUE(reader.try_get());
  }
  EXPECT_THAT(node->select({reader, connection}, 1ms), IsEmpty());
}

TEST_F(Select, WaitsForDescriptorsAlone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_THAT(node->select({Selectable::readable(ends[0])}, 0ns), IsEmpty());
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_THAT(node->select({Selectable::readable(ends[0])}), ElementsAre(0));
  close(ends[0]);
  close(ends[1]);
}

TEST_F(Select, WakesForAMessageThatHasRested) {
  begin({.retry_first = 1ms, .retry_most = 1ms});
  ASSERT_TRUE(put_into(*a));
  Reader reader = node->reader("a"), second = node->reader("b");
  reader.get()->nack();
  EXPECT_THAT(node->select({second, reader}), ElementsAre(1));
  EXPECT_EQ(reader.try_get()->deliveries(), 2u);
}

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, 0) == 1;
}
void wait_until_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  while (poll(&one, 1, -1) != 1) {
  }
}

TEST_F(Select, GivesADescriptorThatIsReadableUntilTryGetFindsNothing) {
  Reader reader = node->reader("a");
  ASSERT_TRUE(put_into(*a) && put_into(*a));
  const int fd = reader.fd();
  EXPECT_EQ(reader.fd(), fd);
  EXPECT_TRUE(is_readable(fd));
  EXPECT_TRUE(reader.try_get());
  EXPECT_TRUE(is_readable(fd));
  EXPECT_TRUE(reader.try_get());
  EXPECT_FALSE(reader.try_get());
  EXPECT_FALSE(is_readable(fd));
  ASSERT_TRUE(put_into(*a));
  wait_until_readable(fd);
  EXPECT_TRUE(reader.try_get());
  EXPECT_FALSE(reader.try_get());
  end_writers_of(*a);
  wait_until_readable(fd);
  EXPECT_FALSE(reader.try_get());
  EXPECT_TRUE(reader.ended());
  EXPECT_TRUE(is_readable(fd));
}

TEST_F(Select, GivesADescriptorThatMissesNothing) {
  constexpr int kMany = 20000;
  Reader reader = node->reader("a");
  std::thread writer([&] {
    for (int i = 0; i < kMany; ++i) {
      while (!put_into(*a)) std::this_thread::yield();
    }
    end_writers_of(*a);
  });
  int got = 0;
  for (const int fd = reader.fd(); !reader.ended();) {
    wait_until_readable(fd);
    while (reader.try_get()) ++got;
  }
  EXPECT_EQ(got, kMany);
  writer.join();
}

TEST_F(Select, LetsOthersReadWhileAPollLoopIsBusyElsewhere) {
  Reader polled = node->reader("a"), read = node->reader("a");
  const int fd = polled.fd();
  EXPECT_FALSE(polled.try_get());  // stands in line, in front
  auto got = std::async(std::launch::async, [&] { return read.get().has_value(); });
  while (other(*a).control().slots[1].owner.load() == 0) std::this_thread::yield();
  ASSERT_TRUE(put_into(*a));
  EXPECT_TRUE(got.get()) << "nobody took the message";
  wait_until_readable(fd);
}

TEST_F(Select, MakesADescriptorReadableWhenAMessageHasRested) {
  begin({.retry_first = 1ms, .retry_most = 1ms});
  ASSERT_TRUE(put_into(*a));
  Reader reader = node->reader("a");
  const int fd = reader.fd();
  reader.get()->nack();
  while (!reader.try_get()) wait_until_readable(fd);
}

TEST_F(Select, LeavesADescriptorToItsProcess) {
  Reader reader = node->reader("a");
  (void)reader.fd();
  EXPECT_FALSE(reader.try_get());
  const pid_t child = fork();
  if (child == 0) {
    try {
      (void)reader.try_get();
    } catch (const NotInGraph&) {
      { Reader gone = std::move(reader); }  // waits for no thread, and touches no memory that is not mapped
      _exit(0);
    }
    _exit(1);
  }
  EXPECT_EQ(wait_for_end(child), 0);
  ASSERT_TRUE(put_into(*a));
  wait_until_readable(reader.fd());
}

TEST(SelectArea, IsReadyWhenTheVersionIsNotWhatItWas) {
  TestArea area({.size = 64});
  EXPECT_EQ(area.run(1, "read",
                     [](Node& node, SharedMemory& memory) {
                       const bool at_once = node.select({{memory, 0}}, 0s).empty();
                       return at_once && node.select({{memory, 0}}, 1ms).empty() ? 0 : 1;
                     }),
            0);
  area.words().changes.asked = 0;
  const pid_t waiter = area.start(1, "read", [](Node& node, SharedMemory& memory) {
    if (node.select({{memory, 0}}) != Places{0} || memory.version() != 1) return 2;
    return node.select({{memory, 0}}, 0s) == Places{0} && node.select({{memory, 1}}, 0s).empty() ? 0 : 3;
  });
  wait_until([&] { return area.words().changes.asked.load() != 0; });
  detail::note_change(area.words());
  EXPECT_EQ(wait_for_end(waiter), 0);
}

TEST(SelectArea, SeesAnEventThatWasSetAndClearedMeanwhile) {
  TestArea area({.size = 64, .sync = {"go"}});
  detail::SyncObject& go = *area.memory().find("go");
  const pid_t waiter = area.start(1, "read", [](Node& node, SharedMemory& memory) {
    const Event event = node.event("a", "go");
    return node.select({{memory, 0}, event}) == Places{1} && !event.is_set() ? 0 : 1;
  });
  wait_until([&] { return go.waiters.asked.load() != 0; });
  kill(waiter, SIGSTOP);
  wait_for_stop(waiter);
  detail::set(go);
  detail::clear(go);
  kill(waiter, SIGCONT);
  EXPECT_EQ(wait_for_end(waiter), 0);
}

TEST(SelectArea, WaitsForAreasAndQueuesAtOnceAndLeavesNothingBehind) {
  TestQueue queue(kSmall);
  TestArea area({.size = 64});
  queue.enter_with(1, queue.port("q", "read") + " " + area.port("area", "read"));
  Node node;
  Reader reader = node.reader("q");
  const SharedMemory memory = node.shared_memory("area");
  View other = queue.view(2);
  const auto select = [&](std::uint64_t since) {
    area.words().changes.asked = 0;
    return std::async(std::launch::async, [&, since] { return node.select({reader, {memory, since}}); });
  };
  const auto wait_for_waiter = [&] {
    wait_until([&] {
      return detail::anybody(other.control(), Line::kReaders) && area.words().changes.asked.load() != 0;
    });
  };
  auto changed = select(0);
  wait_for_waiter();
  detail::note_change(area.words());
  EXPECT_EQ(changed.get(), Places{1});
  auto put_there = select(1);
  wait_for_waiter();
  ASSERT_TRUE(put(other, "x"));
  EXPECT_EQ(put_there.get(), Places{0});
  EXPECT_EQ(other.control().lines[0].mask[0].load(), 0u);
}

TEST(SelectArea, IsRefusedToAChildMadeByFork) {
  TestArea area({.size = 64});
  EXPECT_EQ(area.run(1, "read",
                     [](Node& node, SharedMemory& memory) {
                       const pid_t child = fork();
                       if (child != 0) return wait_for_end(child);
                       try {
                         (void)node.select({{memory, 0}}, 0s);
                       } catch (const NotInGraph&) {
                         _exit(0);
                       }
                       _exit(1);
                     }),
            0);
}

TEST_F(Select, RefusesEndsOfTwoGraphs) {
  TestQueue one({.capacity = 4}), other({.capacity = 4});
  one.enter(1, "read");
  Node first;
  other.enter(1, "read");
  Node second;
  Reader here = first.reader("q"), there = second.reader("q");
  EXPECT_THROW((void)first.select({here, there}, 0ms), Failure);
}

}  // namespace
}  // namespace procgraph::testing
