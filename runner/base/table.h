// Table: rows of cells, aligned in columns, for a terminal of some width or for a pipe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"

namespace procgraph {

class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;  // numbers
  };
  struct Cell {
    std::string text;          // printable
    std::string_view color{};  // an escape sequence; only used where colours are wanted
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  // Lines with their newlines, none wider than `columns` (0: as wide as they are): the last column is cut
  // first, then the first.
  [[nodiscard]] std::string text(std::size_t columns, bool color) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// As much of it as fits, with "…" where something is missing.
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t columns);
// "41M", "1.2G", "980K"; "3m12s", "2.1s", "5h04m", "3d04h": what a narrow column can hold.
[[nodiscard]] std::string brief(Bytes bytes);
[[nodiscard]] std::string brief(Duration time);

}  // namespace procgraph
