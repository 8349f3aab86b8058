// The channels of the SDK, as a node uses them: at their default options but for the room that all contenders
// get.
#pragma once

#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "contest.h"
#include "procgraph/node.h"
#include "test_queue.h"

namespace bench {

enum class Way {
  kCopy,      // from a buffer of the sender's into one of the receiver's
  kBatch,     // the same, taken by many at once
  kInPlace,   // written in the queue's memory, and read there: the receiver gets a pointer
  kHandOver,  // as in place, but nothing is written save the numbers
};

inline procgraph::QueueShape shape_of(const Terms& terms, const procgraph::QueueShape& ordinary) {
  return {.capacity = terms.depth,
          .memory = std::max<std::uint64_t>(ordinary.memory, 4 * terms.size),
          .max_message = terms.size,
          .participants = 2,
          .writers = 1};
}

// With one reader, who gets everything.
inline procgraph::TopicShape shape_of(const Terms& terms, const procgraph::TopicShape& ordinary) {
  return {.history = terms.depth,
          .memory = std::max<std::uint64_t>(ordinary.memory, 4 * terms.size),
          .max_message = terms.size,
          .participants = 2,
          .writers = 1,
          .readers = {procgraph::TopicReader{}}};
}

template <Way way, class Channel = procgraph::testing::TestQueue>
struct QueueLink {
  static constexpr bool kPinned = true;
  static constexpr std::size_t kBatchOf = 64;

  QueueLink(const Terms& terms, char)
      : size(terms.size), channel(shape_of(terms, typename Channel::Shape{})) {
    if (terms.latency) setenv("PROCGRAPH_TEST_WAIT", terms.spin ? "latency" : "sleep", 1);
  }

  struct Sender {
    explicit Sender(QueueLink& link)
        : node(entered(link.channel, 1, "write")), writer(node.writer("q")), buffer(link.size) {}

    void send(auto fill) {
      if constexpr (way == Way::kCopy || way == Way::kBatch) {
        fill(buffer.bytes());
        writer.put(buffer.bytes());
      } else {
        procgraph::Loan loan = writer.loan(buffer.size());
        if (way == Way::kInPlace) std::memset(loan.bytes().data(), 1, loan.bytes().size());
        fill(loan.bytes());
        loan.commit();
      }
    }

    procgraph::Node node;
    procgraph::Writer writer;
    Buffer buffer;
  };

  struct Receiver {
    explicit Receiver(QueueLink& link)
        : node(entered(link.channel, 2, "read")), reader(node.reader("q")), buffer(link.size) {}

    void receive(auto look) {
      if constexpr (way == Way::kBatch) {
        if (next == batch.size()) refill();
        look(copied(batch[next++]));
      } else {
        std::optional<procgraph::Message> message = reader.get();
        check(message.has_value(), "the data ended too early");
        look(way == Way::kCopy ? copied(*message) : message->bytes());
      }
    }

    void refill() {
      batch.clear();
      batch = reader.get_batch(kBatchOf, std::chrono::nanoseconds(0));
      next = 0;
    }

    std::span<const std::byte> copied(const procgraph::Message& message) {
      const std::span<const std::byte> bytes = message.bytes();
      check(bytes.size() == buffer.size(), "a message of another size");
      std::memcpy(buffer.data(), bytes.data(), bytes.size());
      use(buffer.data());
      return buffer.bytes();
    }

    procgraph::Node node;
    procgraph::Reader reader;
    Buffer buffer;
    std::vector<procgraph::Message> batch;
    std::size_t next = 0;
  };

  std::size_t size;
  Channel channel;

  static procgraph::Node entered(const Channel& channel, std::uint16_t participant, const char* access) {
    channel.enter(participant, access);
    return {};
  }
};

}  // namespace bench
