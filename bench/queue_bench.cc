// Messages of 64 bytes, one at a time, from one process to another: our queue and a baseline that does less,
// in turn, so that what disturbs the machine disturbs both. Prints one line per repeat and the medians;
// messages that did not arrive make it fail.
//   queue_bench [REPEATS [MESSAGES]]
#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "test_queue.h"
#include "together.h"
#include "vyukov.h"

namespace {

using bench::check;
using bench::median;
using bench::Text;
using procgraph::Node;
using procgraph::testing::TestQueue;

constexpr std::size_t kCapacity = 1024;
using Baseline = bench::Vyukov<kCapacity, bench::kBytes>;

double run_ours(std::uint64_t messages) {
  TestQueue q({.capacity = kCapacity, .writers = 1});
  return bench::run({[&] {
                       q.enter(1, "write");
                       Node node;
                       bench::write_all(node, messages);
                     },
                     [&] {
                       q.enter(2, "read");
                       Node node;
                       bench::read_all(node, messages);
                     }});
}

double run_baseline(std::uint64_t messages) {
  void* memory = mmap(nullptr, sizeof(Baseline), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  auto* queue = new (memory) Baseline;
  queue->init();
  double seconds =
      bench::run({[&] {
                    for (std::uint64_t i = 0; i < messages; ++i) {
                      Text text = bench::text_of(i);
                      while (!queue->push(text.data())) __builtin_ia32_pause();
                    }
                  },
                  [&] {
                    for (std::uint64_t expected = 0; expected < messages; ++expected) {
                      Text text;
                      while (!queue->pop(text.data())) __builtin_ia32_pause();
                      check(text[0] == expected && text[7] == expected, "a message out of order");
                    }
                  }});
  munmap(memory, sizeof(Baseline));
  return seconds;
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
