// View: a queue, or what a topic has of one, as one process sees it, shared by all its handles and threads.
#pragma once

#include <cstdint>
#include <mutex>

#include "queue/memory.h"
#include "roster.h"

namespace procgraph::detail {

struct Subscription;  // topic/subscription.h
class Answers;        // answers.h

struct View {
  QueueMemory memory;
  Roster roster;
  std::uint16_t self = 0;                // our number in the roster; 0: the runner
  Subscription* subscription = nullptr;  // of a port that reads a topic: it settles what was taken there
  const Shared<std::uint32_t>* home = nullptr;  // reads zero in a child that fork() made; null: not checked
  std::mutex* counting =
      nullptr;  // of this process, for all its ports of this queue; null: it has one thread

  Answers* answers = nullptr;  // of a port whose messages are answered in order

  [[nodiscard]] Control& control() { return memory.control(); }
  [[nodiscard]] bool is_ours() const { return home == nullptr || home->load(std::memory_order_relaxed) != 0; }
};

}  // namespace procgraph::detail
