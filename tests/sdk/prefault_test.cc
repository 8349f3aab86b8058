// A queue that says `prefault`: whoever attaches has all its pages at once.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "test_queue.h"

namespace procgraph::testing {
namespace {

QueueShape shape(bool prefault) {
  return {.capacity = 2,
          .memory = 2 << 20,
          .max_message = 1 << 20,
          .participants = 2,
          .writers = 1,
          .prefault = prefault};
}

// Bytes of unnamed memory whose pages this process has mapped.
std::uint64_t mapped() {
  std::ifstream file("/proc/self/smaps");
  std::string line;
  std::uint64_t kib = 0;
  for (bool counts = false; std::getline(file, line);) {
    if (line.substr(0, line.find(' ')).back() != ':') counts = line.find("/memfd:") != std::string::npos;
    if (counts && line.starts_with("Rss:")) kib += std::stoull(line.substr(4));
  }
  return kib * 1024;
}

// What a process has mapped that has attached to the queue and done nothing: 0 all of it, 1 less than one
// message, 2 something between.
int has_mapped(const TestQueue& queue, std::uint16_t participant, const std::string& access) {
  const std::uint64_t all = queue.control().size() + queue.payload().size();
  return wait_for_end(queue.start(participant, access, [&](Node&) {
    const std::uint64_t now = mapped();
    return now >= all ? 0 : now < (1 << 20) ? 1 : 2;
  }));
}

TEST(Prefault, ThenNoFirstUseOfAPageWaitsForTheKernel) {
  const TestQueue queue(shape(true));
  EXPECT_EQ(has_mapped(queue, 1, "write"), 0);
  EXPECT_EQ(has_mapped(queue, 2, "read"), 0);
}

TEST(Prefault, ElsePagesComeAsTheyAreUsed) {
  const TestQueue queue(shape(false));
  EXPECT_EQ(has_mapped(queue, 1, "write"), 1);
  EXPECT_EQ(has_mapped(queue, 2, "read"), 1);
}

}  // namespace
}  // namespace procgraph::testing
