// What becomes of a topic's messages that a reader does not take in time, or that come back.
#include "topic/settle.h"
#include "topic_scene.h"

namespace procgraph::testing {
namespace {

// The message with this text was put two hours ago.
void age(const TestTopic& topic, std::string_view text) {
  auto view = topic.view(9);
  int found = 0;
  view.memory.for_each_block([&](detail::BlockIndex block) {
    detail::Descriptor& d = view.memory.descriptor(block);
    auto* bytes = reinterpret_cast<const char*>(view.memory.bytes(block));
    if (d.own.load() == 0 || std::string_view(bytes, d.size) != text) return;
    d.time.fetch_sub(std::chrono::nanoseconds(2h).count());
    ++found;
  });
  ASSERT_EQ(found, 1);
}

TopicReader expiring(TopicReader reader) {
  reader.expire = 1h;
  return reader;
}

TEST(AnOldMessageOfATopic, IsPassedOverAndCountedForThatReaderAlone) {
  TestTopic topic(shape({expiring(kGates), kGates}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 4);
  for (const char* text : {"0", "2"}) age(topic, text);
  EXPECT_THAT(take_all(a.in), ElementsAre("1", "3"));
  EXPECT_THAT(take_all(b.in), ElementsAre("0", "1", "2", "3"));
  const TopicSample s = topic.sample();
  EXPECT_EQ(s.readers[0].expired, 2u);
  EXPECT_EQ(s.readers[0].acknowledged, 2u);
  EXPECT_EQ(s.readers[0].missed, 0u);
  EXPECT_EQ(s.readers[1].expired, 0u);
  EXPECT_EQ(s.readers[1].acknowledged, 4u);
}

TEST(AnOldMessageOfATopic, HoldsNoWriterUpOnceItIsPassedOver) {
  TestTopic topic(shape({expiring(kGates)}, 2));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 2);
  for (const char* text : {"0", "1"}) age(topic, text);
  EXPECT_FALSE(a.out.try_put("2"));
  EXPECT_FALSE(a.in.try_get());
  put_numbers(a.out, 2, 4);
  EXPECT_THAT(take_all(a.in), ElementsAre("2", "3"));
}

TEST(AnOldMessageOfATopic, IsNotAmongThoseMissedWhichTheNextOneTells) {
  TestTopic topic(shape({expiring(kLossy)}, 3));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 5);
  age(topic, "2");
  auto message = a.in.try_get();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text(), "3");
  EXPECT_EQ(message->missed(), 2u);
  EXPECT_EQ(a.in.try_get()->missed(), 0u);
  const TopicReaderSample s = topic.sample().readers[0];
  EXPECT_EQ(s.expired, 1u);
  EXPECT_EQ(s.missed, 2u);
}

TEST(AnOldMessageOfATopic, LeavesWhatWasMissedBeforeItToBeToldLater) {
  TestTopic topic(shape({expiring(kLatest)}, 3));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 3);
  age(topic, "2");
  EXPECT_FALSE(a.in.try_get());
  put_numbers(a.out, 3, 4);
  EXPECT_EQ(a.in.try_get()->missed(), 2u);
  put_numbers(a.out, 4, 5);
  EXPECT_EQ(a.in.try_get()->missed(), 0u);
}

TEST(AnOldMessageOfATopic, FreesItsBlockWhereItWasRetiredMeanwhile) {
  TestTopic topic(shape({expiring(kLossy)}, 1));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 1);
  a.in.try_get()->nack();
  age(topic, "0");
  put_numbers(a.out, 1, 2);  // retires the one that came back
  EXPECT_THAT(take_all(a.in), ElementsAre("1"));
  auto view = topic.view(9);
  view.memory.for_each_block([&](detail::BlockIndex block) {
    EXPECT_NE(detail::BlockWord{view.memory.descriptor(block).own.load()}.state(), detail::State::kRetired);
  });
  EXPECT_EQ(topic.sample().readers[0].expired, 1u);
  EXPECT_EQ(topic.sample().readers[0].redelivered, 1u);
}

TEST(AnOldMessageOfATopic, DoesNotDelayTheEnd) {
  TestTopic topic(shape({expiring(kGates), expiring(kLossy)}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 1);
  age(topic, "0");
  a.out.close();
  for (Reader* in : {&a.in, &b.in}) {
    EXPECT_FALSE(in->get());
    EXPECT_TRUE(in->ended());
  }
}

TopicReader at_most_once(TopicReader reader) {
  reader.at_most_once = true;
  return reader;
}

TEST(ATopicsMessageThatComesAtMostOnce, IsDoneWithWhenItIsGivenBack) {
  TestTopic topic(shape({at_most_once(kGates), at_most_once(kLossy), kGates}, 2));
  Side a(topic, 1, 0), b(topic, 2, 1), c(topic, 3, 2);
  put_numbers(a.out, 0, 2);
  for (Reader* in : {&a.in, &b.in, &c.in}) in->try_get()->nack();
  EXPECT_THAT(take_all(a.in), ElementsAre("1"));
  EXPECT_THAT(take_all(b.in), ElementsAre("1"));
  EXPECT_THAT(take_all(c.in), ElementsAre("0", "1"));
  const TopicSample s = topic.sample();
  for (int i : {0, 1}) {
    EXPECT_EQ(s.readers[static_cast<std::size_t>(i)].acknowledged, 2u);
    EXPECT_EQ(s.readers[static_cast<std::size_t>(i)].redelivered, 0u);
  }
  EXPECT_EQ(s.readers[2].redelivered, 1u);
  put_numbers(a.out, 2, 4);  // nothing is held for anybody
}

TEST(ATopicsMessageThatComesAtMostOnce, IsGoneWithItsReader) {
  for (const TopicReader& reader : {at_most_once(kGates), at_most_once(kLossy)}) {
    TestTopic topic(shape({reader}, 4));
    Side a(topic, 1, 0);
    put_numbers(a.out, 0, 4);
    pid_t first = topic.start(2, "read", [](Node& node) {
      auto in = node.reader("q");
      auto held = in.get_batch(3, 0ns);
      held[1].ack();
      return raise(SIGKILL);
    });
    EXPECT_EQ(wait_for_end(first), 128 + SIGKILL);
    topic.reap(2);
    topic.reap(2);
    TopicReaderSample s = topic.sample().readers[0];
    EXPECT_EQ(s.acknowledged, 3u);
    EXPECT_EQ(s.redelivered, 0u);
    EXPECT_EQ(s.waiting, 1u);
    EXPECT_EQ(s.leased, 0u);
    put_numbers(a.out, 4, 7);
  }
}

// Whatever is put meanwhile: it is done with only when its reader is.
TEST(ATopicsMessageThatComesAtMostOnce, StaysInPlaceUntilItsReaderIsDoneWithIt) {
  TestTopic topic(shape({at_most_once(kLossy)}, 1));
  Side a(topic, 1, 0);
  const std::string large(1000, 'x');
  ASSERT_TRUE(a.out.try_put(large));
  auto held = a.in.try_get();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(a.out.try_put(std::string(1000, 'y')));
  EXPECT_EQ(held->text(), large);
}

TEST(ATopicsMessageThatComesAtMostOnce, DoesNotDelayTheEndInAnotherThreadsHands) {
  TestTopic topic(shape({at_most_once(kGates)}));
  Side a(topic, 1, 0);
  put_numbers(a.out, 0, 1);
  a.out.close();
  std::optional<Message> held;
  std::thread([&] { held = a.node.reader("in").try_get(); }).join();
  EXPECT_FALSE(a.in.try_get());
  EXPECT_TRUE(a.in.ended());
}

TEST(AForwardedMessage, IsAsOldAsTheOneThatWasTaken) {
  TestTopic topic(shape({kGates, expiring(kGates)}));
  Side a(topic, 1, 0), b(topic, 2, 1);
  put_numbers(a.out, 0, 1);
  age(topic, "0");
  auto old = a.in.try_get();
  a.out.forward(*old);
  EXPECT_EQ(a.in.try_get()->enqueued_at(), old->enqueued_at());
  EXPECT_FALSE(b.in.try_get());
  EXPECT_EQ(topic.sample().readers[1].expired, 2u);
}

}  // namespace
}  // namespace procgraph::testing
