// The end of data in graphs made at random, whose processes end, fail, are killed and start again at random:
// every run ends, and every reader gets every message of every life before it sees the end. A reader that is
// killed may have shown one message that another then shows again.
//
// PROCGRAPH_TEST_GRAPHS says how many graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/harness.h"

namespace procgraph::e2e {
namespace {

constexpr int kShards = 8;  // that ctest runs beside each other

int graphs() {
  const char* asked = std::getenv("PROCGRAPH_TEST_GRAPHS");
  return asked != nullptr ? std::atoi(asked) : 80;
}

// Writers put numbers into a channel; perhaps a copy hands them on to a second one; readers print them.
class RandomGraph {
 public:
  explicit RandomGraph(unsigned seed) : dice_(seed) {
    const bool has_middle = roll(2) == 0;
    for (int i = roll(3); i >= 0; --i) add_writer();
    if (has_middle) add_middle();
    add_readers(has_middle ? "second" : "first");
    if (has_middle) declare("second", last_kind_);
    declare("first", first_kind_);
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool fails() const { return fails_; }
  [[nodiscard]] int kills() const { return kills_; }  // of those that may have shown a message
  // How often each number is to be shown at least.
  [[nodiscard]] std::map<int, int> shown() const {
    std::map<int, int> all = put_;
    for (auto& [number, count] : all) count *= shows_;
    return all;
  }

 private:
  enum class Kind { kQueue, kTopic };

  int roll(int sides) { return static_cast<int>(dice_() % static_cast<unsigned>(sides)); }

  void put(int last) {
    for (int number = 1; number <= last; ++number) ++put_[number];
  }

  std::string numbers() {
    const int last = roll(6);
    put(last);
    return "numbers " + std::to_string(last) + "; ";
  }

  void add_process(const std::string& script, const std::string& more) {
    text_ += "  p" + std::to_string(processes_) + ": { shell: '" + script + "', " + more + " }\n";
    ++processes_;
  }

  // What only the first life does.
  std::string at_first(const std::string& script) {
    const std::string mark = "life" + std::to_string(processes_);
    return "[ -e " + mark + " ] || { touch " + mark + "; " + script + "exit 1; }; ";
  }

  void add_writer() {
    const std::string writes = "writes: first, ", again = "restart: { policy: on_failure, backoff: 1ms }";
    const std::string fails = "on_failure: finish";
    switch (roll(5)) {
      case 0:
        return add_process(numbers(), writes + "on_failure: stop");
      case 1:
        fails_ = true;
        return add_process(numbers() + "exit 3", writes + fails);
      case 2:
        fails_ = true;
        return add_process(numbers() + "kill -9 $$", writes + fails);
      case 3: {
        const std::string first = at_first(numbers());
        return add_process(first + numbers(), writes + again);
      }
      default: {
        const std::string first = at_first(numbers() + "kill -9 $$; ");
        return add_process(first + numbers(), writes + again);
      }
    }
  }

  // One life of a program, killed at whatever instant that is.
  std::string killed(const std::string& program) {
    ++kills_;
    const std::string instant = std::to_string(roll(4000));
    return at_first(program + " & i=0; while [ $i -lt " + instant +
                    " ]; do i=$((i+1)); done; kill -9 $!; wait; ");
  }

  void add_middle() {
    first_kind_ = Kind(roll(2));
    const bool dies = roll(2) == 0;
    add_process((dies ? killed("copy first second") : "") + "copy first second",
                "reads: first, writes: second, restart: { policy: on_failure, backoff: 1ms }");
    // What it had put and not acknowledged is put again, and shown by all.
  }

  void add_readers(const std::string& channel) {
    last_kind_ = Kind(roll(2));
    if (channel == "first") first_kind_ = last_kind_;
    const int readers = 1 + roll(3);
    const int of_middle = kills_;
    for (int i = 0; i < readers; ++i) {
      const bool dies = roll(3) == 0;
      add_process((dies ? killed("m") : "") + "m",
                  "reads: " + channel + ", restart: { policy: on_failure, backoff: 1ms }");
    }
    shows_ = last_kind_ == Kind::kTopic ? readers : 1;
    kills_ += of_middle * (shows_ - 1);
  }

  void declare(const std::string& name, Kind kind) {
    const std::string bound = std::to_string(1 + roll(4));
    channels_[kind == Kind::kQueue ? "queues" : "topics"] +=
        "  " + name + ": { " + (kind == Kind::kQueue ? "capacity: " : "history: ") + bound + " }\n";
    if (name != "first") return;
    for (const auto& [section, lines] : channels_) text_ += std::string(section).append(":\n").append(lines);
  }

  std::mt19937 dice_;
  std::string text_ = "processes:\n";
  std::map<std::string, std::string> channels_;
  std::map<int, int> put_;
  Kind first_kind_ = Kind::kQueue, last_kind_ = Kind::kQueue;
  int processes_ = 0, kills_ = 0, shows_ = 1;
  bool fails_ = false;
};

std::map<int, int> numbers_in(const std::string& out) {
  std::map<int, int> found;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    const std::string_view head = "get in P2: ";
    if (line.starts_with(head)) ++found[std::atoi(line.c_str() + head.size())];
  }
  return found;
}

void end_well(unsigned seed) {
  const RandomGraph graph(seed);
  SCOPED_TRACE("graph " + std::to_string(seed) + ":\n" + graph.text());
  const Ran ran = run_text(graph.text(), {"--no-prefix"});
  EXPECT_EQ(ran.code != 0, graph.fails()) << ran.code << "\n" << ran.err;
  EXPECT_EQ(ran.signal, 0);
  std::map<int, int> shown = numbers_in(ran.out);
  int more = 0;
  for (const auto& [number, count] : graph.shown()) {
    EXPECT_GE(shown[number], count) << number << " is missing\n" << ran.out << ran.err;
    more += shown[number] - count;
    shown.erase(number);
  }
  EXPECT_TRUE(shown.empty()) << "nobody has put " << shown.begin()->first;
  EXPECT_LE(more, graph.kills()) << ran.out;
}

class RandomExits : public ::testing::TestWithParam<int> {};

TEST_P(RandomExits, BringNoRunToAHaltAndNoReaderToAFalseEnd) {
  setenv("PATH", (NODES ":" + std::string(std::getenv("PATH"))).c_str(), 1);
  for (int seed = GetParam(); seed < graphs(); seed += kShards) {
    end_well(static_cast<unsigned>(seed));
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, RandomExits, ::testing::Range(0, kShards));

}  // namespace
}  // namespace procgraph::e2e
