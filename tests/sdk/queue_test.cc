// The queue as a node sees it, in processes of their own.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "procgraph/node.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;

constexpr QueueShape kSmall{.capacity = 4, .memory = 64 << 10, .participants = 4};

TEST(Queue, CarriesAMessageFromOneProcessToAnotherAndThenEnds) {
  TestQueue q(kSmall);
  pid_t writer_pid = q.start(1, "write", [](Node& node) {
    node.writer("q").put("['HelloWorld']");
    return 0;
  });
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto message = reader.get();
    if (!message || message->text() != "['HelloWorld']" || message->sequence() != 0 ||
        message->deliveries() != 1)
      return 1;
    message.reset();
    return !reader.get() && reader.ended() ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
  end_of_writers(q.control(), q.roster());
  EXPECT_EQ(wait_for_end(reader_pid), 0);
  EXPECT_EQ(q.sample(), (QueueSample{.put = 1, .acknowledged = 1, .got = 1, .deepest = 1}));
}

TEST(Queue, MakesAWriterWaitAtExactlyItsCapacity) {
  TestQueue q(kSmall);
  pid_t writer_pid = q.start(1, "write", [](Node& node) {
    auto writer = node.writer("q");
    for (int i = 0; i < 4; ++i) {
      if (!writer.try_put("x")) return 1;
    }
    if (writer.try_put("x")) return 2;
    return writer.put("x", 1ms) ? 3 : 0;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
  EXPECT_EQ(q.sample().waiting, 4u);
}

TEST(Queue, WakesAWaitingWriterWhenAMessageIsTakenAndBeforeItIsAcknowledged) {
  TestQueue q({.capacity = 1, .memory = 64 << 10});
  pid_t writer_pid = q.start(1, "write", [](Node& node) {
    auto writer = node.writer("q");
    writer.put("first");
    writer.put("second");
    return 0;
  });
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto first = reader.get();
    auto second = reader.get();
    return first->text() == "first" && second->text() == "second" ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
  EXPECT_EQ(wait_for_end(reader_pid), 0);
}

TEST(Queue, BoundsTheBytesInFlightOverAllClasses) {
  TestQueue q({.capacity = 100, .memory = 1000, .max_message = 600});
  pid_t writer_pid = q.start(1, "both", [](Node& node) {
    auto writer = node.writer("out");
    if (!writer.try_put(std::string(600, 'a')) || !writer.try_put(std::string(390, 'b'))) return 1;
    if (writer.try_put(std::string(11, 'c'))) return 2;
    if (!writer.try_put(std::string(10, 'd'))) return 3;
    auto reader = node.reader("in");
    reader.get()->ack();
    return writer.try_put(std::string(600, 'e')) ? 0 : 4;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
  EXPECT_EQ(q.sample().bytes, 1000u);
}

TEST(Queue, RefusesAMessageThatIsTooLongAndSaysWhatTheLimitIs) {
  TestQueue q({.capacity = 4, .memory = 4000});
  pid_t writer_pid = q.start(1, "write", [](Node& node) {
    auto writer = node.writer("q");
    if (writer.max_message() != 1000 || !writer.try_put(std::string(1000, 'x'))) return 1;
    try {
      writer.put(std::string(1001, 'x'));
    } catch (const TooLarge& e) {
      return e.what() ==
                     std::string(
                         "a message of 1001 bytes is more than queue 'q' takes (1000): raise its max_message")
                 ? 0
                 : 2;
    }
    return 3;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
}

TEST(Queue, DeliversWhatAKilledReaderHeldAgainAndCountsIt) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  ASSERT_TRUE(put(view, "precious"));
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto message = reader.get();
    raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 128 + SIGKILL);
  EXPECT_EQ(q.sample().leased, 1u);
  q.reap(2);
  EXPECT_EQ(q.sample(),
            (QueueSample{.waiting = 1, .put = 1, .got = 1, .redelivered = 1, .bytes = 8, .deepest = 1}));
  reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto message = reader.get();
    return message && message->text() == "precious" && message->deliveries() == 2 ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 0);
  EXPECT_EQ(q.sample().acknowledged, 1u);
}

TEST(Queue, GivesAMessageBackWhileAnExceptionUnwinds) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  ASSERT_TRUE(put(view, "work"));
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    try {
      for (Message& message : reader) throw std::runtime_error(std::string(message.text()));
    } catch (const std::runtime_error&) {
    }
    auto again = reader.try_get();
    return again && again->deliveries() == 2 ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 0);
}

TEST(Queue, DeliversReturnedMessagesFirstAndTheOldestOfThemBeforeTheOthers) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(put(view, text));
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto a = reader.get(), b = reader.get();
    b->nack();
    a->nack();
    std::string order;
    for (int i = 0; i < 3; ++i) order += reader.get()->text();
    return order == "abc" ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 0);
}

TEST(Queue, SharesMessagesBetweenReadersEachToOne) {
  TestQueue q({.capacity = 8, .memory = 64 << 10});
  constexpr int kMessages = 2000;
  auto count = [](Node& node) {
    int sum = 0;
    auto reader = node.reader("q");
    for (Message& message : reader) sum += message.text() == "x" ? 1 : 1000;
    int fd = 9;
    return write(fd, &sum, sizeof sum) == sizeof sum ? 0 : 1;
  };
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(dup2(ends[1], 9), 9);
  pid_t readers[] = {q.start(2, "read", count), q.start(3, "read", count)};
  pid_t writer_pid = q.start(1, "write", [](Node& node) {
    auto writer = node.writer("q");
    for (int i = 0; i < kMessages; ++i) writer.put("x");
    return 0;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
  end_of_writers(q.control(), q.roster());
  int sum = 0;
  for (pid_t reader_pid : readers) {
    EXPECT_EQ(wait_for_end(reader_pid), 0);
    int part = 0;
    ASSERT_EQ(read(ends[0], &part, sizeof part), static_cast<ssize_t>(sizeof part));
    sum += part;
  }
  EXPECT_EQ(sum, kMessages);
  for (int fd : {ends[0], ends[1], 9}) close(fd);
}

TEST(Queue, FillsALoanInPlaceAndPutsOnlyWhatWasCommitted) {
  TestQueue q(kSmall);
  pid_t writer_pid = q.start(1, "both", [](Node& node) {
    auto writer = node.writer("out");
    { Loan dropped = writer.loan(100); }
    Loan loan = writer.loan(1000);
    loan.bytes()[0] = std::byte{'x'};
    loan.bytes()[1] = std::byte{'y'};
    loan.commit(2);
    auto reader = node.reader("in");
    auto message = reader.try_get();
    return message && message->text() == "xy" && !reader.try_get() ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(writer_pid), 0);
  EXPECT_EQ(q.sample().bytes, 0u);
}

TEST(Queue, GivesBatchesAndAnEmptyOneAtTheEnd) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(put(view, text));
  end_of_writers(q.control(), q.roster());
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    if (reader.get_batch(2, 0s).size() != 2) return 1;
    if (reader.get_batch(2, 0s).size() != 1) return 2;
    return reader.get_batch(2, 0s).empty() && reader.ended() ? 0 : 3;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 0);
}

TEST(Queue, ThrowsNoReadersWhereSigpipeIsIgnored) {
  TestQueue q(kSmall);
  pid_t writer_pid = q.start(1, "write", [](Node& node) {
    signal(SIGPIPE, SIG_IGN);
    auto writer = node.writer("q");
    try {
      for (;;) writer.put("x");
    } catch (const NoReaders& e) {
      return e.what() == std::string("nobody will read queue 'q' any more") ? 0 : 1;
    }
  });
  end_of_readers(q.control(), q.roster());
  EXPECT_EQ(wait_for_end(writer_pid), 0);
}

TEST(Queue, DoesNotLetALeaseOfTheWaitingThreadDelayTheEnd) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  auto hold_one = [](Node& node) {
    auto reader = node.reader("q");
    auto held = reader.get();
    raise(SIGSTOP);
    return held && !reader.get() && reader.ended() ? 0 : 1;
  };
  ASSERT_TRUE(put(view, "a"));
  pid_t first = q.start(2, "read", hold_one);
  wait_for_stop(first);
  ASSERT_TRUE(put(view, "b"));
  pid_t second = q.start(3, "read", hold_one);
  wait_for_stop(second);
  end_of_writers(q.control(), q.roster());
  kill(first, SIGCONT);
  kill(second, SIGCONT);
  EXPECT_EQ(wait_for_end(first), 0);
  EXPECT_EQ(wait_for_end(second), 0);
  EXPECT_EQ(q.sample().acknowledged, 2u);
}

TEST(Queue, KeepsReadersWaitingForAMessageThatMayComeBack) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  pid_t holder = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto held = reader.get();
    raise(SIGSTOP);
    raise(SIGKILL);
    return 0;
  });
  wait_for_stop(holder);
  end_of_writers(q.control(), q.roster());
  pid_t other = q.start(3, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto message = reader.get();
    return message && message->deliveries() == 2 && (message.reset(), !reader.get()) ? 0 : 1;
  });
  kill(holder, SIGKILL);
  EXPECT_EQ(wait_for_end(holder), 128 + SIGKILL);
  q.reap(2);
  EXPECT_EQ(wait_for_end(other), 0);
}

TEST(Queue, RefusesToWriteThroughAReadingPortAndNamesBoth) {
  TestQueue q(kSmall);
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    try {
      auto writer = node.writer("q");
    } catch (const NoSuchPort& e) {
      return e.what() == std::string("process 'p' only reads 'q': name it in `writes` as well") ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 0);
}

template <class Channel>
int get_through_a_writing_port(const Channel& channel) {
  return wait_for_end(channel.start(2, "write", [](Node& node) {
    try {
      auto reader = node.reader("q");
    } catch (const NoSuchPort& e) {
      return e.what() == std::string("process 'p' only writes 'q': name it in `reads` as well") ? 0 : 1;
    }
    return 2;
  }));
}

TEST(Queue, RefusesToReadThroughAWritingPortAndNamesBoth) {
  EXPECT_EQ(get_through_a_writing_port(TestQueue(kSmall)), 0);
  EXPECT_EQ(get_through_a_writing_port(TestTopic({.history = 4, .readers = {{}}})), 0);
}

TEST(Queue, StopsAReaderThatWritesIntoItsPayload) {
  TestQueue q(kSmall);
  auto view = q.view(9);
  ASSERT_TRUE(put(view, std::string(200, 'x')));
  pid_t reader_pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto message = reader.get();
    signal(SIGSEGV, SIG_DFL);  // sanitizers have their own
    const_cast<std::byte*>(message->bytes().data())[0] = std::byte{0};
    return 0;
  });
  EXPECT_EQ(wait_for_end(reader_pid), 128 + SIGSEGV);
}

}  // namespace
}  // namespace procgraph::testing
