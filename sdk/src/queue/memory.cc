#include "queue/memory.h"

namespace procgraph::detail {

using std::chrono::nanoseconds;

QueueShape shape_of(const Header& h) {
  return {.capacity = h.capacity,
          .memory = h.memory,
          .max_message = h.max_message,
          .max_capacity = h.max_capacity,
          .max_memory = h.max_memory,
          .participants = h.participants,
          .writers = h.writers,
          .letter_room = h.letter_room,
          .prefault = h.prefault != 0,
          .policy = {.when_full = static_cast<Overflow>(h.when_full),
                     .at_most_once = h.at_most_once != 0,
                     .max_deliveries = h.max_deliveries,
                     .expire = nanoseconds(h.expire),
                     .lease_timeout = nanoseconds(h.lease_timeout),
                     .retry_first = nanoseconds(h.retry_first),
                     .retry_most = nanoseconds(h.retry_most)}};
}

Header header_of(const QueueShape& shape) {
  const QueuePolicy& p = shape.policy;
  Header header{.magic = kQueueMagic,
                .version = kAbiVersion,
                .participants = shape.participants,
                .writers = shape.writers,
                .check = 0,
                .capacity = shape.capacity,
                .memory = shape.memory,
                .max_message = shape.max_message,
                .max_capacity = shape.max_capacity,
                .max_memory = shape.max_memory,
                .letter_room = shape.letter_room,
                .when_full = static_cast<std::uint32_t>(p.when_full),
                .at_most_once = p.at_most_once ? 1u : 0u,
                .max_deliveries = p.max_deliveries,
                .prefault = shape.prefault ? 1u : 0u,
                .expire = p.expire.count(),
                .lease_timeout = p.lease_timeout.count(),
                .retry_first = p.retry_first.count(),
                .retry_most = p.retry_most.count()};
  header.check = check_of(header);
  return header;
}

std::uint32_t check_on(std::uint32_t check, const void* bytes, std::size_t size) {
  for (const auto* at = static_cast<const unsigned char*>(bytes); size > 0; ++at, --size)
    check = (check ^ *at) * 0x01000193u;
  return check;
}

std::uint32_t check_of(Header header) {
  header.check = 0;
  return check_on(0x811c9dc5u, &header, sizeof(header));
}

Result<QueueMemory> QueueMemory::attach(std::span<std::byte> control, std::span<std::byte> payload) {
  if (control.size() < sizeof(Control)) return Error{"queue: the control region is too small", 0};
  auto* c = reinterpret_cast<Control*>(control.data());
  Header header = c->header;  // copied, then checked: it may change under us
  if (header.magic != kQueueMagic || header.version != kAbiVersion) {
    return Error{"queue: not one of this version", 0};
  }
  if (header.check != check_of(header)) return Error{"queue: its header was overwritten", 0};
  const QueueShape shape = shape_of(header);
  auto geometry = make_geometry(shape);
  if (!geometry) return geometry.error();
  if (control.size() < geometry->control_size) return Error{"queue: the control region is too small", 0};
  return over(*geometry, shape.policy, control, payload);
}

Result<QueueMemory> QueueMemory::over(const Geometry& geometry, const QueuePolicy& policy,
                                      std::span<std::byte> control, std::span<std::byte> payload) {
  if (!payload.empty() && payload.size() < geometry.payload_size) {
    return Error{"the payload region is too small", 0};
  }
  QueueMemory m;
  m.geometry_ = geometry;
  m.policy_ = policy;
  m.control_ = reinterpret_cast<Control*>(control.data());
  m.ring_ = reinterpret_cast<Shared<std::uint64_t>*>(control.data() + geometry.ring_at);
  m.busy_ = reinterpret_cast<Shared<std::uint64_t>*>(control.data() + geometry.busy_at);
  m.returned_ = reinterpret_cast<Shared<std::uint64_t>*>(control.data() + geometry.returned_at);
  m.descriptors_ = reinterpret_cast<Descriptor*>(control.data() + geometry.descriptors_at);
  m.tallies_ = reinterpret_cast<Tally*>(control.data() + geometry.tallies_at);
  m.payload_ = payload.data();
  return m;
}

std::byte* QueueMemory::bytes_in_payload(BlockIndex block) {
  const BlockClass& c = geometry_.of_class[geometry_.class_of(block)];
  return payload_ + c.offset + std::uint64_t{block - c.first} * c.stride;
}

Ticket QueueMemory::end() {
  Ticket t = std::max(control_->tail.load(), geometry_.first_ticket());
  for (std::uint64_t i = 0; i < geometry_.ring_length(); ++i, ++t) {
    if (RingWord{place(t).load()}.lap() < geometry_.lap(t)) break;
  }
  return t;
}

bool QueueMemory::is_published(BlockIndex block, BlockWord own) {
  Ticket t = own.ticket();
  return place(t).load() == ring_word(geometry_.lap(t), block).raw;
}

}  // namespace procgraph::detail
