// Messages of 64 bytes, one at a time, from one process to another: our queue and a baseline that does less,
// in turn, so that what disturbs the machine disturbs both. Prints one line per repeat and the medians;
// messages that did not arrive make it fail.
//   queue_bench [REPEATS [MESSAGES]]
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "test_queue.h"
#include "vyukov.h"

namespace {

using procgraph::Message;
using procgraph::Node;
using procgraph::testing::TestQueue;

constexpr std::size_t kBytes = 64, kCapacity = 1024;
using Text = std::array<std::uint64_t, kBytes / 8>;
using Baseline = bench::Vyukov<kCapacity, kBytes>;
using Clock = std::chrono::steady_clock;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "queue_bench: %s\n", what);
  std::_Exit(1);
}

// Runs both, started together; seconds until both have ended.
double run(const std::function<void()>& write, const std::function<void()>& read) {
  int go[2];
  check(pipe(go) == 0, "pipe");
  std::array<pid_t, 2> children{};
  for (std::size_t i = 0; i < 2; ++i) {
    children[i] = fork();
    if (children[i] != 0) continue;
    close(go[1]);
    char byte = 0;
    (void)!::read(go[0], &byte, 1);
    (i == 0 ? write : read)();
    std::_Exit(0);
  }
  auto begin = Clock::now();
  close(go[0]);
  close(go[1]);
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    check(status == 0, "a child failed");
  }
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Text text_of(std::uint64_t i) {
  Text text;
  text.fill(i);
  return text;
}

double run_ours(std::uint64_t messages) {
  TestQueue q({.capacity = kCapacity, .writers = 1});
  return run(
      [&] {
        q.enter(1, "write");
        Node node;
        auto writer = node.writer("q");
        for (std::uint64_t i = 0; i < messages; ++i) {
          Text text = text_of(i);
          writer.put(std::as_bytes(std::span(text)));
        }
        writer.close();
      },
      [&] {
        q.enter(2, "read");
        Node node;
        auto reader = node.reader("q");
        std::uint64_t expected = 0;
        for (Message& message : reader) {
          Text text;
          check(message.bytes().size() == kBytes, "a message of another size");
          std::memcpy(text.data(), message.bytes().data(), kBytes);
          check(text[0] == expected && text[7] == expected, "a message out of order");
          ++expected;
        }
        check(expected == messages, "messages are missing");
      });
}

double run_baseline(std::uint64_t messages) {
  void* memory = mmap(nullptr, sizeof(Baseline), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  auto* queue = new (memory) Baseline;
  queue->init();
  double seconds = run(
      [&] {
        for (std::uint64_t i = 0; i < messages; ++i) {
          Text text = text_of(i);
          while (!queue->push(text.data())) __builtin_ia32_pause();
        }
      },
      [&] {
        for (std::uint64_t expected = 0; expected < messages; ++expected) {
          Text text;
          while (!queue->pop(text.data())) __builtin_ia32_pause();
          check(text[0] == expected && text[7] == expected, "a message out of order");
        }
      });
  munmap(memory, sizeof(Baseline));
  return seconds;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  int repeats = argc > 1 ? std::atoi(argv[1]) : 9;
  std::uint64_t messages = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2'000'000;
  std::vector<double> ours, baseline, ratio;
  for (int i = 0; i < repeats; ++i) {
    double a = static_cast<double>(messages) / run_ours(messages) / 1e6;
    double b = static_cast<double>(messages) / run_baseline(messages) / 1e6;
    ours.push_back(a);
    baseline.push_back(b);
    ratio.push_back(a / b);
    std::printf("queue %6.2f M/s   vyukov %6.2f M/s   ratio %.2f\n", a, b, a / b);
  }
  std::printf("median: queue %.2f M/s, vyukov %.2f M/s, ratio %.2f\n", median(ours), median(baseline),
              median(ratio));
}
