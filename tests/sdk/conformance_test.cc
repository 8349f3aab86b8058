// What every kind of channel that carries messages promises alike: one test for all of them.
//
//   row                                   queue   topic   pipe (Connection)
//   every message, in order               yes     yes     yes
//   the end, once and again               yes     yes     yes
//   empty up to the largest message       yes     yes     yes
//   one byte more is TooLarge             writer  writer  reader: a pipe knows no largest message
//   full and empty, within a time or now  yes     yes     yes
//   no readers: SIGPIPE, or NoReaders     yes     yes     yes
//   close() while the writer lives        yes     yes     yes
//   a storm of signals                    yes     yes     yes
//   a writer killed in mid-message        never   never   Truncated: what it had sent cannot be called back
//   several writers                       yes     yes     no: a pipe has one
//   a reader killed: delivered again      yes     yes     no: what it had read is gone
//   given back: delivered again           yes     yes     no: nothing is acknowledged
//   a thread leaves while others wait     yes     yes     no: a Connection is one thread's
//   refused to a child made by fork()     yes     yes     no: the kernel's descriptor is the child's too
//
// Threads that share a channel are in threads_test.cc, select() over several in select_test.cc; shared memory
// carries no messages: area_test.cc.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <thread>

#include "procgraph/pipe.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMost = 16 << 10;  // bytes of the largest message
constexpr int kCapacity = 4;
constexpr std::array<std::size_t, 9> kSizes = {0, 1, 80, 81, 4095, 4096, 4097, kMost - 1, kMost};

// The ends of a channel as these tests use them. `deliveries` is that of the last message.
struct QueueOut {
  Writer writer;

  void put(std::string_view text) { writer.put(text); }
  bool put(std::string_view text, std::chrono::nanoseconds timeout) { return writer.put(text, timeout); }
  void close() { writer.close(); }
  [[noreturn]] void die_in_the_middle() {
    Loan loan = writer.loan(100);
    std::memset(loan.bytes().data(), 'x', 50);
    raise(SIGKILL);
    _exit(101);
  }
};

struct QueueIn {
  Reader reader;
  std::uint32_t deliveries = 0;

  std::optional<std::string> get(std::chrono::nanoseconds timeout = kForever) {
    auto message = reader.get(timeout);
    if (!message) return std::nullopt;
    deliveries = message->deliveries();
    return std::string(message->text());
  }
  [[nodiscard]] bool ended() const { return reader.ended(); }
};

// Of a queue or a topic.
template <class Channel>
struct Native {
  static constexpr bool kTellsTheWriter = true, kShowsHalfAMessage = false;
  static constexpr std::optional<int> kFull = kCapacity;

  Channel channel;

  template <class Body>
  [[nodiscard]] pid_t write(std::uint16_t participant, Body body) const {
    return channel.start(participant, "write", [&](Node& node) {
      QueueOut out{node.writer("q")};
      return body(out);
    });
  }
  template <class Body>
  [[nodiscard]] pid_t read(std::uint16_t participant, Body body) const {
    return channel.start(participant, "read", [&](Node& node) {
      QueueIn in{node.reader("q")};
      return body(in);
    });
  }
  void leave_it_to_the_children() {}
  void end_writers() { end_of_writers(channel.control(), channel.roster()); }
  void end_readers() { end_of_readers(channel.control(), channel.roster()); }
  void reap(std::uint16_t participant) const { channel.reap(participant); }
};

struct QueueKind : Native<TestQueue> {
  explicit QueueKind(std::uint32_t writers = 1)
      : Native{TestQueue({.capacity = kCapacity,
                          .memory = 128 << 10,
                          .max_message = kMost,
                          .participants = 8,
                          .writers = writers})} {}
};

struct TopicKind : Native<TestTopic> {
  explicit TopicKind(std::uint32_t writers = 1)
      : Native{TestTopic({.history = kCapacity,
                          .memory = 128 << 10,
                          .max_message = kMost,
                          .participants = 8,
                          .writers = writers,
                          .readers = {{}}})} {}
  void end_readers() { reader_gone(channel.control(), channel.roster(), 0), Native::end_readers(); }
};

struct PipeOut {
  Connection connection;

  void put(std::string_view text) { connection.send(text); }
  bool put(std::string_view text, std::chrono::nanoseconds timeout) { return connection.send(text, timeout); }
  void close() { connection.close(); }
  [[noreturn]] void die_in_the_middle() {
    const bool sent = ::write(connection.fd(), "\0\0\0\x64xxx", 7) == 7;
    raise(sent ? SIGKILL : SIGABRT);
    _exit(101);
  }
};

struct PipeIn {
  Connection connection;

  std::optional<std::string> get(std::chrono::nanoseconds timeout = kForever) {
    auto bytes = connection.recv(timeout);
    if (!bytes) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
  [[nodiscard]] bool ended() const { return connection.ended(); }
};

class PipeKind {
 public:
  static constexpr bool kTellsTheWriter = false, kShowsHalfAMessage = true;
  static constexpr std::optional<int> kFull = std::nullopt;  // by bytes, as the kernel counts them

  PipeKind() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  }
  PipeKind(const PipeKind&) = delete;
  PipeKind& operator=(const PipeKind&) = delete;
  ~PipeKind() { leave_it_to_the_children(); }

  template <class Body>
  [[nodiscard]] pid_t write(std::uint16_t /*participant*/, Body body) {
    return start([&] {
      end_readers();
      PipeOut out{Connection(ends_[1], Connection::Access::kWrite, "pipe 'q'")};
      return body(out);
    });
  }
  template <class Body>
  [[nodiscard]] pid_t read(std::uint16_t /*participant*/, Body body) {
    return start([&] {
      end_writers();
      PipeIn in{Connection(ends_[0], Connection::Access::kRead, "pipe 'q'")};
      in.connection.set_max_message(kMost);
      return body(in);
    });
  }
  // The ends that this process has.
  void leave_it_to_the_children() {
    end_writers();
    end_readers();
  }
  void end_writers() { close_end(1); }
  void end_readers() { close_end(0); }
  void reap(std::uint16_t /*participant*/) const {}

 private:
  template <class Body>
  static pid_t start(Body body) {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int code = 100;
    try {
      code = body();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    _exit(code);
  }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

  std::array<int, 2> ends_{};
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + size) % 26);
  return text;
}

// Many a second, each of which interrupts what does not begin anew.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action {};
    action.sa_handler = [](int) { count = count + 1; };
    sigaction(SIGALRM, &action, nullptr);
    const itimerval often{{0, 30}, {0, 30}};
    setitimer(ITIMER_REAL, &often, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;
  ~SignalStorm() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
  }
  static inline volatile sig_atomic_t count = 0;
};

struct Names {
  template <class Kind>
  static std::string GetName(int) {
    if (std::is_same_v<Kind, QueueKind>) return "Queue";
    return std::is_same_v<Kind, TopicKind> ? "Topic" : "Pipe";
  }
};

template <class Kind>
class AnyChannel : public ::testing::Test {};
using AllKinds = ::testing::Types<QueueKind, TopicKind, PipeKind>;
TYPED_TEST_SUITE(AnyChannel, AllKinds, Names);

TYPED_TEST(AnyChannel, CarriesEveryMessageInOrderAndThenEndsOnceAndAgain) {
  TypeParam kind;
  constexpr int kMessages = 1000;
  const pid_t writer = kind.write(1, [](auto& out) {
    for (int i = 0; i < kMessages; ++i) out.put(std::to_string(i));
    return 0;
  });
  const pid_t reader = kind.read(2, [](auto& in) {
    for (int i = 0; i < kMessages; ++i) {
      if (in.get() != std::to_string(i)) return 1;
    }
    if (in.get() || !in.ended()) return 2;
    return in.get() || in.get(0ns) || !in.ended() ? 3 : 0;
  });
  EXPECT_EQ(wait_for_end(writer), 0);
  kind.end_writers();
  EXPECT_EQ(wait_for_end(reader), 0);
}

TYPED_TEST(AnyChannel, CarriesMessagesOfEverySizeUpToTheLargest) {
  TypeParam kind;
  const pid_t writer = kind.write(1, [](auto& out) {
    for (std::size_t size : kSizes) out.put(pattern(size));
    return 0;
  });
  const pid_t reader = kind.read(2, [](auto& in) {
    for (std::size_t size : kSizes) {
      if (in.get() != pattern(size)) return 1;
    }
    return 0;
  });
  EXPECT_EQ(wait_for_end(writer), 0);
  EXPECT_EQ(wait_for_end(reader), 0);
}

TYPED_TEST(AnyChannel, RefusesAMessageThatIsOneByteTooLongAndLosesNothingElse) {
  TypeParam kind;
  const pid_t writer = kind.write(1, [](auto& out) {
    out.put("before");
    bool told = false;
    try {
      out.put(pattern(kMost + 1));
    } catch (const TooLarge&) {
      told = true;
    }
    out.put("after");
    return told == TypeParam::kTellsTheWriter ? 0 : 1;
  });
  const pid_t reader = kind.read(2, [](auto& in) {
    if (in.get() != "before") return 1;
    bool told = false;
    std::optional<std::string> next;
    try {
      next = in.get();
    } catch (const TooLarge&) {
      told = true;
      next = in.get();
    }
    return next == "after" && told != TypeParam::kTellsTheWriter ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(writer), 0);
  EXPECT_EQ(wait_for_end(reader), 0);
}

TYPED_TEST(AnyChannel, LetsAWriterOfAFullOneWaitNoLongerThanItWants) {
  TypeParam kind;
  const pid_t writer = kind.write(1, [](auto& out) {
    int put = 0;
    while (out.put(pattern(1000), 0ns)) ++put;
    return out.put(pattern(1000), 1ms) ? 99 : put;
  });
  const int put = wait_for_end(writer);
  EXPECT_GT(put, 1);
  if (TypeParam::kFull) {
    EXPECT_EQ(put, *TypeParam::kFull);
  }
  kind.end_writers();
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [](auto& in) {
                                     int got = 0;
                                     while (in.get() == pattern(1000)) ++got;
                                     return in.ended() ? got : 98;
                                   })),
            put);
}

TYPED_TEST(AnyChannel, LetsAReaderOfAnEmptyOneWaitNoLongerThanItWants) {
  TypeParam kind;
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [](auto& in) {
                                     if (in.get(0ns) || in.ended()) return 1;
                                     return in.get(1ms) || in.ended() ? 2 : 0;
                                   })),
            0);
}

TYPED_TEST(AnyChannel, KillsAWriterWithoutReadersBySigpipe) {
  TypeParam kind;
  kind.end_readers();
  EXPECT_EQ(wait_for_end(kind.write(1,
                                    [](auto& out) {
                                      for (;;) out.put("x");
                                      return 0;
                                    })),
            128 + SIGPIPE);
}

TYPED_TEST(AnyChannel, ThrowsNoReadersWhereSigpipeIsIgnored) {
  TypeParam kind;
  const pid_t writer = kind.write(1, [](auto& out) {
    signal(SIGPIPE, SIG_IGN);
    try {
      for (;;) out.put("x");
    } catch (const NoReaders& e) {
      return std::string_view(e.what()).find("'q'") != std::string_view::npos ? 0 : 1;
    }
    return 2;
  });
  kind.end_readers();
  EXPECT_EQ(wait_for_end(writer), 0);
}

TYPED_TEST(AnyChannel, EndsWhenItsOnlyWriterClosesThoughItLives) {
  TypeParam kind;
  const pid_t writer = kind.write(1, [](auto& out) {
    out.put("last");
    out.close();
    try {
      out.put("x");
    } catch (const Closed&) {
      pause();
    }
    return 1;
  });
  const pid_t reader = kind.read(2, [](auto& in) {
    if (in.get() != "last") return 1;
    return in.get() || !in.ended() ? 2 : 0;
  });
  kind.leave_it_to_the_children();
  EXPECT_EQ(wait_for_end(reader), 0);
  kill(writer, SIGKILL);
  EXPECT_EQ(wait_for_end(writer), 128 + SIGKILL);
}

TYPED_TEST(AnyChannel, GoesOnUnderAStormOfSignals) {
  TypeParam kind;
  constexpr int kMessages = 3000;
  const pid_t writer = kind.write(1, [](auto& out) {
    const SignalStorm storm;
    for (int i = 0; i < kMessages; ++i) out.put(pattern(kMost - static_cast<std::size_t>(i)));
    return 0;
  });
  const pid_t reader = kind.read(2, [](auto& in) {
    const SignalStorm storm;
    for (int i = 0; i < kMessages; ++i) {
      if (in.get() != pattern(kMost - static_cast<std::size_t>(i))) return 1;
    }
    // Until there was one while nothing could be done but wait.
    const int before = SignalStorm::count;
    while (SignalStorm::count < before + 3) {
      if (in.get(100us) || in.ended()) return 2;
    }
    return 0;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
  EXPECT_EQ(wait_for_end(writer), 0);
}

TYPED_TEST(AnyChannel, ShowsNothingOfAMessageWhoseWriterWasKilledInTheMiddle) {
  TypeParam kind;
  const pid_t writer = kind.write(1, [](auto& out) {
    out.put("before");
    out.die_in_the_middle();
    return 0;
  });
  EXPECT_EQ(wait_for_end(writer), 128 + SIGKILL);
  kind.reap(1);
  kind.end_writers();
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [](auto& in) {
                                     if (in.get() != "before") return 1;
                                     try {
                                       if (in.get() || !in.ended()) return 2;
                                     } catch (const Truncated&) {
                                       return TypeParam::kShowsHalfAMessage ? 0 : 3;
                                     }
                                     return TypeParam::kShowsHalfAMessage ? 4 : 0;
                                   })),
            0);
}

// What only those promise whose messages are acknowledged.
template <class Kind>
class AcknowledgedChannel : public ::testing::Test {};
using AcknowledgedKinds = ::testing::Types<QueueKind, TopicKind>;
TYPED_TEST_SUITE(AcknowledgedChannel, AcknowledgedKinds, Names);

TYPED_TEST(AcknowledgedChannel, KeepsTheOrderOfEachOfItsWritersAndEndsWithTheLast) {
  TypeParam kind(2);
  constexpr int kMessages = 1000;
  const auto body = [](char name) {
    return [name](QueueOut& out) {
      for (int i = 0; i < kMessages; ++i) out.put(name + std::to_string(i));
      out.close();
      return 0;
    };
  };
  const pid_t a = kind.write(1, body('a')), b = kind.write(2, body('b'));
  const pid_t reader = kind.read(3, [](QueueIn& in) {
    std::array<int, 2> next{};
    while (auto text = in.get()) {
      if (text->substr(1) != std::to_string(next[text->front() == 'b']++)) return 1;
    }
    return in.ended() && next == std::array{kMessages, kMessages} ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(a), 0);
  EXPECT_EQ(wait_for_end(b), 0);
  EXPECT_EQ(wait_for_end(reader), 0);
}

TYPED_TEST(AcknowledgedChannel, DeliversAgainWhatAKilledReaderHeld) {
  TypeParam kind;
  EXPECT_EQ(wait_for_end(kind.write(1,
                                    [](QueueOut& out) {
                                      for (const char* text : {"done", "held", "left"}) out.put(text);
                                      return 0;
                                    })),
            0);
  kind.end_writers();
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [](QueueIn& in) {
                                     (void)in.get();
                                     auto held = in.reader.get();
                                     raise(SIGKILL);
                                     return 0;
                                   })),
            128 + SIGKILL);
  kind.reap(2);
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [](QueueIn& in) {
                                     if (in.get() != "held" || in.deliveries != 2) return 1;
                                     if (in.get() != "left" || in.deliveries != 1) return 2;
                                     return in.get() || !in.ended() ? 3 : 0;
                                   })),
            0);
}

TYPED_TEST(AcknowledgedChannel, DeliversAgainWhatWasGivenBackBeforeWhatWasPutLater) {
  TypeParam kind;
  EXPECT_EQ(wait_for_end(kind.write(1,
                                    [](QueueOut& out) {
                                      out.put("first");
                                      out.put("second");
                                      return 0;
                                    })),
            0);
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [](QueueIn& in) {
                                     in.reader.get()->nack();
                                     if (in.get() != "first" || in.deliveries != 2) return 1;
                                     return in.get() == "second" && in.deliveries == 1 ? 0 : 2;
                                   })),
            0);
}

TYPED_TEST(AcknowledgedChannel, WakesAThreadThoughAnotherLeftTheLineWithoutAMessage) {
  TypeParam kind;
  const pid_t reader = kind.channel.start(2, "read", [](Node& node) {
    std::thread leaves([&] {
      Reader in = node.reader("q");
      (void)in.get(1ms);
    });
    Reader in = node.reader("q");
    const auto first = in.get();
    leaves.join();
    return first ? 0 : 1;
  });
  // As many as both could take.
  EXPECT_EQ(wait_for_end(kind.write(1,
                                    [](QueueOut& out) {
                                      out.put("x");
                                      out.put("x");
                                      return 0;
                                    })),
            0);
  EXPECT_EQ(wait_for_end(reader), 0);
}

TYPED_TEST(AcknowledgedChannel, CannotBeUsedByAChildMadeByFork) {
  TypeParam kind;
  const auto refused = [](auto use) {
    const pid_t child = fork();
    if (child != 0) return wait_for_end(child) == 7;
    try {
      use();
    } catch (const NotInGraph&) {
      _exit(7);
    }
    _exit(0);
  };
  EXPECT_EQ(wait_for_end(kind.write(1,
                                    [&](QueueOut& out) {
                                      const bool was_refused = refused([&] { out.put("x"); });
                                      out.put("mine");
                                      return was_refused ? 0 : 1;
                                    })),
            0);
  EXPECT_EQ(wait_for_end(kind.read(2,
                                   [&](QueueIn& in) {
                                     const bool was_refused = refused([&] { (void)in.get(0ns); });
                                     return was_refused && in.get() == "mine" && !in.get(0ns) ? 0 : 1;
                                   })),
            0);
}

}  // namespace
}  // namespace procgraph::testing
