// Subscriber: one handle's way to take a topic's messages. Every handle of a port takes from the same place:
// what one takes the others do not get.
#pragma once

#include <cstdint>

#include "queue/consumer.h"
#include "topic/subscription.h"

namespace procgraph::detail {

class Subscriber {
 public:
  struct Taken {
    Ticket ticket = 0;
    BlockIndex block = 0;
    std::uint32_t deliveries = 1;
    std::uint64_t missed = 0;  // by this reader, just before
  };

  explicit Subscriber(Subscription& subscription) : s_(subscription) {}
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  [[nodiscard]] Subscription& subscription() { return s_; }
  // The next message: one that came back, lowest ticket first, else the next of the ring that the reader's
  // policy leaves it; those that are too old are passed over on the way. False: there is none now.
  [[nodiscard]] bool take(Taken& taken);

  // Would take() find one, too old or not?
  [[nodiscard]] bool has_message();

  // No message will come: the writers are gone, all was taken, and nothing in hand delays the end. Marks what
  // our own thread has in hand as no hindrance: call it only when about to wait, or to tell the user that
  // there is nothing, and resume() once there is something again.
  [[nodiscard]] bool is_at_end();
  void resume();

 private:
  enum class Place { kPublished, kEmpty, kOverwritten, kImpossible };

  [[nodiscard]] bool take_any(Taken& taken);
  [[nodiscard]] bool is_too_old(const Taken& taken);
  void pass_over(const Taken& taken);
  [[nodiscard]] bool take_returned(Taken& taken);
  [[nodiscard]] Ticket oldest_returned();
  [[nodiscard]] bool take_next(Taken& taken);
  [[nodiscard]] bool take_kept(Taken& taken);
  [[nodiscard]] Place judge(Ticket t, RingWord there, BlockIndex& block);
  [[nodiscard]] Place look(Ticket t, BlockIndex& block);
  [[nodiscard]] Ticket wanted_from(Ticket t);
  [[nodiscard]] bool hold(Ticket t, BlockIndex block, std::uint64_t gap);
  [[nodiscard]] bool is_coming();
  [[nodiscard]] bool is_left();
  [[nodiscard]] bool mark(Ticket t, Note from, Note to);
  void prefetch_from(Ticket t);

  Subscription& s_;
  RingLine line_;       // of one that gates: nothing from its cursor on changes
  Ticket fetched_ = 0;  // descriptors before that of this ticket are on their way
  std::uint32_t returns_ = 0;
  bool marked_ = false;
};

}  // namespace procgraph::detail
