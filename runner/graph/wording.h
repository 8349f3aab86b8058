// How messages are put together: pieces, quoted names, lists of names. Knows no graph.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/units.h"

namespace procgraph {

namespace wording {

template <class Piece>
void append(std::string& out, const Piece& piece) {
  if constexpr (std::is_integral_v<Piece> && !std::is_same_v<Piece, char>) {
    out += std::to_string(piece);
  } else {
    out += piece;
  }
}

}  // namespace wording

// The pieces (text, a character, a whole number), one after the other.
template <class... Pieces>
[[nodiscard]] std::string cat(const Pieces&... pieces) {
  std::string out;
  (wording::append(out, pieces), ...);
  return out;
}

[[nodiscard]] std::string quoted(std::string_view name);        // 'name'
[[nodiscard]] std::string with_article(std::string_view noun);  // a queue, an area
[[nodiscard]] std::string quoted_list(
    std::span<const std::string> names);  // 'a', 'b' and 'c'; past eight "… and 12 more"
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view one,
                                  std::string_view many);  // "one reader", "two readers", "3 readers"
[[nodiscard]] std::string padded(std::string text, std::size_t columns);  // with spaces on the right
[[nodiscard]] std::string rough(Bytes bytes);                             // "15.3 GiB", "4 MiB"

}  // namespace procgraph
