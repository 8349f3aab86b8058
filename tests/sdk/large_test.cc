// Messages of a gibibyte. Only some of their pages are ever touched, so that the test needs little memory.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "procgraph/node.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

constexpr std::size_t kGibibyte = std::size_t{1} << 30;
constexpr std::size_t kStride = 16 << 20;

// Every place that is looked at knows where it is: first and last bytes included.
void mark(std::span<std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += kStride) std::memcpy(&bytes[at], &at, sizeof at);
  bytes.back() = std::byte{77};
}

bool is_marked(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += kStride) {
    std::size_t found = 0;
    std::memcpy(&found, &bytes[at], sizeof found);
    if (found != at) return false;
  }
  return bytes.back() == std::byte{77};
}

TEST(AMessageOfAGibibyte, PassesThroughAQueueThatHasRoomForJustThat) {
  TestQueue q({.capacity = 4, .memory = kGibibyte, .max_message = kGibibyte});
  pid_t both = q.start(1, "both", [](Node& node) {
    auto out = node.writer("out");
    auto in = node.reader("in");
    for (int round = 0; round < 2; ++round) {  // the second time in the same block
      auto loan = out.loan(kGibibyte);
      if (loan.bytes().size() != kGibibyte) return 1;
      mark(loan.bytes());
      loan.commit();
      if (out.try_put(std::string(81, 'x'))) return 2;  // not even this, which counts
      auto message = in.try_get();
      if (!message || message->bytes().size() != kGibibyte || !is_marked(message->bytes())) return 3;
    }
    return out.try_put(std::string(81, 'x')) ? 0 : 4;
  });
  EXPECT_EQ(wait_for_end(both), 0);
}

TEST(AMessageOfAGibibyte, AndAByteIsRefusedNamingTheLimit) {
  TestQueue q({.capacity = 4, .memory = kGibibyte, .max_message = kGibibyte});
  pid_t writer = q.start(1, "write", [](Node& node) {
    auto out = node.writer("q");
    // Never read: it is refused by its size.
    void* zeros = mmap(nullptr, kGibibyte + 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zeros == MAP_FAILED) return 1;
    const std::string expected =
        "a message of 1073741825 bytes is more than queue 'q' takes (1073741824): raise its max_message";
    int refused = 0;
    try {
      out.put(std::span(static_cast<const std::byte*>(zeros), kGibibyte + 1));
    } catch (const TooLarge& e) {
      refused += e.what() == expected ? 1 : 0;
    }
    try {
      (void)out.loan(kGibibyte + 1);
    } catch (const TooLarge& e) {
      refused += e.what() == expected ? 1 : 0;
    }
    return refused == 2 ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(writer), 0);
  EXPECT_EQ(q.sample().put, 0u);
}

}  // namespace
}  // namespace procgraph::testing
