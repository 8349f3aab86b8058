// ScriptGraph: a graph made at random of processes that do one operation after the other (tests/nodes/script)
// on small pipes, queues and topics, and all that can become of it, by exhaustive search.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {

struct ScriptTry {
  unsigned buffer = 0;
  bool put = false;
};

struct ScriptStep {
  std::vector<ScriptTry> tries;  // whichever can be done first
  std::string before{};          // "s:300": what it does before
};

struct ScriptBuffer {
  enum class Kind : std::uint8_t { kPipe, kQueue, kTopic };

  Kind kind = Kind::kPipe;
  std::vector<unsigned> writers{}, readers{};
  int capacity = 1;  // tokens
};

// What all have come to: by process the steps that it has done, by buffer and reader what is in it.
struct ScriptState {
  std::vector<unsigned char> done;
  std::vector<std::vector<signed char>> fill;

  auto operator<=>(const ScriptState&) const = default;
};

class ScriptGraph {
 public:
  // What can become of it from some state on.
  struct Future {
    bool can_finish = false, can_hang = false;
    std::vector<bool> moves;  // by process: whether it ever does, in any of them
  };

  // The same on every machine.
  explicit ScriptGraph(unsigned seed);

  [[nodiscard]] unsigned processes() const { return static_cast<unsigned>(steps_.size()); }
  // Steps that wait for a pipe and for a queue or topic at once.
  [[nodiscard]] unsigned mixed() const { return mixed_; }
  // "p2" is the third process, "c0" the first buffer. The processes write down into `folder` what they do.
  [[nodiscard]] std::string yaml(const std::string& policy) const;
  void make_logs(const Folder& folder) const;
  // From what they have written down so far. An operation that is done, and not written down yet, counts as
  // one that is still to do: what is in a buffer can be one less than nothing, or one more than it holds.
  [[nodiscard]] ScriptState state(const Folder& folder) const;

  [[nodiscard]] ScriptState start() const;
  [[nodiscard]] bool has_ended(const ScriptState& state, unsigned process) const;
  // `bounded`: buffers are as large as the file says, else of any size. Nothing: there is too much.
  [[nodiscard]] std::optional<Future> future(const ScriptState& from, bool bounded) const;

 private:
  void add_random();
  void add_split();
  void add_circle();
  unsigned add_buffer(std::vector<unsigned> writers, std::vector<unsigned> readers);
  void add_step(unsigned process, std::vector<ScriptTry> tries);
  void put(unsigned process, unsigned buffer) { add_step(process, {{buffer, true}}); }
  void take(unsigned process, unsigned buffer) { add_step(process, {{buffer, false}}); }
  unsigned roll(unsigned sides) { return static_cast<unsigned>(dice_() % sides); }

  [[nodiscard]] std::string command(unsigned process) const;
  [[nodiscard]] std::string ports(unsigned process, bool writes) const;
  [[nodiscard]] std::size_t place(const ScriptBuffer& buffer, unsigned reader) const;
  [[nodiscard]] bool all_ended(const ScriptState& state, const std::vector<unsigned>& processes) const;
  [[nodiscard]] bool is_possible(const ScriptState& state, unsigned process, ScriptTry one,
                                 bool bounded) const;
  void perform(ScriptState& state, unsigned process, ScriptTry one) const;
  // What it did there, or not; then it is done.
  void count(ScriptState& state, unsigned process, ScriptTry one) const;

  std::mt19937 dice_;
  std::vector<ScriptBuffer> buffers_;
  std::vector<std::vector<ScriptStep>> steps_;  // by process
  unsigned mixed_ = 0;
};

}  // namespace procgraph::e2e
