// A node that has no descriptor left: whatever needs one says so, nothing is lost, and with one it goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "test_area.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kNone = "no descriptor to wait with: Too many open files";

// In a process of its own, which takes the descriptors along that a node was given and did not open.
void apart(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    body();
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  EXPECT_EQ(wait_for_end(pid), 0);
}

// While it lives no descriptor can be opened: the limit is the lowest number that is free, or 0 where some
// may become free.
class NoDescriptors {
 public:
  explicit NoDescriptors(bool at_all = false) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    const int lowest = at_all ? 0 : next;
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest);
    setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// With a queue to read, one to write and an area.
struct Scene {
  Scene() {
    queue.enter_with(
        1, queue.port("in", "read") + " " + queue.port("out", "write") + " " + area.port("a", "write"));
    node.emplace();
  }

  TestQueue queue{{.capacity = 8}};
  TestArea area{{.size = 100, .sync = {"e"}}};
  std::optional<Node> node;
};

TEST(WithoutDescriptors, ADescriptorOfAReaderIsRefusedAndTheMessageIsStillThere) {
  apart([] {
    Scene s;
    auto in = s.node->reader("in");
    auto out = s.node->writer("out");
    out.put("x");
    {
      const NoDescriptors none;
      EXPECT_EQ(refused<Failure>([&] { (void)in.fd(); }), kNone);
      EXPECT_EQ(refused<Failure>([&] { (void)in.fd(); }), kNone) << "the first refusal has left something";
      EXPECT_EQ(in.get()->text(), "x");
      out.put("y");
    }
    EXPECT_GE(in.fd(), 0);
    EXPECT_EQ(in.get()->text(), "y");
  });
}

TEST(WithoutDescriptors, PutAndGetAndSelectOfMessagesNeedNone) {
  apart([] {
    Scene s;
    auto in = s.node->reader("in");
    auto out = s.node->writer("out");
    const NoDescriptors none;
    out.put("x");
    EXPECT_THAT(s.node->select({in, out}), ElementsAre(0, 1));
    EXPECT_EQ(in.get(1s)->text(), "x");
    EXPECT_FALSE(in.get(1ms));
  });
}

TEST(WithoutDescriptors, SelectWithAreasOrDescriptorsSaysWhatItLacks) {
  apart([] {
    Scene s;
    auto in = s.node->reader("in");
    auto out = s.node->writer("out");
    auto area = s.node->shared_memory("a");
    auto event = s.node->event("a", "e");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    {
      const NoDescriptors none;
      // What is ready needs no wait; what has to be waited for does.
      out.put("x");
      EXPECT_THAT(s.node->select({in, {area, area.version()}}), ElementsAre(0));
      EXPECT_EQ(in.get()->text(), "x");
      EXPECT_THAT(refused<Failure>([&] {
                    (void)s.node->select({in, Selectable::readable(ends[0])}, 1ms);
                  }),
                  HasSubstr("Too many open files"));
      EXPECT_EQ(in.try_get().has_value(), false);
    }
    out.put("y");
    EXPECT_THAT(s.node->select({in, {area, area.version()}, event, Selectable::readable(ends[0])}),
                ElementsAre(0));
    EXPECT_EQ(in.get()->text(), "y");
    close(ends[0]);
    close(ends[1]);
  });
}

TEST(WithoutDescriptors, AProcessThatAsksForANumberIsToldWhatItLacks) {
  apart([] {
    const TestQueue queue({.capacity = 4});
    queue.enter(1, "read");
    setenv("PROCGRAPH_PID", "1", 1);  // it is not the one that was started
    setenv("PROCGRAPH_ATTACH", "@nobody is there", 1);
    const NoDescriptors none(/*at_all=*/true);
    Node stranger;
    EXPECT_THAT(refused<NotInGraph>([&] { (void)stranger.reader("q"); }),
                HasSubstr("no descriptor to ask with: Too many open files"));
  });
}

TEST(WithoutDescriptors, AProgramOutsideDoesNotTakeItForAnAbsentGraph) {
  apart([] {
    const NoDescriptors none;
    for (const char* graph : {"", "g"}) {
      const std::string said = refused<Failure>([&] { (void)Node::outside(graph); });
      EXPECT_EQ(said, "no descriptor to look for graphs with: Too many open files");
    }
  });
}

}  // namespace
}  // namespace procgraph::testing
