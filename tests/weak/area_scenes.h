// What processes do at the same time with a shared memory area and its locks.
#pragma once

#include <array>
#include <cstdint>

#include "area/memory.h"
#include "scene.h"

namespace procgraph::weak {

enum class AreaWords : std::uint8_t { kNone, kLock, kVersion, kData, kAsked, kSync };

struct AreaMutant {
  AreaWords words = AreaWords::kNone;
  Access access = Access::kLoad;
  std::memory_order order = std::memory_order_relaxed;
};

// The last thread reads; the others change.
enum class Play : std::uint8_t {
  kWrite,   // parts of the area: what is read is of one write
  kValue,   // a value: the same
  kChange,  // plain changes: the reader is woken until it has seen the last
  kLock,    // everybody changes plain memory under the lock
  kEvent,   // the reader waits for the event
  kPermit,  // everybody passes permits on
};

class AreaScene : public Scene {
 public:
  AreaScene(Play play, int threads, const AreaMutant& mutant);

  [[nodiscard]] int threads() const override { return threads_; }
  void before() override;
  void thread(int index) override;

 private:
  [[nodiscard]] Weakening weakening();
  void change(std::uint16_t self);
  void read(std::uint16_t self);

  Play play_;
  int threads_;
  AreaMutant mutant_;
  detail::AreaMemory area_;
};

}  // namespace procgraph::weak
