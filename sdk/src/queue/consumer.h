// Consumer: one handle's way to take messages. A message is taken by one exchange on its block's word;
// nothing of the ring changes.
#pragma once

#include <array>
#include <cstdint>

#include "futex.h"
#include "queue/view.h"

namespace procgraph::detail {

// What was last seen of one cache line of the ring. Its words are copied together and used up before the line
// is looked at again: each look takes it from the writer, who wants it for the next message. A published word
// stays true until its ticket was taken, and who takes finds that out at the block.
class RingLine {
 public:
  static constexpr Ticket kWords = 8;

  // The word of ticket t: as copied where that is published, else looked at now.
  [[nodiscard]] RingWord look(QueueMemory& memory, Ticket t);
  // The word of ticket t as copied; zero where it was not.
  [[nodiscard]] RingWord seen(Ticket t) const {
    return t >= begin_ && t < end_ ? RingWord{words_[t % kWords]} : RingWord{};
  }

 private:
  Ticket begin_ = 0, end_ = 0;
  std::array<std::uint64_t, kWords> words_{};
};

// Tells what this thread has taken from what others of its process have; not 0.
[[nodiscard]] std::uint32_t this_thread();

class Consumer {
 public:
  explicit Consumer(View& view) : view_(view) {}
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  // The next message: one that came back, lowest ticket first, else the oldest of the ring; those that are
  // too old are dropped on the way. kNoBlock: there is none now.
  [[nodiscard]] BlockIndex take();
  // Something more of what we have leased goes to our user: from now on it is this thread's, and its time
  // begins anew.
  void renew(BlockIndex block) { begin_lease(view_.memory.descriptor(block)); }
  // Would take() find one, too old or not? A poisoned queue has none.
  [[nodiscard]] bool has_message();
  // Drops the oldest message that nobody has taken; with `published` only of those that count for the
  // capacity. False: there is none.
  bool drop_oldest(bool published);
  // When the first of those that rest may be taken, as far as take() has seen; kNever: none rests.
  [[nodiscard]] Clock::time_point alarm() const { return alarm_; }

  // No message will come: the writers are gone, nothing waits, and nothing leased delays the end. Marks what
  // our own thread has leased as no hindrance: call it only when about to wait, or to tell the user that
  // there is nothing, and resume() once there is something again.
  [[nodiscard]] bool is_at_end();
  void resume();

 private:
  // From the queue into our hands, for `purpose`: kLeased, or kDropping.
  [[nodiscard]] BlockIndex take_returned(State purpose);
  [[nodiscard]] BlockIndex take_published(State purpose);
  [[nodiscard]] BlockIndex oldest_returned(State purpose);
  // The oldest of the ring from ticket `h` on, whose block's word is `own`; advances `h` to it.
  [[nodiscard]] BlockIndex oldest_published(Ticket& h, std::uint64_t& own);
  [[nodiscard]] bool may_have_returned() const;
  // Takes the block for what its message is fit for. False: it is not ours.
  [[nodiscard]] bool take_block(BlockIndex block, std::uint64_t own, State& purpose);
  void begin_lease(Descriptor& d);
  [[nodiscard]] bool has_rested(Descriptor& d);
  void prefetch_next();
  void mark(State from, State to);

  View& view_;
  RingLine line_;
  Ticket next_ = 0;     // lower bound of the oldest untaken one, as far as we know
  Ticket fetched_ = 0;  // descriptors before that of this ticket are on their way
  std::uint32_t returns_ = 0;
  Clock::time_point alarm_ = kNever;
  bool marked_ = false;
};

}  // namespace procgraph::detail
