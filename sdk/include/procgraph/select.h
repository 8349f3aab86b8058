// Selectable: what Node::select() can wait for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace procgraph {

class Connection;
class Event;
class Reader;
class SharedMemory;
class Writer;

namespace detail {
class Selection;
struct AreaPort;
struct ReaderState;
struct SyncObject;
struct WriterState;
}  // namespace detail

// One end, for the length of a call of select(); refers to it.
class Selectable {
 public:
  // A message that get() would return, or the end of data.
  Selectable(Reader& reader);  // NOLINT(google-explicit-constructor): select({&…}) reads as a list of ends
  // Room for a message of `size` bytes, so that put() would not wait; or that it would throw.
  Selectable(Writer& writer, std::size_t size = 0);  // NOLINT(google-explicit-constructor)
  // Something to receive, or the end of data.
  Selectable(const Connection& connection);  // NOLINT(google-explicit-constructor)
  // The area's version is not `since` any more, as SharedMemory::wait_for_change() has it. A wait for this,
  // or for an event, costs a thread that sleeps.
  Selectable(const SharedMemory& area, std::uint64_t since);
  // It is set, or was in the meantime.
  Selectable(const Event& event);  // NOLINT(google-explicit-constructor)
  // Something to read from any descriptor: a socket, a terminal, a signalfd.
  [[nodiscard]] static Selectable readable(int fd);

 private:
  friend class detail::Selection;
  Selectable() = default;

  detail::ReaderState* reader_ = nullptr;
  detail::WriterState* writer_ = nullptr;
  std::size_t size_ = 0;
  detail::AreaPort* area_ = nullptr;
  detail::SyncObject* event_ = nullptr;  // of the area; null: its version
  std::uint64_t since_ = 0;
  int fd_ = -1;
};

}  // namespace procgraph
