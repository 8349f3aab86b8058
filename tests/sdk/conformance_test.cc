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
// What every language's SDK promises, of shared memory and sockets too, is in tests/conformance.
// Threads that share a channel are in threads_test.cc, select() over several in select_test.cc; shared memory
// carries no messages: area_test.cc.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>

#include "conformance_kinds.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;

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
