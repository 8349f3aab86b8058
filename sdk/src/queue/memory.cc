#include "queue/memory.h"

namespace procgraph::detail {
namespace {

QueueShape shape_of(const Header& h) {
  return {.capacity = h.capacity,
          .memory = h.memory,
          .max_message = h.max_message,
          .max_capacity = h.max_capacity,
          .participants = h.participants,
          .writers = h.writers};
}

}  // namespace

Result<QueueMemory> QueueMemory::attach(std::span<std::byte> control, std::span<std::byte> payload) {
  if (control.size() < sizeof(Control)) return Error{"queue: the control region is too small", 0};
  auto* c = reinterpret_cast<Control*>(control.data());
  Header header = c->header;  // copied, then checked: it may change under us
  if (header.magic != kQueueMagic || header.version != kAbiVersion) {
    return Error{"queue: not one of this version", 0};
  }
  auto geometry = make_geometry(shape_of(header));
  if (!geometry) return geometry.error();
  if (control.size() < geometry->control_size) return Error{"queue: the control region is too small", 0};
  if (!payload.empty() && payload.size() < geometry->payload_size) {
    return Error{"queue: the payload region is too small", 0};
  }
  QueueMemory m;
  m.geometry_ = *geometry;
  m.control_ = c;
  m.ring_ = reinterpret_cast<Shared<std::uint64_t>*>(control.data() + geometry->ring_at);
  m.busy_ = reinterpret_cast<Shared<std::uint64_t>*>(control.data() + geometry->busy_at);
  m.returned_ = reinterpret_cast<Shared<std::uint64_t>*>(control.data() + geometry->returned_at);
  m.descriptors_ = reinterpret_cast<Descriptor*>(control.data() + geometry->descriptors_at);
  m.payload_ = payload.data();
  return m;
}

std::byte* QueueMemory::bytes(BlockIndex block) {
  const BlockClass& c = geometry_.of_class[geometry_.class_of(block)];
  if (c.stride == 0) return descriptors_[block].bytes.data();
  return payload_ + c.offset + std::uint64_t{block - c.first} * c.stride;
}

bool QueueMemory::is_published(BlockIndex block, BlockWord own) {
  Ticket t = own.ticket();
  return place(t).load() == ring_word(geometry_.lap(t), block).raw;
}

}  // namespace procgraph::detail
