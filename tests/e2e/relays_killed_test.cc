// Relays that are killed at random instants: their process has failed, nobody hangs, and what is lost is what
// the killed one and its program had in hand, counted. PROCGRAPH_TEST_SEED makes other instants,
// PROCGRAPH_TEST_ROUNDS says how many of them.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

constexpr int kFirst = 1'000'001;        // all of them have as many digits
constexpr std::size_t kLineBytes = 8;    // with their newline
constexpr std::size_t kPage = 4096;      // a pipe between a relay and a program that shares a queue
constexpr std::size_t kPipe = 64 << 10;  // any other pipe

unsigned number_of(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

struct Places {
  std::string from, to;  // what lies before the program and behind it: "queues", "topics"
};

void PrintTo(const Places& places, std::ostream* out) {
  *out << places.from << " and " << places.to;
}

std::string channels_between(const Places& places) {
  if (places.from == places.to) return places.from + ": [a, b]\n";
  return places.from + ": [a]\n" + places.to + ": [b]\n";
}

// What came out, line by line. Those that are no number of the input were torn.
struct Tally {
  std::vector<int> numbers;
  std::size_t torn = 0;
};

Tally tally(std::string_view out, int last) {
  Tally found;
  while (!out.empty()) {
    const std::string_view line = out.substr(0, out.find('\n'));
    const int number = line.size() + 1 == kLineBytes ? std::atoi(std::string(line).c_str()) : 0;
    if (number >= kFirst && number <= last) {
      found.numbers.push_back(number);
    } else {
      ++found.torn;
    }
    out.remove_prefix(std::min(line.size() + 1, out.size()));
  }
  return found;
}

// Between two system calls of whoever is killed, too.
void wait_a_little(std::mt19937& dice) {
  for (unsigned long left = dice() % 200'000; left > 0; --left)
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

void kill_started(const Running& running, const std::string& label) {
  const std::string words = label + " started (pid ";
  const std::size_t at = running.err().find(words);
  ASSERT_NE(at, std::string::npos) << running.err();
  ASSERT_EQ(kill(static_cast<pid_t>(std::stol(running.err().substr(at + words.size()))), SIGKILL), 0);
}

unsigned a_seed() {
  return number_of("PROCGRAPH_TEST_SEED", std::random_device{}() % 1'000'000);
}

class KilledRelays : public testing::TestWithParam<Places> {};

// Its process is not there any more, so that what follows ends with what had come so far: all of it, in
// order, but for a last line that was cut.
TEST_P(KilledRelays, FailTheirProcessAndLeaveWhatCameBeforeWhole) {
  const unsigned seed = a_seed();
  SCOPED_TRACE("PROCGRAPH_TEST_SEED=" + std::to_string(seed));
  std::mt19937 dice(seed);
  for (unsigned round = 0; round < number_of("PROCGRAPH_TEST_ROUNDS", 3); ++round) {
    const std::string relay = dice() % 2 == 0 ? "relay:a:work.stdin" : "relay:work.stdout:b";
    const Folder folder;
    folder.write("graph.yaml",
                 "processes:\n"
                 "  from: { command: seq 1000001 9999999, stdout: a }\n"
                 "  work: { command: cat, stdin: a, stdout: b, on_failure: finish }\n"
                 "  to: { command: cat, stdin: b, stdout: inherit }\n" +
                     channels_between(GetParam()));
    Running running(folder.path(), {procgraph_path(), "run", "graph.yaml", "-v", "--timeout", "100s"});
    ASSERT_TRUE(running.wait_for_err(relay + " started (pid ")) << running.err();
    ASSERT_TRUE(running.wait_for_out('\n' + std::to_string(kFirst + 1 + dice() % 200'000) + '\n'));
    wait_a_little(dice);
    kill_started(running, relay);
    const Ran ran = running.wait();
    EXPECT_EQ(ran.code, 137) << ran.err;
    EXPECT_NE(ran.err.find("work failed with its relay: " + relay + " failed: killed by SIGKILL"),
              std::string::npos)
        << ran.err;
    const Tally found = tally(ran.out, 9'999'999);
    EXPECT_LE(found.torn, 1U);
    for (std::size_t i = 0; i < found.numbers.size(); ++i)
      ASSERT_EQ(found.numbers[i], kFirst + static_cast<int>(i)) << relay << ran.err;
  }
}

// Of four copies that share the work three lose a relay; the last one does what is left. Lost is what a copy
// had read and not answered, and what its relay behind it had read and not put; twice comes what the one
// before it had written and not acknowledged.
TEST_P(KilledRelays, LoseNoMoreThanACopyHadInHand) {
  constexpr int kLast = 1'400'000;
  constexpr std::size_t kKilled = 3;
  constexpr std::size_t kInHand = (kPage + kPage + kPipe + kPipe) / kLineBytes + 1;
  constexpr std::size_t kBatch = 2 * kPipe / kLineBytes;
  const unsigned seed = a_seed();
  SCOPED_TRACE("PROCGRAPH_TEST_SEED=" + std::to_string(seed));
  std::mt19937 dice(seed);
  for (unsigned round = 0; round < number_of("PROCGRAPH_TEST_ROUNDS", 3); ++round) {
    const Folder folder;
    folder.write("graph.yaml",
                 "processes:\n"
                 "  from: { command: seq 1000001 1400000, stdout: a }\n"
                 "  work: { command: cat, stdin: a, stdout: b, replicas: 4, min_replicas: 1 }\n"
                 "  to: { command: cat, stdin: b, stdout: inherit }\n" +
                     channels_between(GetParam()));
    Running running(folder.path(), {procgraph_path(), "run", "graph.yaml", "-v", "--timeout", "100s"});
    std::vector<unsigned long> instants(kKilled);  // of 10,000 lines in a row some come
    for (unsigned long& instant : instants) instant = 100 + dice() % 20;
    std::ranges::sort(instants);
    std::string said;
    for (std::size_t copy = 0; copy < kKilled; ++copy) {
      // Copies share a topic by a queue of their own, whose name comes first.
      const std::string relay =
          (dice() % 2 == 0 ? ":work.stdin." : "relay:work.stdout:b.") + std::to_string(copy);
      ASSERT_TRUE(running.wait_for_err(relay + " started (pid ")) << running.err();
      ASSERT_TRUE(running.wait_for_out('\n' + std::to_string(instants[copy]))) << running.err();
      wait_a_little(dice);
      kill_started(running, relay);
      said += ' ' + relay;
    }
    const Ran ran = running.wait();
    EXPECT_EQ(ran.code, 0) << ran.err;
    Tally found = tally(ran.out, kLast);
    const std::size_t came = found.numbers.size();
    std::ranges::sort(found.numbers);
    found.numbers.erase(std::ranges::unique(found.numbers).begin(), found.numbers.end());
    const std::size_t lost = kLast - kFirst + 1 - found.numbers.size(), twice = came - found.numbers.size();
    EXPECT_LE(lost, kKilled * kInHand) << said << ran.err;
    EXPECT_LE(twice, kKilled * kBatch) << said << ran.err;
    EXPECT_LE(found.torn, kKilled) << said << ran.err;
    RecordProperty("lost", static_cast<int>(lost));
    RecordProperty("twice", static_cast<int>(twice));
  }
}

INSTANTIATE_TEST_SUITE_P(Between, KilledRelays,
                         testing::Values(Places{"queues", "queues"}, Places{"queues", "topics"},
                                         Places{"topics", "queues"}, Places{"topics", "topics"}),
                         [](const auto& places) { return places.param.from + "_" + places.param.to; });

}  // namespace
}  // namespace procgraph::e2e
