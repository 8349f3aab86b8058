// Canvas: characters on a grid, and lines of wires that find their own corners and junctions. Knows no
// layout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

class Canvas {
 public:
  Canvas(int rows, int columns) : columns_(columns), cells_(static_cast<std::size_t>(rows) * columns) {}

  // A wire along a row or a column, ends included. `from` and `to` may be equal. Where a wire turns or
  // branches its lines join; where two wires cross, the upright one is drawn whole.
  void horizontal(int wire, int row, int from, int to, bool open_left = true, bool open_right = true);
  void vertical(int wire, int column, int from, int to);
  void text(int row, int column, std::string_view utf8);

  [[nodiscard]] bool blank(int row) const;
  [[nodiscard]] std::string line(int row) const;  // without spaces at its end

 private:
  struct Cell {
    char32_t character = 0;  // of a text
    std::uint8_t across = 0, upright = 0;
    int across_wire = -1, upright_wire = -1;
    bool joined = false;
  };

  Cell& at(int row, int column) { return cells_[static_cast<std::size_t>(row) * columns_ + column]; }
  [[nodiscard]] const Cell& at(int row, int column) const {
    return cells_[static_cast<std::size_t>(row) * columns_ + column];
  }
  [[nodiscard]] static char32_t character(const Cell& cell);

  int columns_;
  std::vector<Cell> cells_;
};

}  // namespace procgraph
