// What a test and the procgraph that it makes short of memory share.
#pragma once

#include <atomic>
#include <cstdint>

namespace procgraph::testing {

inline constexpr const char* kShortageVariable = "PROCGRAPH_TEST_SHORTAGE_FILE";

struct MemoryShortage {
  std::atomic<std::uint64_t> fails = ~std::uint64_t{0};  // the number of the allocation that fails, from 0
  std::atomic<std::uint64_t> calls = 0;                  // so far
};

}  // namespace procgraph::testing
