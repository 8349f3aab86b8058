// What becomes of a topic's messages and writers when a reader is started again, or is gone for good.
#include "topic_scene.h"

namespace procgraph::testing {
namespace {

TEST(Topic, GivesAReaderThatIsStartedAgainWhatItHadNotAcknowledged) {
  TestTopic topic(shape({kGates}));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 5);
  pid_t first = topic.start(2, "read", [](Node& node) {
    auto in = node.reader("q");
    auto held = in.get_batch(4, 0ns);
    held[0].ack();
    held[2].ack();
    return raise(SIGKILL);
  });
  EXPECT_EQ(wait_for_end(first), 128 + SIGKILL);
  topic.reap(2);
  pid_t second = topic.start(2, "read", [](Node& node) {
    auto in = node.reader("q");
    std::string seen;
    for (int i = 0; i < 3; ++i) {
      auto message = in.get();
      seen += std::string(message->text()) + "x" + std::to_string(message->deliveries()) + " ";
    }
    return seen == "1x2 3x2 4x1 " ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(second), 0);
  EXPECT_EQ(topic.sample().readers[0].acknowledged, 5u);
}

// One thread noted a message as done while another had just moved the cursor to it, and the process died
// before anybody moved it on.
TEST(Topic, IsNotHeldUpByAnAcknowledgementWhoseProcessDiedInItsMiddle) {
  TestTopic topic(shape({kGates}, 2));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 2);
  auto view = topic.view(9);
  const detail::Ticket first = view.memory.geometry().first_ticket();
  view.topic.slot(0).reader.store(2);
  view.topic.slot(0).next.store(first + 2);
  view.topic.note(0, first + 1).word.store(note_word(first + 1, detail::Note::kDone, 0).raw);
  view.topic.slot(0).cursor.store(first + 1);
  topic.reap(2);
  EXPECT_EQ(topic.sample().readers[0].acknowledged, 2u);
  put_numbers(a.out, 2, 4);
}

TEST(Topic, GivesALossyReaderThatIsStartedAgainWhatItHadInHand) {
  TestTopic topic(shape({kLossy}, 2));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 5);
  pid_t first = topic.start(2, "read", [](Node& node) {
    auto in = node.reader("q");
    auto held = in.get();
    return held->text() == "3" ? raise(SIGKILL) : 1;
  });
  EXPECT_EQ(wait_for_end(first), 128 + SIGKILL);
  topic.reap(2);
  put_numbers(a.out, 5, 10);
  pid_t second = topic.start(2, "read", [](Node& node) {
    auto in = node.reader("q");
    auto message = in.get();
    if (message->text() != "3" || message->deliveries() != 2 || message->missed() != 3) return 1;
    message->ack();
    message = in.get();
    return message->text() == "8" && message->missed() == 4 ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(second), 0);
}

TEST(Topic, IsNotHeldUpByAReaderThatIsGoneForGood) {
  TestTopic topic(shape({kGates, kGates}, 2));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 2);
  EXPECT_EQ(take_all(a.in).size(), 2u);
  EXPECT_FALSE(a.out.try_put("2"));  // the second one has not come yet
  reader_gone(topic.control(), topic.roster(), 1);
  put_numbers(a.out, 2, 4);
  EXPECT_THAT(take_all(a.in), ElementsAre("2", "3"));
  TopicSample s = topic.sample();
  EXPECT_TRUE(s.readers[1].gone);
  EXPECT_EQ(s.readers[1].waiting, 2u);
}

TEST(Topic, WakesAWriterWhenTheReaderThatItWaitsForIsGoneForGood) {
  TestTopic topic(shape({kGates}, 1));
  pid_t writer = topic.start(1, "write", [](Node& node) {
    auto out = node.writer("q");
    out.put("0");
    raise(SIGSTOP);
    out.put("1");
    return 0;
  });
  wait_for_stop(writer);
  kill(writer, SIGCONT);
  reader_gone(topic.control(), topic.roster(), 0);
  EXPECT_EQ(wait_for_end(writer), 0);
}

TEST(Topic, FreesWhatALossyReaderHadInHandWhenItIsGoneForGood) {
  TestTopic topic(
      {.history = 1, .memory = 1024, .max_message = 1024, .writers = 1, .readers = {kLossy, kLossy}});
  Side a(topic, 1, 0), b(topic, 2, 1);
  ASSERT_TRUE(a.out.try_put(std::string(1024, 'x')));
  auto held = b.in.try_get();
  ASSERT_TRUE(a.out.try_put(std::string(1024, 'y')));
  reader_gone(topic.control(), topic.roster(), 1);
  auto view = topic.view(9);
  view.memory.for_each_block([&](detail::BlockIndex block) {
    EXPECT_NE(detail::BlockWord{view.memory.descriptor(block).own.load()}.state(), detail::State::kRetired);
  });
}

TopicShape with_place(std::uint64_t history = 4) {
  return shape({kGates, {.gates = false, .outside = true}}, history);
}

TEST(TopicPlace, BeginsWithTheLastMessagesAndMissesNoneThatComes) {
  TestTopic topic(with_place());
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 4);
  EXPECT_EQ(take_all(a.in).size(), 4u);
  put_numbers(a.out, 4, 6);
  ASSERT_TRUE(open_place(topic.control(), 1, 2, 3));
  Side outside(topic, 2, 1);
  put_numbers(a.out, 6, 7);
  auto first = outside.in.try_get();
  EXPECT_EQ(first->text(), "3");
  EXPECT_EQ(first->missed(), 0u);
  first.reset();
  EXPECT_THAT(take_all(outside.in), ElementsAre("4", "5", "6"));
}

TEST(TopicPlace, ReplaysNoMoreThanIsKept) {
  TestTopic topic(with_place(4));
  Side a(topic, 1, 0);
  for (int i = 0; i < 3; ++i) {
    put_numbers(a.out, i * 3, i * 3 + 3);
    (void)take_all(a.in);
  }
  ASSERT_TRUE(open_place(topic.control(), 1, 2, 1000));
  Side outside(topic, 2, 1);
  auto first = outside.in.try_get();
  EXPECT_EQ(first->text(), "5");
  EXPECT_EQ(first->missed(), 0u) << "what is not kept was never this reader's";
  first.reset();
  EXPECT_THAT(take_all(outside.in), ElementsAre("6", "7", "8"));
}

TEST(TopicPlace, HoldsNoWriterUp) {
  TestTopic topic(with_place(2));
  Side a(topic, 1, 0);
  ASSERT_TRUE(open_place(topic.control(), 1, 2, 0));
  Side outside(topic, 2, 1);
  for (int i = 0; i < 5; ++i) {
    put_numbers(a.out, i, i + 1);
    EXPECT_EQ(take_all(a.in).size(), 1u);
  }
  auto message = outside.in.try_get();
  EXPECT_EQ(message->text(), "3");
  EXPECT_EQ(message->missed(), 3u);
}

TEST(TopicPlace, GivesNothingOfWhoHadItBeforeToTheNext) {
  TestTopic topic(with_place(4));
  Side a(topic, 1, 0);
  ASSERT_TRUE(open_place(topic.control(), 1, 2, 0));
  pid_t reader = topic.start(
      2, "read",
      [](Node& node) {
        auto in = node.reader("q");
        auto held = in.get_batch(2, 1h);
        return raise(SIGKILL);
      },
      1);
  put_numbers(a.out, 0, 2);
  EXPECT_EQ(wait_for_end(reader), 128 + SIGKILL);
  topic.reap(2);
  empty_place(topic.control(), topic.roster(), 1);
  ASSERT_TRUE(open_place(topic.control(), 1, 3, 1));
  Side next(topic, 3, 1);
  EXPECT_THAT(take_all(next.in), ElementsAre("1"));
  EXPECT_EQ(topic.sample().readers[1].acknowledged, 1u);
}

TEST(TopicPlace, IsNotOpenedTwiceNorWhereAReaderOfTheGraphIs) {
  TestTopic topic(with_place());
  EXPECT_TRUE(topic.sample().readers[1].gone);
  EXPECT_TRUE(open_place(topic.control(), 1, 2, 0));
  EXPECT_FALSE(open_place(topic.control(), 1, 3, 0));
  EXPECT_FALSE(open_place(topic.control(), 0, 3, 0));
  EXPECT_FALSE(open_place(topic.control(), 2, 3, 0));
}

}  // namespace
}  // namespace procgraph::testing
