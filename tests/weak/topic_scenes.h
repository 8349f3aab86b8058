// What writers and readers of a topic do at the same time, a few messages long.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "procgraph/admin.h"
#include "scene.h"
#include "topic/publisher.h"
#include "topic/subscriber.h"

namespace procgraph::weak {

enum class TopicWords : std::uint8_t { kNone, kRing, kOwn, kCursor, kNotes };

struct TopicMutant {
  TopicWords words = TopicWords::kNone;
  Access access = Access::kLoad;
  std::memory_order order = std::memory_order_relaxed;
};

// A writer puts messages and closes; readers take until the end. Checked: one that writers wait for gets each
// message, in order; one that they do not wait for, whatever it gets, in order and whole; nobody sleeps for
// ever, and no block is left to nobody.
class Broadcast : public Scene {
 public:
  struct Cast {
    bool gates = true, lossy = true;  // the readers
    std::uint64_t messages = 3, history = 1;
    int handles = 1;  // threads of the one that gates
  };
  Broadcast(const Cast& cast, const TopicMutant& mutant);

  [[nodiscard]] int threads() const override {
    return 1 + (cast_.gates ? cast_.handles : 0) + (cast_.lossy ? 1 : 0);
  }
  void before() override;
  void thread(int index) override;
  void after() override;

 private:
  [[nodiscard]] Weakening weakening();
  void write(detail::TopicView& view);
  void put(detail::TopicView& view, detail::Publisher& publisher, std::uint64_t message);
  void read(detail::Subscription& subscription);
  [[nodiscard]] bool get(detail::Subscriber& subscriber, detail::Subscriber::Taken& taken);

  Cast cast_;
  TopicMutant mutant_;
  TopicShape shape_;
  detail::TopicView writer_;
  std::array<detail::TopicView, 2> readers_;
  std::array<std::optional<detail::Subscription>, 2> subscriptions_;  // anew: one may be left locked
  std::uint64_t taken_ = 0;                                           // by the one that gates
};

}  // namespace procgraph::weak
