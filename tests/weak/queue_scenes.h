// What writers and readers of a queue do at the same time, a few messages long.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "procgraph/admin.h"
#include "queue/blocking.h"
#include "queue/consumer.h"
#include "queue/producer.h"
#include "scene.h"

namespace procgraph::weak {

// The words of a queue that a mutant weakens.
enum class Words : std::uint8_t { kNone, kRing, kOwn, kBusy, kState, kSummary };

struct Mutant {
  Words words = Words::kNone;
  Access access = Access::kLoad;
  std::memory_order order = std::memory_order_relaxed;
};

// Writers put messages and close; readers take until the end. Checked: each message arrives once and whole,
// those of one writer in order, and nobody sleeps for ever.
class Traffic : public Scene {
 public:
  struct Cast {
    int writers = 1, readers = 1;
    std::uint64_t messages = 2;  // of each writer
    bool large = false;          // of the class that has one block
    bool gives_back = false;     // readers give each message back once
    std::uint64_t capacity = 2;
    bool is_ended = false;  // by somebody else, while writers still put
  };
  Traffic(const Cast& cast, const Mutant& mutant) : cast_(cast), mutant_(mutant) {}

  [[nodiscard]] int threads() const override {
    return cast_.writers + cast_.readers + (cast_.is_ended ? 1 : 0);
  }
  void before() override;
  void thread(int index) override;
  void after() override;

 private:
  [[nodiscard]] Weakening weakening();
  void write(detail::View& view, std::uint64_t writer);
  // False: the queue has been brought to its end.
  [[nodiscard]] bool put(detail::View& view, detail::Producer& producer, std::uint64_t message);
  void read(detail::View& view);
  [[nodiscard]] detail::BlockIndex get(detail::View& view, detail::Consumer& consumer);
  void use(detail::View& view, detail::BlockIndex block);

  Cast cast_;
  Mutant mutant_;
  std::array<detail::View, 3> views_;
  std::array<std::array<int, 4>, 3> put_{}, arrived_{};  // by writer and message
};

}  // namespace procgraph::weak
