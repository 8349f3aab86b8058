// Network: small processes on small buffers, and all that can become of them, for tests of the waits. A
// process does one operation after the other on the buffers that it has, or ends; which, nobody knows.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "supervise/waits.h"

namespace procgraph {

struct Operation {
  unsigned buffer = 0;
  bool write = false;

  bool operator==(const Operation&) const = default;
};

struct NetworkBuffer {
  std::vector<unsigned> writers, readers;
  bool to_each = false;  // every reader gets all of it
  unsigned capacity = 1;
};

// What all have come to. A process is about to choose, tries one of several operations, or has ended.
struct NetworkState {
  static constexpr unsigned kFree = 0, kEnded = ~0U;
  // By process; else a set of its operations, by bits, any of which it will do.
  std::vector<unsigned> tries;
  // By buffer: in it, or in it for each reader.
  std::vector<std::vector<unsigned>> fill;

  auto operator<=>(const NetworkState&) const = default;
};

// The same on every machine.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned sides) { return static_cast<unsigned>(engine_() % sides); }

 private:
  std::mt19937 engine_;
};

class Network {
 public:
  Network(unsigned processes, std::vector<NetworkBuffer> buffers);
  // `topics`: some of the buffers give what is in them to each of their readers.
  static Network random(Dice& dice, unsigned processes, unsigned buffers, bool topics);

  [[nodiscard]] unsigned processes() const { return static_cast<unsigned>(operations_.size()); }
  [[nodiscard]] const std::vector<Operation>& operations(unsigned process) const {
    return operations_[process];
  }
  [[nodiscard]] NetworkState start() const;
  // Data, room, or the end of all at the other side.
  [[nodiscard]] bool is_possible(const NetworkState& state, unsigned process,
                                 const Operation& operation) const;
  void perform(NetworkState& state, unsigned process, const Operation& operation) const;
  [[nodiscard]] bool moves(const NetworkState& state, unsigned process) const;
  // All that can come next by one process; `who` moved.
  struct Next {
    unsigned who = 0;
    NetworkState state;
  };
  [[nodiscard]] std::vector<Next> next(const NetworkState& state) const;
  // As an observer would tell it.
  [[nodiscard]] Waits waits(const NetworkState& state) const;

 private:
  [[nodiscard]] Wait wait(const NetworkState& state, const Operation& operation) const;

  std::vector<NetworkBuffer> buffers_;
  std::vector<std::vector<Operation>> operations_;  // by process
};

}  // namespace procgraph
