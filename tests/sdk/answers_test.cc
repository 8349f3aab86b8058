// What an ordered process puts says which message it answers.
#include "answers.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "test_queue.h"

namespace procgraph::testing {
namespace {

using detail::answer_mark;

class Ordered : public ::testing::Test {
 protected:
  Ordered() {
    in_.enter_with(1, in_.port("in", "write") + " " + in_.port("ordered", "read") + ",ordered=1 " +
                          out_.port("answers", "write") + ",ordered=1 " + out_.port("seen", "read"));
    node_.emplace();
    source_.emplace(node_->writer("in"));
    reader_.emplace(node_->reader("ordered"));
    writer_.emplace(node_->writer("answers"));
    seen_.emplace(node_->reader("seen"));
  }

  // What lies in the queue of answers: text and mark, each.
  std::vector<std::pair<std::string, std::uint64_t>> seen() {
    std::vector<std::pair<std::string, std::uint64_t>> all;
    while (const auto message = seen_->try_get())
      all.emplace_back(message->text(), message->enqueued_at().time_since_epoch().count());
    return all;
  }

  TestQueue in_{{.capacity = 16, .memory = 65536, .participants = 2}},
      out_{{.capacity = 16, .memory = 65536, .participants = 2}};
  std::optional<Node> node_;
  std::optional<Writer> source_, writer_;
  std::optional<Reader> reader_, seen_;
};

using Seen = std::vector<std::pair<std::string, std::uint64_t>>;

TEST_F(Ordered, EachWayToPutMarksWhatItAnswers) {
  source_->put("a");
  source_->put("b");
  auto a = reader_->get();
  writer_->put("1");
  const std::array<std::string_view, 2> two{"2", "3"};
  writer_->put_many(two);
  Loan loan = writer_->loan(10);
  std::memcpy(loan.bytes().data(), "4", 1);
  loan.commit(1);
  a->ack();
  auto b = reader_->get();
  EXPECT_TRUE(writer_->try_put("5"));
  writer_->forward(*b);
  b.reset();  // acknowledged
  const std::uint64_t of_a = answer_mark(0, 1, false), of_b = answer_mark(1, 1, false);
  EXPECT_EQ(seen(), (Seen{{"1", of_a},
                          {"2", of_a},
                          {"3", of_a},
                          {"4", of_a},
                          {"", answer_mark(0, 1, true)},
                          {"5", of_b},
                          {"b", of_b},
                          {"", answer_mark(1, 1, true)}}));
}

TEST_F(Ordered, WithoutAMessageInHandNothingCanBePut) {
  EXPECT_THROW(writer_->put("too early"), Failure);
  source_->put("a");
  {
    auto message = reader_->get();
    std::thread other([&] {
      Writer writer = node_->writer("answers");
      EXPECT_THROW(writer.put("of another thread"), Failure);
    });
    other.join();
    message->ack();
  }
  EXPECT_THROW(writer_->put("too late"), Failure);
  EXPECT_EQ(seen(), (Seen{{"", answer_mark(0, 1, true)}}));
}

TEST_F(Ordered, WhatIsGivenBackIsNotFinishedAndCountsItsDeliveries) {
  source_->put("a");
  reader_->get()->nack();
  EXPECT_THROW(writer_->put("of nothing"), Failure);
  auto again = reader_->get();
  ASSERT_EQ(again->deliveries(), 2U);
  writer_->put("1");
  again->ack();
  EXPECT_EQ(seen(), (Seen{{"1", answer_mark(0, 2, false)}, {"", answer_mark(0, 2, true)}}));
}

TEST_F(Ordered, SeveralInHandAreFinishedEachByItself) {
  source_->put("a");
  source_->put("b");
  auto a = reader_->get(), b = reader_->get();
  writer_->put("of b");
  a->ack();
  writer_->put("of b, too");
  b->ack();
  const std::uint64_t of_b = answer_mark(1, 1, false);
  EXPECT_EQ(seen(), (Seen{{"of b", of_b},
                          {"", answer_mark(0, 1, true)},
                          {"of b, too", of_b},
                          {"", answer_mark(1, 1, true)}}));
}

TEST_F(Ordered, AFullQueueOfAnswersIsWaitedForAtTheAcknowledgement) {
  source_->put("a");
  auto a = reader_->get();
  for (int i = 0; i < 16; ++i) writer_->put("x");
  std::thread reads([&] {
    Reader seen = node_->reader("seen");
    for (int i = 0; i < 17; ++i) EXPECT_TRUE(seen.get());
  });
  a->ack();
  reads.join();
  EXPECT_EQ(in_.sample().acknowledged, 1U);
}

TEST_F(Ordered, WhatCanBeAnsweredNoMoreGoesBackUntried) {
  source_->put("a");
  auto a = reader_->get();
  writer_->close();
  a->ack();
  EXPECT_EQ(in_.sample().acknowledged, 0U);
  EXPECT_EQ(reader_->get()->deliveries(), 1U);
}

}  // namespace
}  // namespace procgraph::testing
