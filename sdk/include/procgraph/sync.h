// Locks, events and semaphores between processes. They lie in a shared memory area; the file names them
// (`sync: [names]`), and what a name is, is settled by whoever uses it first.
//
// None of them can be left broken by a process that dies, at whatever instruction: a lock that it held is
// free again, and the next one to have it is told; whoever waits goes on waiting. What a process had done
// before its death stays done: an event is set, a permit is taken.
//
// All are handles, cheap to copy; they must not outlive their Node. Threads: any. Times are on the monotonic
// clock; signals do not interrupt a wait. They throw NotInGraph in a child made by fork().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "procgraph/errors.h"
#include "procgraph/queue.h"

namespace procgraph {

class Selectable;

namespace detail {
struct AreaPort;
struct SyncObject;
}  // namespace detail

// A lock that this process holds, until it goes out of scope. Moves, does not copy.
class Held {
 public:
  Held(Held&& other) noexcept;
  Held& operator=(Held&&) = delete;
  ~Held();

  // The process that had the lock before died while it did: what the lock protects may be half changed, and
  // is yours to put right. Said to one holder, once.
  [[nodiscard]] bool holder_died() const { return holder_died_; }
  // Gives it back now; later calls do nothing.
  void release();

 private:
  friend class Lock;
  friend class SharedMemory;
  Held(detail::AreaPort& area, std::atomic<std::uint32_t>& word, bool holder_died)
      : area_(&area), word_(&word), holder_died_(holder_died) {}

  detail::AreaPort* area_;  // null: given back, or moved from
  std::atomic<std::uint32_t>* word_;
  bool holder_died_;
};

// One process's thread at a time. Not recursive: a thread that has it and acquires it again waits for ever.
class Lock {
 public:
  [[nodiscard]] Held acquire();
  // Nothing: somebody else has had it all the time.
  [[nodiscard]] std::optional<Held> acquire(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::optional<Held> try_acquire();

 private:
  friend class Node;
  friend class SharedMemory;
  Lock(detail::AreaPort& area, std::atomic<std::uint32_t>& word) : area_(&area), word_(&word) {}

  detail::AreaPort* area_;
  std::atomic<std::uint32_t>* word_;
};

// A flag to wait for, at first not set.
class Event {
 public:
  // All who wait go on, those too that look only after clear().
  void set();
  void clear();
  [[nodiscard]] bool is_set() const;
  // False: it was not set within the time.
  bool wait(std::chrono::nanoseconds timeout = kForever);

 private:
  friend class Node;
  friend class Selectable;
  Event(detail::AreaPort& area, detail::SyncObject& object) : area_(&area), object_(&object) {}

  detail::AreaPort* area_;
  detail::SyncObject* object_;
};

// A count of permits. They belong to nobody: as with POSIX semaphores, one process may release what another
// has acquired, and so a permit of a process that dies is not given back. Where that is wanted, put as many
// messages into a queue as there are permits: one that a dead process had taken comes back.
class Semaphore {
 public:
  void acquire();
  // False: there was none within the time.
  [[nodiscard]] bool acquire(std::chrono::nanoseconds timeout);
  [[nodiscard]] bool try_acquire();
  // Throws Failure where there would be more than 2^31 - 1.
  void release(std::uint32_t count = 1);
  [[nodiscard]] std::uint32_t value() const;

 private:
  friend class Node;
  Semaphore(detail::AreaPort& area, detail::SyncObject& object, std::uint32_t first)
      : area_(&area), object_(&object), first_(first) {}

  detail::AreaPort* area_;
  detail::SyncObject* object_;
  std::uint32_t first_;
};

}  // namespace procgraph
