// Scene: a few threads that use the SDK's own code on memory whose words behave as weakly as C++ allows.
// Knows nothing of the checker.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace procgraph::weak {

class Scene {
 public:
  virtual ~Scene() = default;
  [[nodiscard]] virtual int threads() const = 0;  // 2 or 3
  virtual void before() = 0;                      // makes the memory, anew for every run
  virtual void thread(int index) = 0;
  virtual void after() {}
};

enum class Access : std::uint8_t { kLoad, kStore, kExchange };

// Makes one sort of access to some words weaker than the code says.
struct Weakening {
  const std::byte* first = nullptr;
  std::size_t stride = 1, count = 0;  // the words at first, first + stride, …
  Access access = Access::kLoad;
  std::memory_order order = std::memory_order_relaxed;
};
// Of the scene that is about to run; to be called in before().
void weaken(const Weakening& weakening);

// Fails the run.
void require(bool holds, const char* what);

// Runs the scene `runs` times, each in another interleaving and with other values for the loads that may see
// several. Empty: it held in all; else what was found.
[[nodiscard]] std::string check(Scene& scene, std::uint64_t runs);

}  // namespace procgraph::weak
