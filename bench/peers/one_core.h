// The limits of any throughput: what one core can do to the bytes of a message, with no other side.
#pragma once

#include "contest.h"

namespace bench {

template <class Work>
int on_one_core(int argc, char** argv, Work work) {
  const Terms terms = terms_of(argc, argv);
  if (terms.latency) cannot("there is no other side");
  Buffer from(terms.size), to(terms.size);
  for (int warm = 0; warm < 2; ++warm) work(to, from);
  Stage stage;
  const double cpu = cpu_seconds();
  const auto began = Clock::now();
  for (std::uint64_t i = 0; i < terms.count; ++i) {
    stamp(from.bytes(), i);
    work(to, from);
    use(to.data());
  }
  stage.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  stage.cpu[0] = cpu_seconds() - cpu;
  print_throughput(terms, stage);
  return 0;
}

}  // namespace bench
