// A process writes nonsense into the memory of a channel while others use it: they survive, go on or stop
// with an error that says so, and so does the runner. Nothing that is read there leads outside the channel,
// or for ever round in circles, once the runner has looked at it. (What of it must be found, and what does no
// harm, hostile_fields_test.cc says.)
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "procgraph/node.h"
#include "roster.h"
#include "test_queue.h"
#include "topic/memory.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using Random = std::mt19937_64;

constexpr std::uint16_t kWriters = 2, kReaders = 3;  // the last one selects
constexpr std::uint64_t kMost = 900;                 // bytes of a message

// What the processes tell each other.
struct Common {
  std::atomic<std::uint32_t> open;  // of them have opened their ends
  std::atomic<std::uint32_t> go;    // 1: use them, 2: end
};

// Where there is something worth overwriting: most of a region was never used.
struct Target {
  std::span<std::byte> region;
  std::uint64_t first, size;
};

std::vector<Target> targets(TestQueue& queue) {
  const detail::Geometry g = queue.view(1).memory.geometry();
  auto control = queue.control();
  return {{control, 0, sizeof(detail::Header)},
          {control, sizeof(detail::Header), offsetof(detail::Control, lines) - sizeof(detail::Header)},
          {control, offsetof(detail::Control, lines), sizeof(detail::Control::lines)},
          {control, offsetof(detail::Control, slots), 8 * sizeof(detail::WaitSlot)},
          {control, g.ring_at, 8 * g.ring_length()},
          {control, g.busy_at, g.returned_at - g.busy_at},
          {control, g.returned_at, g.descriptors_at - g.returned_at},
          {control, g.descriptors_at, 16 * sizeof(detail::Descriptor)},
          {control, g.tallies_at, 8 * sizeof(detail::Tally)},
          {queue.payload(), 0, 4096},  // where frames are
          {queue.roster(), detail::kRosterReadOnly, 64 * sizeof(detail::Doorbell)}};
}

std::vector<Target> targets(TestTopic& topic) {
  auto view = topic.view(1);
  const detail::Geometry& g = view.memory.geometry();
  auto control = topic.control();
  const auto at = [&](auto& part) {
    return static_cast<std::uint64_t>(reinterpret_cast<std::byte*>(&part) - control.data());
  };
  return {{control, 0, sizeof(detail::Header)},
          {control, sizeof(detail::Header), offsetof(detail::Control, lines) - sizeof(detail::Header)},
          {control, offsetof(detail::Control, slots), 8 * sizeof(detail::WaitSlot)},
          {control, at(view.topic.part()), sizeof(detail::TopicPart)},
          {control, g.ring_at, 8 * g.ring_length()},
          {control, g.busy_at, g.descriptors_at - g.busy_at},
          {control, g.descriptors_at, 16 * sizeof(detail::Descriptor)},
          {control, at(view.topic.slot(0)), kReaders * sizeof(detail::ReaderSlot)},
          {control, at(view.topic.note(0, 0)), kReaders * g.ring_length() * sizeof(detail::ReaderNote)},
          {topic.roster(), detail::kRosterReadOnly, 64 * sizeof(detail::Doorbell)}};
}

constexpr std::uint64_t kSorts = 8;  // of nonsense

std::uint64_t nonsense(std::uint64_t sort, Random& random, std::uint64_t before) {
  constexpr std::uint64_t kLow = (1u << 24) - 1;
  switch (sort) {
    case 0:
      return random();
    case 1:
      return 0;
    case 2:
      return ~std::uint64_t{0};
    case 3:
      return before + 1;
    case 4:
      return before - 1;
    case 5:
      return (before & ~kLow) | (random() & kLow);  // of a ring's word: another block at the same lap
    case 6:
      return random() % 64;
    default:
      return before ^ std::uint64_t{1} << random() % 64;
  }
}

void overwrite(const Target& target, std::uint64_t sort, Random& random) {
  const std::uint64_t at = target.first + random() % target.size / 8 * 8;
  auto& word = *reinterpret_cast<std::atomic<std::uint64_t>*>(target.region.data() + at);
  word.store(nonsense(sort, random, word.load()));
}

int write_on(Node& node, Common& common, std::uint64_t seed) {
  Random random(seed);
  auto out = node.writer("q");
  ++common.open;
  while (common.go == 0) std::this_thread::yield();
  while (common.go == 1) {
    const std::size_t size = random() % 4 == 0 ? random() % kMost : random() % 60;
    const std::string text(size, 'x');
    if (random() % 2 == 0) {
      (void)out.put(text, 1ms);
    } else if (random() % 2 == 0) {
      const std::vector<std::string_view> many(random() % 8, std::string_view(text).substr(0, size / 8));
      (void)out.put_many(many, 1ms);
    } else if (auto loan = out.loan(size, 1ms)) {
      std::memset(loan->bytes().data(), 'x', size);
      if (random() % 4 != 0) loan->commit(size / 2);
    }
  }
  return 0;
}

int read_on(Node& node, Common& common, std::uint64_t seed, bool selects) {
  Random random(seed);
  auto in = node.reader("q");
  ++common.open;
  while (common.go == 0) std::this_thread::yield();
  for (std::uint64_t sum = 0; common.go == 1;) {
    if (selects) (void)node.select({in}, 1ms);
    if (random() % 8 == 0) {
      auto frame = in.get_many(0ms);
      for (auto at = frame ? frame->begin() : Frame::Iterator(); at != std::default_sentinel; ++at) {
        if (at->size() > kMost) return 2;
        for (std::byte byte : *at) sum += static_cast<std::uint64_t>(byte);
      }
    }
    auto message = in.get(selects ? 0ms : 1ms);
    if (!message) continue;
    if (message->bytes().size() > kMost) return 2;
    for (std::byte byte : message->bytes()) sum += static_cast<std::uint64_t>(byte);
    (void)message->dead_letter();
    if (sum == ~std::uint64_t{0}) return 3;  // so that the bytes are read
    if (random() % 4 == 0) message->nack();
  }
  return 0;
}

// Ends when the channel is stopped, by an error that says so.
template <class Act>
int until_stopped(Act act) {
  signal(SIGPIPE, SIG_IGN);
  try {
    return act();
  } catch (const Failure&) {
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

// What the runner does to a channel, whatever its memory says.
void run_beside(TestQueue& queue, Random& random) {
  const auto someone = static_cast<std::uint16_t>(1 + random() % (kWriters + kReaders));
  switch (random() % 5) {
    case 0:
      (void)sample(queue.control());
      break;
    case 1:
      (void)poisoned(queue.control());
      break;
    case 2:
      (void)parked(queue.control());
      break;
    case 3:
      sidestep(queue.control(), queue.roster(), someone);
      break;
    default:
      (void)leases(queue.control(), std::chrono::steady_clock::now(), {});
  }
}
void run_beside(TestTopic& topic, Random& random) {
  run_beside(static_cast<TestQueue&>(topic), random);
  (void)sample_topic(topic.control());
}

// They end by themselves, and meanwhile the runner looks at what they use, as it does at each death. One that
// commits a loan sleeps without a time-out, perhaps where the memory does not tell any more: it is rung too.
template <class Channel>
void end_all(Channel& channel, std::vector<pid_t> peers, std::uint64_t seed) {
  bool run_ends = false;
  for (std::size_t left = peers.size(); left > 0;) {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      int status = 0;
      if (peers[i] == 0 || waitpid(peers[i], &status, WNOHANG) != peers[i]) continue;
      const bool asked = run_ends && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
      EXPECT_TRUE(asked || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
          << "process " << i + 1 << ", seed " << seed << ", status " << status;
      channel.reap(static_cast<std::uint16_t>(i + 1));
      peers[i] = 0;
      --left;
    }
    // Nobody can be told anything by memory without its header: they are asked to end, as the runner does.
    const auto found = poisoned(channel.control());
    run_ends = found && std::string_view(found->reason) == "its header was overwritten";
    for (const pid_t pid : peers)
      if (run_ends && pid != 0) kill(pid, SIGTERM);
    const auto readers = peers.begin() + kWriters;
    if (std::all_of(readers, peers.end(), [](pid_t pid) { return pid == 0; }))
      end_of_readers(channel.control(), channel.roster());
    if (left > 0) detail::Roster::of_runner(channel.roster())->ring_all();
  }
}

// Whether it was found.
template <class Channel>
bool survive(const typename Channel::Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Channel channel(shape);
  Region memory(sizeof(Common));
  auto& common = *reinterpret_cast<Common*>(memory.bytes().data());
  const std::vector<Target> all = targets(channel);
  std::vector<pid_t> peers;
  for (std::uint16_t i = 0; i < kWriters + kReaders; ++i) {
    const bool writes = i < kWriters;
    peers.push_back(channel.start(
        i + 1u, writes ? "write" : "read",
        [&, i](Node& node) {
          return until_stopped([&] {
            const bool selects = i + 1 == kWriters + kReaders;
            return i < kWriters ? write_on(node, common, seed + i) : read_on(node, common, seed + i, selects);
          });
        },
        writes ? 0 : i - kWriters));
  }
  while (common.open < peers.size()) std::this_thread::yield();
  common.go = 1;
  const Target& target = all[seed % all.size()];
  for (std::uint64_t times = 1 + random() % 60; times > 0; --times) {
    for (std::uint64_t n = random() % 10; n > 0; --n) std::this_thread::yield();
    overwrite(target, seed / all.size() % kSorts, random);
    run_beside(channel, random);
  }
  common.go = 2;
  end_all(channel, std::move(peers), seed);
  end_of_writers(channel.control(), channel.roster());
  return poisoned(channel.control()).has_value();
}

// Each sort of nonsense in each part of the memory. PROCGRAPH_TEST_SEEDS=first:last tries more.
template <class Channel>
void survive_all(const typename Channel::Shape& shape) {
  std::uint64_t first = 0, last = 11 * kSorts - 1;
  if (const char* seeds = std::getenv("PROCGRAPH_TEST_SEEDS")) std::sscanf(seeds, "%lu:%lu", &first, &last);
  int found = 0;
  for (std::uint64_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed)
    found += survive<Channel>(shape, seed) ? 1 : 0;
  if (last - first >= 10) {
    EXPECT_GT(found, 0) << "nonsense in no part of it was found";
  }
  ::testing::Test::RecordProperty("found", found);
}

TEST(Hostile, ProcessesSurviveAnythingInTheMemoryOfAQueue) {
  survive_all<TestQueue>(
      {.capacity = 8, .memory = 8192, .max_message = kMost, .max_capacity = 8, .participants = 8});
}

TEST(Hostile, ProcessesSurviveAnythingInTheMemoryOfAQueueWithPolicies) {
  survive_all<TestQueue>({.capacity = 4,
                          .memory = 4096,
                          .max_message = kMost,
                          .max_capacity = 16,
                          .max_memory = 16384,
                          .participants = 8,
                          .policy = {.when_full = Overflow::kGrow,
                                     .max_deliveries = 3,
                                     .expire = 1ms,
                                     .lease_timeout = 1ms,
                                     .retry_first = 1ms,
                                     .retry_most = 2ms}});
}

TEST(Hostile, ProcessesSurviveAnythingInTheMemoryOfATopic) {
  survive_all<TestTopic>({.history = 8,
                          .memory = 16384,
                          .max_message = kMost,
                          .participants = 8,
                          .readers = {{}, {.gates = false}, {.gates = false, .history = 1}}});
}

}  // namespace
}  // namespace procgraph::testing
