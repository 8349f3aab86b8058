// The runner's side of a topic. What it does to topics and queues alike is in queue/admin.cc.
#include "procgraph/admin.h"

#include <algorithm>

#include "queue/blocks.h"
#include "topic/recovery.h"
#include "topic/retire.h"
#include "topic/subscription.h"

namespace procgraph {
namespace {

using detail::BlockWord;
using detail::Note;
using detail::NoteWord;
using detail::ReaderSlot;
using detail::State;
using detail::Ticket;
using detail::TopicView;

// Those published that it may still take. Of one that does not gate: as many as its policy leaves it.
std::uint64_t waiting_for(TopicView& view, ReaderSlot& slot, Ticket next, Ticket end) {
  std::uint64_t behind = end - std::min(end, next);
  if (slot.gates != 0) return behind;
  Ticket first = std::clamp(view.topic.part().first.load(), next, end);
  return std::min({behind, slot.history, end - first});
}

TopicReaderSample sample_reader(TopicView& view, std::uint32_t reader, Ticket end) {
  ReaderSlot& slot = view.topic.slot(reader);
  TopicReaderSample s;
  Ticket until = slot.until.load(), next = std::max(slot.next.load(), view.memory.geometry().first_ticket());
  s.gone = until != 0;
  bool sane = for_each_taken(view, reader, [&](Ticket t) {
    ++(NoteWord{view.topic.note(reader, t).word.load()}.of(t) == Note::kReturned ? s.waiting : s.leased);
  });
  if (!sane) return s;
  s.missed = missed_so_far(slot);
  std::uint64_t taken = next - view.memory.geometry().first_ticket();
  s.expired = slot.expired.load();
  s.acknowledged = taken - std::min(taken, s.missed + s.waiting + s.leased + s.expired);
  s.waiting += waiting_for(view, slot, next, s.gone ? std::min(until, end) : end);
  s.redelivered = slot.redelivered.load();
  return s;
}

}  // namespace

Result<QueueSizes> topic_sizes(const TopicShape& shape) {
  auto geometry = detail::make_topic_geometry(shape);
  if (!geometry) return geometry.error();
  return QueueSizes{.control = geometry->control_size, .payload = geometry->queue.payload_size};
}

Result<void> init_topic(std::span<std::byte> control, const TopicShape& shape) {
  auto geometry = detail::make_topic_geometry(shape);
  if (!geometry) return geometry.error();
  if (control.size() < geometry->control_size) return Error{"topic: the control region is too small", 0};
  const detail::Geometry& g = geometry->queue;
  auto& c = *reinterpret_cast<detail::Control*>(control.data());
  c.header = detail::header_of(shape);
  c.limit.store(shape.history);
  c.memory.store(shape.memory);
  c.tail.store(g.first_ticket());
  c.head.store(g.first_ticket());
  auto& part = *reinterpret_cast<detail::TopicPart*>(control.data() + sizeof(detail::Control));
  part.readers = static_cast<std::uint32_t>(shape.readers.size());
  part.first.store(g.first_ticket());
  auto* slots = reinterpret_cast<ReaderSlot*>(control.data() + geometry->readers_at);
  for (const TopicReader& reader : shape.readers) {
    ReaderSlot& slot = *slots++;
    slot.history = reader.history != 0 ? reader.history : shape.history;
    slot.gates = reader.gates ? 1 : 0;
    slot.at_most_once = reader.at_most_once ? 1 : 0;
    slot.expire = reader.expire.count();
    if (!reader.gates) ++part.lossy;
    slot.cursor.store(g.first_ticket());
    slot.next.store(g.first_ticket());
    if (reader.outside) slot.until.store(g.first_ticket());
  }
  c.header.check = detail::check_of(
      c.header, part,
      {reinterpret_cast<const ReaderSlot*>(control.data() + geometry->readers_at), shape.readers.size()});
  return {};
}

void reader_gone(std::span<std::byte> control, std::span<std::byte> roster, std::uint32_t reader) {
  auto view = TopicView::attach(control, {});
  auto bells = detail::Roster::of_runner(roster);
  if (!view || !bells) return;
  view->roster = *bells;
  detail::remove_reader(*view, reader);
}

bool open_place(std::span<std::byte> control, std::uint32_t reader, std::uint16_t participant,
                std::uint64_t replay) {
  auto view = TopicView::attach(control, {});
  return view && detail::open_place(*view, reader, participant, replay);
}

void empty_place(std::span<std::byte> control, std::span<std::byte> roster, std::uint32_t reader) {
  auto view = TopicView::attach(control, {});
  auto bells = detail::Roster::of_runner(roster);
  if (!view || !bells) return;
  view->roster = *bells;
  detail::empty_place(*view, reader);
}

std::vector<std::uint32_t> readers_behind(std::span<std::byte> control) {
  std::vector<std::uint32_t> behind;
  auto view = TopicView::attach(control, {});
  if (!view) return behind;
  const Ticket end = view->memory.end();
  const std::uint64_t grown = view->grown();
  for (std::uint32_t i = 0; i < view->topic.readers(); ++i) {
    ReaderSlot& slot = view->topic.slot(i);
    if (slot.gates != 0 && slot.until.load() == 0 && end >= slot.cursor.load() + slot.history + grown)
      behind.push_back(i);
  }
  return behind;
}

TopicSample sample_topic(std::span<std::byte> control) {
  auto view = TopicView::attach(control, {});
  if (!view) return {};
  TopicSample s;
  Ticket end = view->memory.end();
  s.put = end - view->memory.geometry().first_ticket();
  view->memory.for_each_block([&](detail::BlockIndex block) {
    detail::Descriptor& d = view->memory.descriptor(block);
    BlockWord own{d.own.load()};
    if (own.state() == State::kPushing && view->memory.is_published(block, own)) ++s.kept;
    if (own.counts()) s.bytes += std::min(d.size.load(), view->memory.capacity_of(block));
  });
  for (std::uint32_t i = 0; i < view->topic.readers(); ++i) s.readers.push_back(sample_reader(*view, i, end));
  return s;
}

}  // namespace procgraph
