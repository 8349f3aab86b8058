// Very many messages, several writers and readers: every one arrives once, and each reader gets those of one
// writer in the order in which they were put. PROCGRAPH_TEST_MESSAGES says how many; by default few.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "test_queue.h"

namespace procgraph::testing {
namespace {

constexpr std::uint32_t kWriters = 2, kReaders = 2;

struct Numbered {
  std::uint64_t writer, number;
};

// What a reader has seen of each writer.
struct Seen {
  std::array<std::atomic<std::uint64_t>, kWriters> count, sum, out_of_order;
};

std::uint64_t messages_of_each() {
  const char* all = std::getenv("PROCGRAPH_TEST_MESSAGES");
  return (all != nullptr ? std::strtoull(all, nullptr, 10) : 400'000) / kWriters;
}

int write_all(Node& node, std::uint64_t self, std::uint64_t count) {
  Writer out = node.writer("q");
  for (Numbered next{self, 0}; next.number < count; ++next.number)
    out.put(std::as_bytes(std::span(&next, 1)));
  return 0;
}

int read_all(Node& node, Seen& seen) {
  Reader in = node.reader("q");
  std::array<std::uint64_t, kWriters> next{};
  for (Message& message : in) {
    Numbered got{};
    if (message.bytes().size() != sizeof got) return 1;
    std::memcpy(&got, message.bytes().data(), sizeof got);
    if (got.writer >= kWriters) return 2;
    if (got.number < next[got.writer]) ++seen.out_of_order[got.writer];
    next[got.writer] = got.number + 1;
    ++seen.count[got.writer];
    seen.sum[got.writer] += got.number;
  }
  return 0;
}

// Of a queue the readers share the messages; of a topic each gets all.
template <class Channel>
void run(const typename Channel::Shape& shape, std::uint64_t copies) {
  const std::uint64_t each = messages_of_each();
  Channel channel(shape);
  Region memory(kReaders * sizeof(Seen));
  auto* seen = reinterpret_cast<Seen*>(memory.bytes().data());
  std::vector<pid_t> writers, readers;
  for (std::uint16_t i = 0; i < kReaders; ++i) {
    readers.push_back(channel.start(
        i + 1u, "read", [&, i](Node& node) { return read_all(node, seen[i]); }, i));
  }
  for (std::uint16_t i = 0; i < kWriters; ++i) {
    writers.push_back(
        channel.start(kReaders + i + 1u, "write", [&, i](Node& node) { return write_all(node, i, each); }));
  }
  for (pid_t pid : writers) EXPECT_EQ(wait_for_end(pid), 0);
  end_of_writers(channel.control(), channel.roster());
  for (pid_t pid : readers) EXPECT_EQ(wait_for_end(pid), 0);
  for (std::size_t w = 0; w < kWriters; ++w) {
    std::uint64_t count = 0, sum = 0;
    for (std::size_t r = 0; r < kReaders; ++r) {
      EXPECT_EQ(seen[r].out_of_order[w], 0u) << "writer " << w << ", reader " << r;
      count += seen[r].count[w];
      sum += seen[r].sum[w];
    }
    EXPECT_EQ(count, copies * each) << "writer " << w;
    EXPECT_EQ(sum, copies * (each * (each - 1) / 2)) << "writer " << w;
  }
}

TEST(Marathon, OfAQueueLosesNothingAndKeepsEachWritersOrder) {
  run<TestQueue>({.capacity = 256, .memory = 1 << 20, .writers = kWriters}, 1);
}

TEST(Marathon, OfATopicLosesNothingAndKeepsEachWritersOrder) {
  run<TestTopic>(
      {.history = 256, .memory = 1 << 20, .max_message = 4096, .writers = kWriters, .readers = {{}, {}}},
      kReaders);
}

}  // namespace
}  // namespace procgraph::testing
