// Options: what the command line tells the pool. procgraph writes it; `procgraph plan` shows it.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pool {

// A limit of the kernel's, for each run.
struct Limit {
  int resource = 0;
  rlimit value{};
};

struct Options {
  std::size_t runs = 1;                              // at a time
  std::size_t batch = 1;                             // messages of a run, at most
  std::optional<std::chrono::milliseconds> within;   // the longest wait for a full batch
  std::size_t window = 0;                            // ordered: messages in hand, at most; 0: not ordered
  unsigned tries = 1;                                // ordered: how often a message is tried
  std::optional<std::chrono::milliseconds> timeout;  // of a run
  std::vector<int> ok{0}, reject;  // exit codes that acknowledge, and that dead-letter at once
  bool waits = true;               // for room for a result; else one without has failed
  std::vector<Limit> limits;
  std::string channel;             // whose messages they are; empty: those of the port "in"
  std::string program;             // of the command, absolute
  std::vector<std::string> words;  // the command; "{}" stands for the message, "{#}" for its number

  // What a shell asks for by `procgraph each`: the runs have this process's output and are processes of its
  // node as it is itself, and the exit code tells how they went.
  bool each = false;
  bool outside = false;                               // the channel is that of a running graph,
  std::string graph;                                  // of that name; empty: the only one
  std::optional<std::uint64_t> count;                 // messages, at most
  std::optional<std::chrono::milliseconds> patience;  // the longest wait for one
};

// Nothing: the text does not make sense, which is said on stderr.
[[nodiscard]] std::optional<Options> read_options(int argc, char** argv);

}  // namespace pool
