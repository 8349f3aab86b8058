// A topic, through the SDK's own ends: who gets what, what a slow reader costs whom, and what becomes of a
// message when a process dies.
#include "topic/subscription.h"
#include "topic_scene.h"

namespace procgraph::testing {
namespace {

TEST(Topic, GivesEveryMessageToEveryReaderInOrder) {
  TestTopic topic(shape({kGates, kGates}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 3);
  EXPECT_THAT(take_all(a.in), ElementsAre("0", "1", "2"));
  put_numbers(a.out, 3, 5);
  EXPECT_THAT(take_all(b.in), ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_THAT(take_all(a.in), ElementsAre("3", "4"));
}

TEST(Topic, NumbersItsMessagesAlikeForAllReaders) {
  TestTopic topic(shape({kGates, kGates}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 2);
  for (Reader* in : {&a.in, &b.in}) {
    auto first = in->try_get(), second = in->try_get();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->sequence(), 0u);
    EXPECT_EQ(second->sequence(), 1u);
    EXPECT_EQ(second->deliveries(), 1u);
    EXPECT_EQ(second->missed(), 0u);
  }
}

TEST(Topic, LetsAWriterRunAheadOfTheSlowestThatGatesByItsHistory) {
  TestTopic topic(shape({kGates, {.gates = true, .history = 3}}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 3);
  EXPECT_FALSE(a.out.try_put("3"));
  EXPECT_THAT(take_all(b.in), ElementsAre("0", "1", "2"));
  put_numbers(a.out, 3, 6);
  EXPECT_FALSE(a.out.try_put("6"));
  EXPECT_THAT(take_all(b.in), ElementsAre("3", "4", "5"));
  put_numbers(a.out, 6, 8);
  EXPECT_FALSE(a.out.try_put("8"));  // now the first is a whole history behind
}

TEST(Topic, HoldsAPlaceUntilTheMessageIsAcknowledgedNotOnlyTaken) {
  TestTopic topic(shape({{.gates = true, .history = 1}}));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 1);
  auto message = a.in.try_get();
  EXPECT_FALSE(a.out.try_put("1"));
  message->ack();
  EXPECT_TRUE(a.out.try_put("1"));
}

TEST(Topic, NeverWaitsForAReaderThatDoesNotGate) {
  TestTopic topic(shape({kLossy}));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 20);
  auto message = a.in.try_get();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text(), "12");
  EXPECT_EQ(message->missed(), 12u);
  EXPECT_THAT(take_all(a.in), ElementsAre("13", "14", "15", "16", "17", "18", "19"));
  EXPECT_EQ(topic.sample().readers[0].missed, 12u);
}

TEST(Topic, KeepsAMessageInPlaceForALossyReaderThatHasItInHand) {
  TestTopic topic(shape({kLossy}, 2));
  Side a(topic, 1, 0);
  std::string large(1000, 'x');
  ASSERT_TRUE(a.out.try_put(large));
  auto held = a.in.try_get();
  ASSERT_TRUE(held);
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(a.out.try_put(std::string(1000, static_cast<char>('a' + i % 26))));
  EXPECT_EQ(held->text(), large);
  auto next = a.in.try_get();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->missed(), 1998u);
  EXPECT_EQ(held->text(), large);
}

TEST(Topic, FreesTheBlockOfARetiredMessageWhenItsLastReaderIsDone) {
  TestTopic topic(shape({kLossy, kLossy}, 1));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 1);
  auto mine = a.in.try_get(), theirs = b.in.try_get();
  put_numbers(a.out, 1, 4);
  auto blocks = [&](detail::State state) {
    int count = 0;
    auto view = topic.view(9);
    view.memory.for_each_block([&](detail::BlockIndex block) {
      count += detail::BlockWord{view.memory.descriptor(block).own.load()}.state() == state;
    });
    return count;
  };
  EXPECT_EQ(blocks(detail::State::kRetired), 1);
  mine->ack();
  EXPECT_EQ(blocks(detail::State::kRetired), 1);
  theirs->ack();
  EXPECT_EQ(blocks(detail::State::kRetired), 0);
}

TEST(Topic, GivesTheLatestReaderOnlyTheNewest) {
  TestTopic topic(shape({kLatest, kGates}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 5);
  auto message = a.in.try_get();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text(), "4");
  EXPECT_EQ(message->missed(), 4u);
  EXPECT_FALSE(a.in.try_get());
  EXPECT_THAT(take_all(b.in), ElementsAre("0", "1", "2", "3", "4"));
  put_numbers(a.out, 5, 6);
  message = a.in.try_get();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text(), "5");
  EXPECT_EQ(message->missed(), 0u);
}

TEST(Topic, CountsEveryMessageOfALossyReaderAsGotOrMissed) {
  TestTopic topic(shape({{.gates = false, .history = 3}}));
  Side a(topic, 1, 0);
  std::uint64_t got = 0, missed = 0;
  for (int round = 0; round < 50; ++round) {
    put_numbers(a.out, 0, round % 11);
    for (int i = 0; i <= round % 3; ++i) {
      auto message = a.in.try_get();
      if (!message) continue;
      ++got;
      missed += message->missed();
      EXPECT_EQ(message->sequence() + 1, got + missed);
    }
  }
  for (; auto message = a.in.try_get(); ++got) missed += message->missed();
  TopicSample s = topic.sample();
  EXPECT_EQ(s.put, got + missed);
  EXPECT_EQ(s.readers[0].missed, missed);
  EXPECT_EQ(s.readers[0].acknowledged, got);
  EXPECT_GT(missed, 100u);
}

TEST(Topic, GivesAMessageAgainToTheReaderThatGaveItBackAndOnlyToIt) {
  TestTopic topic(shape({kGates, kGates}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 3);
  a.in.try_get()->nack();
  auto again = a.in.try_get();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), "0");
  EXPECT_EQ(again->deliveries(), 2u);
  again->nack();
  again = a.in.try_get();
  EXPECT_EQ(again->deliveries(), 3u);
  again->ack();
  EXPECT_THAT(take_all(a.in), ElementsAre("1", "2"));
  EXPECT_THAT(take_all(b.in), ElementsAre("0", "1", "2"));
  EXPECT_EQ(topic.sample().readers[0].redelivered, 2u);
}

TEST(Topic, TellsALossyReaderAgainWhatItMissedWhenAMessageComesBack) {
  TestTopic topic(shape({kLossy}, 2));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 5);
  a.in.try_get()->nack();
  put_numbers(a.out, 5, 9);  // it is retired meanwhile, and kept for its reader
  auto again = a.in.try_get();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), "3");
  EXPECT_EQ(again->missed(), 3u);
  EXPECT_EQ(again->deliveries(), 2u);
}

TEST(Topic, TakesAcknowledgementsInAnyOrder) {
  TestTopic topic(shape({kGates}, 4));
  Side a(topic, 1, 0);
  for (int round = 0; round < 200; ++round) {
    put_numbers(a.out, 0, 4);
    auto held = a.in.get_batch(4, 0ns);
    ASSERT_EQ(held.size(), 4u);
    held[2].ack();
    held[1].ack();
    EXPECT_FALSE(a.out.try_put("x"));  // the first one holds the place of all
    held[0].ack();
    ASSERT_TRUE(a.out.try_put("x"));
    held[3].ack();
    EXPECT_THAT(take_all(a.in), ElementsAre("x"));
  }
  EXPECT_EQ(topic.sample().readers[0].acknowledged, 1000u);
}

TEST(Topic, EndsForEachReaderOnceItHasEverything) {
  TestTopic topic(shape({kGates, kLossy}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 2);
  a.out.close();
  EXPECT_THAT(take_all(a.in), ElementsAre("0", "1"));
  EXPECT_TRUE(a.in.ended());
  EXPECT_THAT(take_all(b.in), ElementsAre("0", "1"));
  EXPECT_TRUE(b.in.ended());
  EXPECT_THROW(a.out.put("2"), Closed);
}

TEST(Topic, DoesNotEndWhileAnotherThreadOfTheProcessHoldsAMessage) {
  TestTopic topic(shape({kGates}));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 1);
  a.out.close();
  std::optional<Message> held;
  std::thread([&] { held = a.node.reader("in").try_get(); }).join();
  EXPECT_FALSE(a.in.try_get());
  EXPECT_FALSE(a.in.ended());
  held->nack();
  EXPECT_THAT(take_all(a.in), ElementsAre("0"));
  EXPECT_TRUE(a.in.ended());
}

// The writer has looked whether the topic was open before it was closed: its message still comes.
TEST(Topic, DoesNotEndWhileAMessageIsAboutToBePut) {
  TestTopic topic(shape({kGates}));
  detail::TopicView view = topic.view(2);
  detail::Publisher publisher(view);
  detail::BlockIndex block = 0;
  ASSERT_EQ(publisher.claim(8, block), detail::Want::kNothing);
  Side a(topic, 1, 0);
  end_of_writers(topic.control(), topic.roster());
  EXPECT_FALSE(a.in.try_get());
  EXPECT_FALSE(a.in.ended());
  keep(view, block);
  EXPECT_FALSE(a.in.try_get());
  EXPECT_TRUE(a.in.ended());
  release(view, block);
}

// What a writer keeps of a retired message for its next one is no message to come.
TEST(Topic, EndsBesideAWriterThatHasABlockInReserve) {
  TestTopic topic(shape({kGates}, 1));
  detail::TopicView view = topic.view(2);
  detail::Publisher publisher(view);
  Side a(topic, 1, 0);
  for (int i = 0; i < 3; ++i) {
    detail::BlockIndex block = 0;
    ASSERT_EQ(publisher.claim(8, block), detail::Want::kNothing);
    ASSERT_EQ(publisher.publish(block), detail::Want::kNothing);
    EXPECT_EQ(take_all(a.in).size(), 1u);
  }
  end_of_writers(topic.control(), topic.roster());
  EXPECT_FALSE(a.in.get());
  EXPECT_TRUE(a.in.ended());
  publisher.forget();
}

TEST(Topic, EndsForAThreadThatItselfHoldsTheRest) {
  TestTopic topic(shape({kGates, kLossy}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 1);
  a.out.close();
  for (Reader* in : {&a.in, &b.in}) {
    auto held = in->get();
    EXPECT_FALSE(in->get());
    EXPECT_TRUE(in->ended());
    held->nack();
    auto again = in->get();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->deliveries(), 2u);
  }
}

TEST(Topic, EndsForALossyReaderWhoseLastMessagesHadToGo) {
  TestTopic topic({.history = 8, .memory = 4096, .max_message = 4096, .writers = 1, .readers = {kLossy}});
  Side a(topic, 1, 0);
  ASSERT_TRUE(a.out.try_put(std::string(1000, 'x')));
  { auto dropped = a.out.loan(4096); }  // took the memory of the one that waited
  a.out.close();
  EXPECT_FALSE(a.in.get());
  EXPECT_TRUE(a.in.ended());
}

TEST(Topic, KeepsLessThanItsHistoryWhereTheMemoryIsSmaller) {
  TestTopic topic(
      {.history = 64, .memory = 4096, .max_message = 1024, .writers = 1, .readers = {kLossy, kGates}});
  Side a(topic, 1, 0), b(topic, 2, 1);
  std::string text(1000, 'x');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(a.out.try_put(text));
  EXPECT_FALSE(a.out.try_put(text));
  EXPECT_EQ(topic.sample().bytes, 4000u);
  ASSERT_TRUE(b.in.try_get());
  ASSERT_TRUE(a.out.try_put(text));
  EXPECT_EQ(topic.sample().kept, 4u);
  auto first = a.in.try_get();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->missed(), 1u);
}

TEST(Topic, DoesNotCountForItsMemoryWhatALossyReaderHasInHand) {
  TestTopic topic({.history = 4, .memory = 4096, .max_message = 1024, .writers = 1, .readers = {kLossy}});
  Side a(topic, 1, 0);
  std::vector<Message> held;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(a.out.try_put(std::string(1024, static_cast<char>('0' + i))));
    held.push_back(*a.in.try_get());
  }
  EXPECT_LE(topic.sample().bytes, 4096u);
  for (int i = 0; i < 60; ++i)
    EXPECT_EQ(held[static_cast<std::size_t>(i)].text(), std::string(1024, static_cast<char>('0' + i)));
}

TEST(Topic, RefusesALossyReaderMoreThanItMayHaveInHand) {
  TestTopic topic(shape({kLossy}, 256));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 100);
  auto held = a.in.get_batch(100, 0ns);
  EXPECT_EQ(held.size(), 64u);
  EXPECT_THROW((void)a.in.try_get(), Failure);
  held.pop_back();
  EXPECT_EQ(a.in.try_get()->text(), "64");
}

TEST(Topic, WakesEveryReaderThatSleeps) {
  TestTopic topic(shape({kGates, kGates, kLatest}));
  std::vector<pid_t> readers;
  for (std::uint16_t i = 0; i < 3; ++i) {
    readers.push_back(topic.start(
        static_cast<std::uint16_t>(i + 2), "read",
        [](Node& node) {
          auto in = node.reader("q");
          auto message = in.get();
          return message && message->text() == "0" && !in.get() && in.ended() ? 0 : 1;
        },
        i));
  }
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 1);
  a.out.close();
  for (pid_t pid : readers) EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(Topic, WakesAWriterWhenTheSlowestReaderGoesOn) {
  TestTopic topic(shape({{.gates = true, .history = 1}, {.gates = true, .history = 1}}));
  auto count = [](Node& node) {
    auto in = node.reader("q");
    int n = 0;
    for (Message& message : in) n += message.text() == std::to_string(n) ? 1 : 1000;
    return n == 200 ? 0 : 1;
  };
  pid_t first = topic.start(2, "read", count, 0), second = topic.start(3, "read", count, 1);
  pid_t writer = topic.start(1, "write", [](Node& node) {
    auto out = node.writer("q");
    for (int i = 0; i < 200; ++i) out.put(std::to_string(i));
    out.close();
    return 0;
  });
  for (pid_t pid : {writer, first, second}) EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(Topic, WakesAWriterThatWaitsForBytes) {
  TestTopic topic(
      {.history = 64, .memory = 8192, .max_message = 8192, .writers = 1, .readers = {kGates, kGates}});
  auto count = [](Node& node) {
    auto in = node.reader("q");
    int n = 0;
    for ([[maybe_unused]] Message& message : in) ++n;
    return n == 300 ? 0 : 1;
  };
  pid_t first = topic.start(2, "read", count, 0), second = topic.start(3, "read", count, 1);
  pid_t writer = topic.start(1, "write", [](Node& node) {
    auto out = node.writer("q");
    for (std::size_t i = 0; i < 300; ++i) out.put(std::string(1 + i * 791 % 8192, 'x'));
    out.close();
    return 0;
  });
  for (pid_t pid : {writer, first, second}) EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(Topic, RefusesAWriterWithoutAnyReader) {
  TestTopic topic(shape({kGates}));
  Side a(topic, 1, 0);
  auto before = signal(SIGPIPE, SIG_IGN);
  end_of_readers(topic.control(), topic.roster());
  EXPECT_THROW(a.out.put("0"), NoReaders);
  signal(SIGPIPE, before);
}

TEST(Topic, LendsAMessageAndTakesABackLoanThatIsDropped) {
  TestTopic topic(shape({kGates}, 2));
  Side a(topic, 1, 0);
  for (int i = 0; i < 3000; ++i) auto dropped = a.out.loan(5000, 0ns);
  auto loan = a.out.loan(5000);
  loan.bytes()[0] = std::byte{'y'};
  loan.commit(1);
  EXPECT_THAT(take_all(a.in), ElementsAre("y"));
  EXPECT_THROW(a.out.put(std::string(65 << 10, 'x')), TooLarge);
}

TEST(Topic, IsStoppedForAllWhenAReadersPlaceMakesNoSense) {
  TestTopic topic(shape({kGates}));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 1);
  topic.view(9).topic.slot(0).next.store(1u << 30);
  EXPECT_THROW((void)a.in.try_get(), Poisoned);
  EXPECT_TRUE(poisoned(topic.control()));
}

TEST(Topic, IsSurvivedByTheReaperWhenAReaderWroteNonsense) {
  TestTopic topic(shape({kGates}));
  auto view = topic.view(9);
  view.topic.slot(0).reader.store(2);
  view.topic.slot(0).cursor.store(7);
  topic.reap(2);
  EXPECT_TRUE(poisoned(topic.control()));
}

TEST(Topic, RefusesShapesThatMakeNoSense) {
  EXPECT_EQ(topic_sizes({.history = 0}).error().text(), "topic: a history of 0 lets nothing through");
  EXPECT_EQ(topic_sizes({.history = 4, .readers = {{.history = 5}}}).error().text(),
            "topic: the history of a reader is longer than its own");
  EXPECT_EQ(topic_sizes({.memory = 10, .max_message = 11}).error().text(),
            "topic: max_message is larger than memory");
  EXPECT_TRUE(topic_sizes({.readers = std::vector<TopicReader>(4095)}));
}

TEST(Topic, KnowsAnAllZeroRegionAsNone) {
  alignas(4096) static std::array<std::byte, 1 << 20> zeros{};
  EXPECT_EQ(sample_topic(zeros), TopicSample{});
  EXPECT_THAT(sample_topic(zeros).readers, IsEmpty());
  EXPECT_TRUE(poisoned(zeros));
}

TEST(Topic, APlaceIsTakenOverOnceItsHolderIsGone) {
  TestTopic topic({.history = 4, .memory = 4096, .max_message = 256, .readers = {{}}});
  constexpr std::uint16_t kStarted = 1;
  detail::TopicView started = topic.view(kStarted), first = topic.view(7), second = topic.view(8);
  detail::Subscription a, b, c;
  ASSERT_TRUE(follow(a, first, 0, kStarted));
  register_participant(topic.roster(), 7, 4711);
  EXPECT_FALSE(follow(b, second, 0, kStarted));
  EXPECT_FALSE(follow(c, started, 0, kStarted));
  topic.reap(7);
  forget_participant(topic.roster(), 7);
  register_participant(topic.roster(), 7, 4712);  // of another node: the number is used again
  ASSERT_TRUE(follow(b, second, 0, kStarted));
  EXPECT_FALSE(follow(a, first, 1, kStarted)) << "there is no such reader";
  topic.reap(8);
  ASSERT_TRUE(follow(c, started, 0, kStarted));
  EXPECT_FALSE(follow(b, second, 0, kStarted)) << "who was started is gone only when all are";
}

}  // namespace
}  // namespace procgraph::testing
