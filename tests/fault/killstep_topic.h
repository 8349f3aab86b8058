// What the victims of a topic and their survivors have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "killstep_scenarios.h"
#include "topic/memory.h"

namespace procgraph::testing {

// The victim is the first reader; the others are the survivors'.
inline constexpr std::uint32_t kTheOther = 1;
inline constexpr std::uint32_t kFromOutside = 3;  // the place for readers from outside, where there is one
inline constexpr std::uint16_t kDeadOutsider = 6, kNextOutsider = 7;

// Is there a place for readers from outside?
[[nodiscard]] bool has_place(detail::TopicView& view);
// Puts a message without waiting. False: there is no room.
[[nodiscard]] bool put(detail::TopicView& view, const std::string& text);
// Of a message that text_of() made; -1: it is none.
[[nodiscard]] int id_of(std::string_view text);

}  // namespace procgraph::testing
