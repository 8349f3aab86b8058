#include "procgraph/shared_memory.h"

#include "area/lock_word.h"
#include "area/port.h"

namespace procgraph {

using detail::AreaPort;
using detail::deadline_in;
using detail::ReadEnd;

std::string AreaPort::name() const {
  std::string text = "area '" + port.info.channel + "'";
  if (port.info.name != port.info.channel) text += " (port '" + port.info.name + "')";
  return text;
}

void AreaPort::require_ours() const {
  if (is_ours()) return;
  throw NotInGraph(name() + " was opened before fork(); only the process that opened it can use it");
}

std::size_t SharedMemory::size() const {
  return port_->memory.data().size();
}

std::span<const std::byte> SharedMemory::bytes() const {
  port_->require_ours();
  return port_->memory.data();
}

std::span<std::byte> SharedMemory::writable() const {
  require_writable();
  return port_->memory.data();
}

Held SharedMemory::lock() const {
  return *lock(kForever);
}

std::optional<Held> SharedMemory::lock(std::chrono::nanoseconds timeout) const {
  if (!port_->memory.has_lock()) throw Failure(port_->name() + " has no lock: give it 'lock: true'");
  return Lock(*port_, port_->memory.control().lock).acquire(timeout);
}

std::optional<Held> SharedMemory::try_lock() const {
  return lock(std::chrono::nanoseconds::zero());
}

void SharedMemory::write(std::size_t at, std::span<const std::byte> from) const {
  require_writable();
  (void)place(at, from.size(), 1);
  if (!from.empty()) detail::write(port_->memory, port_->self, at, from);
}

void SharedMemory::read(std::size_t at, std::span<std::byte> into) const {
  (void)read(at, into, kForever);
}

bool SharedMemory::read(std::size_t at, std::span<std::byte> into, std::chrono::nanoseconds timeout) const {
  port_->require_ours();
  (void)place(at, into.size(), 1);
  switch (detail::read(port_->memory, at, into, deadline_in(timeout))) {
    case ReadEnd::kDone:
      return true;
    case ReadEnd::kTime:
      return false;
    case ReadEnd::kTorn:
      break;
  }
  throw Torn("a writer of " + port_->name() +
             " died in the middle of a write, and nobody has written there since");
}

std::uint64_t SharedMemory::version() const {
  port_->require_ours();
  return detail::version_of(port_->memory.control());
}

void SharedMemory::changed() const {
  port_->require_ours();
  detail::note_change(port_->memory.control());
}

std::optional<std::uint64_t> SharedMemory::wait_for_change(std::uint64_t since,
                                                           std::chrono::nanoseconds timeout) const {
  port_->require_ours();
  detail::AreaControl& c = port_->memory.control();
  std::uint64_t now = since;
  const bool changed = detail::await(c.changes, deadline_in(timeout), [&] {
    now = detail::version_of(c);
    return now != since;
  });
  return changed ? std::optional(now) : std::nullopt;
}

std::byte* SharedMemory::place(std::size_t at, std::size_t size, std::size_t alignment) const {
  const std::span<std::byte> data = port_->memory.data();
  if (at > data.size() || size > data.size() - at) {
    throw TooLarge(port_->name() + " has " + std::to_string(data.size()) + " bytes: " + std::to_string(size) +
                   " from byte " + std::to_string(at) + " on are too many");
  }
  if (at % alignment != 0) {
    throw Failure("byte " + std::to_string(at) + " of " + port_->name() + " is no multiple of " +
                  std::to_string(alignment));
  }
  return data.data() + at;
}

void SharedMemory::require_writable() const {
  port_->require_ours();
  if (port_->port.writes()) return;
  throw NoSuchPort("this process only reads " + port_->name() + ": name it in `writes`");
}

void SharedMemory::read_value(std::size_t at, std::span<std::byte> into) const {
  port_->require_ours();
  detail::read_value(port_->memory, at, into);
}

void SharedMemory::write_value(std::size_t at, std::span<const std::byte> from) const {
  detail::write_value(port_->memory, at, from);
  detail::note_change(port_->memory.control());
}

Held SharedMemory::lock_writers() const {
  return Lock(*port_, port_->memory.control().writer).acquire();
}

}  // namespace procgraph
