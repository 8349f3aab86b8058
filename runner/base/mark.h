// Mark: a place in a source text. Sources: the texts themselves, so that a diagnostic can show the line.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace procgraph {

// line and column count from 1 (column in code points); line 0 is "no place in particular" (the command line,
// the machine).
struct Mark {
  std::uint32_t file = 0;  // index into Sources
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  // code points that the caret underlines, on this line

  auto operator<=>(const Mark&) const = default;
  [[nodiscard]] bool known() const { return line != 0; }
};

struct Source {
  std::string name;  // as the person wrote it: "graph.yaml", "<stdin>"
  std::string text;
};

using Sources = std::vector<Source>;

// A value with the place where it was typed.
template <class T>
struct Marked {
  T value{};
  Mark mark{};

  bool operator==(const Marked&) const = default;
};

using Text = Marked<std::string>;

}  // namespace procgraph
