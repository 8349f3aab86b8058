// Bell: a doorbell of ours in the roster, on which one thread sleeps.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "futex.h"
#include "roster.h"

namespace procgraph::detail {

class Bell {
 public:
  // Nothing: as many threads of this graph wait as can.
  [[nodiscard]] static std::optional<Bell> take(const Roster& roster, std::uint16_t participant) {
    Roster ours = roster;
    auto index = ours.acquire(participant);
    if (!index) return std::nullopt;
    return Bell(ours, *index);
  }
  Bell(Bell&& other) noexcept
      : roster_(other.roster_), index_(other.index_), owned_(std::exchange(other.owned_, false)) {}
  Bell& operator=(Bell&&) = delete;
  ~Bell() {
    if (owned_) roster_.release(index_);
  }

  [[nodiscard]] std::uint32_t index() const { return index_; }
  // How often it was rung. Ask before looking for what you would sleep for.
  [[nodiscard]] std::uint32_t rings() { return roster_.word(index_).load(); }
  // Until it was rung more than `rings` times; false: the time is over. Wakes for no reason too.
  bool sleep(std::uint32_t rings, const Deadline& deadline) {
    return futex_wait(roster_.word(index_), rings, deadline);
  }
  void ring() { roster_.ring(index_); }
  // In a child made by fork(), whose it is not.
  void forget() { owned_ = false; }

 private:
  Bell(const Roster& roster, std::uint32_t index) : roster_(roster), index_(index) {}

  Roster roster_;
  std::uint32_t index_;
  bool owned_ = true;
};

}  // namespace procgraph::detail
