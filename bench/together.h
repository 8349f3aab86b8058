// Together: processes that are started together and timed until all have ended, and the messages that the
// benchmarks of queues and topics send, which tell whether any was lost.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "procgraph/node.h"

namespace bench {

constexpr std::size_t kBytes = 64;
using Text = std::array<std::uint64_t, kBytes / 8>;

inline void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "bench: %s\n", what);
  std::_Exit(1);
}

// Seconds from the start of all until the end of all.
inline double run(const std::vector<std::function<void()>>& bodies) {
  int go[2];
  check(pipe(go) == 0, "pipe");
  std::vector<pid_t> children;
  for (const auto& body : bodies) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    close(go[1]);
    char byte = 0;
    (void)!::read(go[0], &byte, 1);
    body();
    std::_Exit(0);
  }
  auto begin = std::chrono::steady_clock::now();
  close(go[0]);
  close(go[1]);
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    check(status == 0, "a child failed");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline Text text_of(std::uint64_t i) {
  Text text;
  text.fill(i);
  return text;
}

inline void write_all(procgraph::Node& node, std::uint64_t messages) {
  auto writer = node.writer("q");
  for (std::uint64_t i = 0; i < messages; ++i) {
    Text text = text_of(i);
    writer.put(std::as_bytes(std::span(text)));
  }
  writer.close();
}

inline void read_all(procgraph::Node& node, std::uint64_t messages) {
  auto reader = node.reader("q");
  std::uint64_t expected = 0;
  for (procgraph::Message& message : reader) {
    Text text;
    check(message.bytes().size() == kBytes, "a message of another size");
    std::memcpy(text.data(), message.bytes().data(), kBytes);
    check(text[0] == expected && text[7] == expected, "a message out of order");
    ++expected;
  }
  check(expected == messages, "messages are missing");
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace bench
