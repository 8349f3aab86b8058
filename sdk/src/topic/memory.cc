#include "topic/memory.h"

#include <algorithm>
#include <string>

namespace procgraph::detail {
namespace {

// From its history to `expire`.
constexpr std::size_t kDeclaredOfReader =
    offsetof(ReaderSlot, expire) + sizeof(ReaderSlot::expire) - offsetof(ReaderSlot, history);
constexpr std::uint64_t kMostNotes = std::uint64_t{1} << 40;

Error not_possible(std::string what) {
  return Error{"topic: " + std::move(what), 0};
}

std::uint64_t whole_pages(std::uint64_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

QueueShape queue_of(const TopicShape& shape) {
  return {.capacity = shape.history,
          .memory = shape.memory,
          .max_message = shape.max_message,
          .max_capacity = std::max(shape.history, shape.max_history),
          .max_memory = shape.max_memory,
          .participants = shape.participants,
          .writers = shape.writers};
}

Result<TopicGeometry> geometry_of(const QueueShape& queue, std::uint32_t readers, std::uint32_t lossy) {
  if (readers > kMaxParticipants) return not_possible("more than 4,095 readers");
  auto blocks = make_geometry(queue, {.kind = "topic",
                                      .keeps_taken = true,
                                      .before_ring = sizeof(TopicPart),
                                      .in_hand = std::uint64_t{kMostInHand} * lossy});
  if (!blocks) return blocks.error();
  TopicGeometry g{.queue = *blocks};
  std::uint64_t notes = g.queue.ring_length() * readers;
  if (notes > kMostNotes) return not_possible("too much to note for its readers: lower its history");
  g.readers_at = g.queue.control_size;
  g.notes_at = whole_pages(g.readers_at + readers * sizeof(ReaderSlot));
  g.control_size = whole_pages(g.notes_at + notes * sizeof(ReaderNote));
  return g;
}

std::uint32_t lossy_among(const TopicShape& shape) {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(shape.readers, [](const TopicReader& reader) { return !reader.gates; }));
}

}  // namespace

std::uint32_t check_of(const Header& header, const TopicPart& part, std::span<const ReaderSlot> readers) {
  std::uint32_t check = check_of(header);
  check = check_on(check, &part.readers, sizeof(part.readers));
  check = check_on(check, &part.lossy, sizeof(part.lossy));
  for (const ReaderSlot& slot : readers) check = check_on(check, &slot.history, kDeclaredOfReader);
  return check;
}

Header header_of(const TopicShape& shape) {
  Header header = header_of(queue_of(shape));
  header.magic = kTopicMagic;
  return header;
}

Result<TopicGeometry> make_topic_geometry(const TopicShape& shape) {
  if (shape.history == 0) return not_possible("a history of 0 lets nothing through");
  for (const TopicReader& reader : shape.readers) {
    if (reader.history > shape.history) return not_possible("the history of a reader is longer than its own");
  }
  if (shape.readers.size() > kMaxParticipants) return not_possible("more than 4,095 readers");
  return geometry_of(queue_of(shape), static_cast<std::uint32_t>(shape.readers.size()), lossy_among(shape));
}

Result<TopicView> TopicView::attach(std::span<std::byte> control, std::span<std::byte> payload) {
  if (control.size() < sizeof(Control) + sizeof(TopicPart))
    return not_possible("the control region is too small");
  auto* c = reinterpret_cast<Control*>(control.data());
  auto* part = reinterpret_cast<TopicPart*>(control.data() + sizeof(Control));
  Header header = c->header;  // copied, then checked: it may change under us
  if (header.magic != kTopicMagic || header.version != kAbiVersion)
    return not_possible("not one of this version");
  std::uint32_t readers = part->readers;
  auto geometry = geometry_of(shape_of(header), readers, part->lossy);
  if (!geometry) return geometry.error();
  if (control.size() < geometry->control_size) return not_possible("the control region is too small");
  const auto* slots = reinterpret_cast<const ReaderSlot*>(control.data() + geometry->readers_at);
  if (header.check != check_of(header, *part, {slots, readers}))
    return not_possible("its header was overwritten");
  auto blocks = QueueMemory::over(geometry->queue, {}, control, payload);
  if (!blocks) return blocks.error();
  TopicView view;
  view.memory = *blocks;
  view.topic.part_ = part;
  view.topic.slots_ = reinterpret_cast<ReaderSlot*>(control.data() + geometry->readers_at);
  view.topic.notes_ = reinterpret_cast<ReaderNote*>(control.data() + geometry->notes_at);
  view.topic.readers_ = readers;
  view.topic.ring_bits_ = geometry->queue.ring_bits;
  for (std::uint32_t i = 0; i < readers; ++i) view.topic.has_lossy_ |= view.topic.slot(i).gates == 0;
  return view;
}

bool is_topic(std::span<const std::byte> control) {
  return control.size() >= sizeof(Control) &&
         reinterpret_cast<const Control*>(control.data())->header.magic == kTopicMagic;
}

}  // namespace procgraph::detail
