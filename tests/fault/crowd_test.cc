// As many participants as a graph can have, at one queue and at one topic: all live at the same time, all
// wait at the same time, all put and get, all die.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "procgraph/node.h"
#include "queue/words.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint16_t kProcesses = 40;  // each of which takes what many take else
#else
constexpr std::uint16_t kProcesses = 585;
#endif
constexpr std::uint16_t kEach = 7;                    // participants of one process
constexpr std::uint16_t kCrowd = kProcesses * kEach;  // 4,095: nobody else can come
static_assert(kCrowd == kMaxParticipants || kProcesses == 40);

// What all see: how far they are, and how often each message was got.
struct Square {
  std::atomic<std::uint32_t> attached, woken, holding;
  std::array<std::atomic<std::uint32_t>, std::size_t{kMaxParticipants + 1} * 2> got;
};

void wait_until_equal(const std::atomic<std::uint32_t>& count, std::uint32_t expected) {
  while (count != expected) std::this_thread::yield();
}

// A node of one participant in a process that has several.
std::unique_ptr<Node> node_of(const TestQueue& channel, std::uint16_t participant, std::uint32_t reader) {
  channel.enter(participant, "both", reader);
  return std::make_unique<Node>();
}

template <class Channel>
class Crowd {
 public:
  explicit Crowd(const typename Channel::Shape& shape) : channel_(shape), memory_(sizeof(Square)) {}

  Square& square() { return *reinterpret_cast<Square*>(memory_.bytes().data()); }
  Channel& channel() { return channel_; }

  // Every participant calls act(node, participant) in a thread of its own.
  template <class Act>
  void start(Act act) {
    for (std::uint16_t process = 0; process < kProcesses; ++process) pids_.push_back(start_one(process, act));
    wait_until_equal(square().attached, kCrowd);
  }
  void wait_until_all_sleep() {
    while (sleeping_threads(channel_.control()).size() != kCrowd) std::this_thread::yield();
  }
  void kill_all() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) EXPECT_EQ(wait_for_end(pid), 128 + SIGKILL);
  }
  void wait_for_all() {
    for (const pid_t pid : pids_) EXPECT_EQ(wait_for_end(pid), 0);
  }
  void kill_the_first() {
    kill(pids_.front(), SIGKILL);
    EXPECT_EQ(wait_for_end(pids_.front()), 128 + SIGKILL);
    pids_.erase(pids_.begin());
  }
  void reap_all() { reap_up_to(kCrowd); }
  // The runner is told of each death; how long that takes is for whoever looks.
  void reap_up_to(std::uint16_t last) {
    const auto before = std::chrono::steady_clock::now();
    for (std::uint16_t participant = 1; participant <= last; ++participant) {
      channel_.reap(participant);
      forget_participant(channel_.roster(), participant);
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - before;
    std::ostringstream text;
    text << took.count() / last;
    ::testing::Test::RecordProperty("microseconds_to_reap_one", text.str());
    if (std::getenv("PROCGRAPH_TEST_TIMES") != nullptr)
      std::fprintf(stderr, "%s us to reap one of %d\n", text.str().c_str(), int{last});
  }
  // Nobody stands in a line or has a slot or a doorbell, and nothing is poisoned.
  void expect_to_be_empty() {
    EXPECT_FALSE(poisoned(channel_.control()));
    EXPECT_TRUE(sleeping_threads(channel_.control()).empty());
    auto view = channel_.view(1);
    for (detail::WaitSlot& slot : view.control().slots) EXPECT_EQ(slot.owner.load(), 0U);
    for (std::uint32_t bell = 1; bell < detail::kDoorbells; ++bell) {
      const auto found = view.roster.acquire(1);
      ASSERT_TRUE(found) << "of " << bell;
    }
    EXPECT_FALSE(view.roster.acquire(1));
    view.roster.release_all(1);
  }

 private:
  template <class Act>
  pid_t start_one(std::uint16_t process, Act act) {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int code = 0;
    try {
      std::vector<std::unique_ptr<Node>> nodes;
      for (std::uint16_t i = 0; i < kEach; ++i) {
        const auto participant = static_cast<std::uint16_t>(process * kEach + i + 1);
        nodes.push_back(node_of(channel_, participant, participant - 1U));
      }
      square().attached += kEach;
      std::vector<std::thread> threads;
      std::atomic<int> failed = 0;
      for (std::uint16_t i = 0; i < kEach; ++i)
        threads.emplace_back([&, i] { failed += run(*nodes[i], process * kEach + i + 1, act); });
      for (std::thread& thread : threads) thread.join();
      code = failed;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
      code = 100;
    }
    _exit(code);
  }
  template <class Act>
  int run(Node& node, int participant, Act act) {
    try {
      act(node, square(), static_cast<std::uint32_t>(participant));
      return 0;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%d: %s\n", participant, e.what());
      return 1;
    }
  }

  Channel channel_;
  Region memory_;
  std::vector<pid_t> pids_;
};

constexpr std::uint32_t kRounds = 2;
constexpr std::uint32_t kNobody = 0;  // whose messages are counted together

struct Label {
  std::uint32_t participant, number;
};

void put_label(Writer& out, const Label& label) {
  out.put(std::as_bytes(std::span(&label, 1)));
}

Label label_of(const Message& message) {
  Label label{};
  if (message.bytes().size() == sizeof label) std::memcpy(&label, message.bytes().data(), sizeof label);
  return label;
}

std::string bytes_of(const Label& label) {
  return {reinterpret_cast<const char*>(&label), sizeof label};
}

const QueueShape kQueue{
    .capacity = 256, .memory = 1 << 20, .max_message = 1024, .participants = kMaxParticipants};

TEST(Crowd, OfAQueueWaitsPutsGetsAndGoesAndTheQueueIsAsItWas) {
  Crowd<TestQueue> crowd(kQueue);
  crowd.start([](Node& node, Square& square, std::uint32_t self) {
    Reader in = node.reader("in");
    Writer out = node.writer("out");
    const auto count = [&] {
      const Label got = label_of(*in.get());
      ++square.got.at(got.participant * kRounds + got.number);
    };
    count();
    // First one, then the other: so they never all wait for room, nor all for messages.
    for (std::uint32_t number = 0; number < kRounds; ++number) {
      put_label(out, {self, number});
      count();
    }
  });
  crowd.wait_until_all_sleep();
  auto runner = crowd.channel().view(1);
  for (std::uint32_t i = 0; i < kCrowd; ++i) {
    while (!put(runner, bytes_of({kNobody, 0}))) std::this_thread::yield();
  }
  crowd.wait_for_all();
  crowd.reap_all();
  EXPECT_EQ(crowd.square().got[kNobody], kCrowd);
  for (std::uint32_t message = kRounds; message < (kCrowd + 1U) * kRounds; ++message)
    ASSERT_EQ(crowd.square().got.at(message), 1U)
        << "message " << message % kRounds << " of " << message / kRounds;
  const QueueSample sample = crowd.channel().sample();
  EXPECT_EQ(sample.put, kCrowd * (kRounds + 1U));
  EXPECT_EQ(sample.acknowledged, sample.put);
  EXPECT_EQ(sample.bytes, 0U);
  crowd.expect_to_be_empty();
  std::uint64_t room = 0;
  while (put(runner, std::string(1024, 'x'))) ++room;
  EXPECT_EQ(room, kQueue.capacity);
}

TEST(Crowd, OfAQueueThatWaitsGoesOnAfterSomeOfItHaveDied) {
  constexpr std::uint16_t kLeft = kCrowd - kEach;
  Crowd<TestQueue> crowd(kQueue);
  crowd.start([](Node& node, Square& square, std::uint32_t) {
    if (!node.reader("in").get()) throw std::runtime_error("it ended");
    ++square.woken;
  });
  crowd.wait_until_all_sleep();
  crowd.kill_the_first();
  crowd.reap_up_to(kEach);  // who sleeps is woken and looks, for a dead one may have been woken in its place
  auto runner = crowd.channel().view(1);
  for (std::uint32_t i = 0; i < kLeft; ++i) {
    while (!put(runner, "x")) std::this_thread::yield();
  }
  crowd.wait_for_all();
  EXPECT_EQ(crowd.square().woken, kLeft);
  EXPECT_EQ(get(runner), "") << "each has had one";
}

TEST(Crowd, OfAQueueThatIsKilledWithAMessageEachGivesAllOfThemBack) {
  QueueShape shape = kQueue;
  shape.capacity = kCrowd;
  Crowd<TestQueue> crowd(shape);
  crowd.start([](Node& node, Square& square, std::uint32_t) {
    Reader in = node.reader("in");
    const auto message = in.get();
    ++square.holding;
    for (;;) pause();
  });
  auto runner = crowd.channel().view(1);
  for (std::uint32_t i = 0; i < kCrowd; ++i) EXPECT_TRUE(put(runner, bytes_of({1, i})));
  wait_until_equal(crowd.square().holding, kCrowd);
  EXPECT_EQ(crowd.channel().sample().leased, kCrowd);
  crowd.kill_all();
  crowd.reap_all();
  const QueueSample sample = crowd.channel().sample();
  EXPECT_EQ(sample.leased, 0U);
  EXPECT_EQ(sample.redelivered, kCrowd);
  crowd.expect_to_be_empty();
  for (std::uint32_t i = 0; i < kCrowd; ++i)
    ASSERT_EQ(get(runner), bytes_of({1, i})) << "in the order of the puts";
  EXPECT_EQ(get(runner), "");
}

TEST(Crowd, OfATopicGetsAllThatAnyOfItPuts) {
  constexpr std::uint32_t kPuts = 16;  // by as many of them, one after the other
  TopicShape shape{.history = 32, .memory = 1 << 20, .max_message = 1024, .participants = kMaxParticipants};
  shape.readers.resize(kCrowd);
  Crowd<TestTopic> crowd(shape);
  crowd.start([](Node& node, Square& square, std::uint32_t self) {
    Reader in = node.reader("in");
    Writer out = node.writer("out");
    if (!in.get()) throw std::runtime_error("it ended");
    ++square.woken;
    for (std::uint32_t next = 1; next <= kPuts; ++next) {
      if (next == self) put_label(out, {self, 0});
      if (label_of(*in.get()).participant != next) throw std::runtime_error("one is missing");
    }
  });
  crowd.wait_until_all_sleep();
  {
    const pid_t first = crowd.channel().start(1, "write", [](Node& node) {
      Writer out = node.writer("q");
      put_label(out, {kNobody, 0});
      return 0;
    });
    EXPECT_EQ(wait_for_end(first), 0);
  }
  crowd.wait_for_all();
  EXPECT_EQ(crowd.square().woken, kCrowd);
  crowd.reap_all();
  const TopicSample sample = crowd.channel().sample();
  EXPECT_EQ(sample.put, kPuts + 1);
  for (const TopicReaderSample& reader : sample.readers) ASSERT_EQ(reader.acknowledged, kPuts + 1);
  crowd.expect_to_be_empty();
}

}  // namespace
}  // namespace procgraph::testing
