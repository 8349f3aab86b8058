// TopicMemory: what a mapped topic has beyond the parts of a queue: its readers. Finds and checks; knows no
// order of messages and nobody who waits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "procgraph/admin.h"
#include "queue/view.h"
#include "topic/layout.h"

namespace procgraph::detail {

// Where a topic's parts lie: those of a queue, with room for the TopicPart before the ring, then its readers.
struct TopicGeometry {
  Geometry queue;
  std::uint64_t readers_at = 0, notes_at = 0;  // offsets in the control region
  std::uint64_t control_size = 0;
};

[[nodiscard]] Result<TopicGeometry> make_topic_geometry(const TopicShape& shape);
// What the runner writes there; attach() reads it.
[[nodiscard]] Header header_of(const TopicShape& shape);
// As of a queue's header, with what is declared of its readers.
[[nodiscard]] std::uint32_t check_of(const Header& header, const TopicPart& part,
                                     std::span<const ReaderSlot> readers);

class TopicMemory {
 public:
  TopicMemory() = default;

  [[nodiscard]] bool attached() const { return part_ != nullptr; }
  [[nodiscard]] TopicPart& part() { return *part_; }
  [[nodiscard]] std::uint32_t readers() const { return readers_; }
  [[nodiscard]] bool has_lossy() const { return has_lossy_; }
  [[nodiscard]] ReaderSlot& slot(std::uint32_t reader) { return slots_[reader]; }
  // What `reader` notes about the message at this ticket.
  [[nodiscard]] ReaderNote& note(std::uint32_t reader, Ticket t) {
    return notes_[(std::uint64_t{reader} << ring_bits_) + (t & ((std::uint64_t{1} << ring_bits_) - 1))];
  }

 private:
  friend struct TopicView;

  TopicPart* part_ = nullptr;
  ReaderSlot* slots_ = nullptr;
  ReaderNote* notes_ = nullptr;
  std::uint32_t readers_ = 0;
  unsigned ring_bits_ = 0;
  bool has_lossy_ = false;
};

// A topic as one process sees it: a queue's view, and the readers.
struct TopicView : View {
  TopicMemory topic;

  // How many messages are kept now: as declared, or more.
  [[nodiscard]] std::uint64_t history() const {
    const Geometry& g = memory.geometry();
    return std::max(g.capacity, std::min(memory.limit(), g.max_capacity));
  }
  // How much further than declared each reader may be behind.
  [[nodiscard]] std::uint64_t grown() const { return history() - memory.geometry().capacity; }

  // The payload may be empty: the runner does not map it.
  [[nodiscard]] static Result<TopicView> attach(std::span<std::byte> control, std::span<std::byte> payload);
};

// Is this the control region of a topic?
[[nodiscard]] bool is_topic(std::span<const std::byte> control);

}  // namespace procgraph::detail
