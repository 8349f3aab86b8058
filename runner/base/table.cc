#include "base/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace procgraph {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kDim = "\x1b[2m", kPlain = "\x1b[0m";
constexpr std::size_t kLeast = 8;  // columns that a cut one keeps

void add_cell(std::string& to, std::string_view text, std::size_t columns, bool right, bool last) {
  const std::size_t wide = width(text);
  const std::string blank(columns > wide ? columns - wide : 0, ' ');
  if (right) to += blank;
  to += text;
  if (!right && !last) to += blank;
}

}  // namespace

std::string Table::text(std::size_t columns, bool color) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width(columns_[i].title));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::size_t all = kGap.size() * (widths.size() - 1);
  for (const std::size_t wide : widths) all += wide;
  for (std::size_t* wide : {&widths.back(), &widths.front()}) {
    if (columns == 0 || all <= columns || *wide <= kLeast) continue;
    const std::size_t cut = std::min(all - columns, *wide - kLeast);
    *wide -= cut;
    all -= cut;
  }
  std::string text;
  const auto add_row = [&](auto cell_of, std::string_view row_color) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool last = i + 1 == widths.size();
      const Cell cell = cell_of(i);
      const std::string_view paint = cell.color.empty() ? row_color : cell.color;
      if (i > 0) line += kGap;
      const bool painted = color && !paint.empty() && !cell.text.empty();
      if (painted) line += paint;
      add_cell(line, cut_to(cell.text, widths[i]), widths[i], columns_[i].right, last);
      if (painted) line += kPlain;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_row([&](std::size_t i) { return Cell{columns_[i].title}; }, kDim);
  for (const auto& row : rows_) add_row([&](std::size_t i) { return row[i]; }, "");
  return text;
}

std::string cut_to(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string(text);
  std::string cut;
  while (!text.empty()) {
    const std::size_t size = decode(text).size;
    if (width(cut) + width(text.substr(0, size)) + 1 > columns) break;
    cut += text.substr(0, size);
    text.remove_prefix(size);
  }
  return cut + "…";
}

std::string brief(Bytes bytes) {
  constexpr std::array<char, 4> kUnits{'K', 'M', 'G', 'T'};
  double value = static_cast<double>(bytes.value);
  if (bytes.value < 1024) return fmt::format("{}", bytes.value);
  std::size_t unit = 0;
  for (value /= 1024; value >= 999.5 && unit + 1 < kUnits.size(); value /= 1024) ++unit;
  return value < 9.95 ? fmt::format("{:.1f}{}", value, kUnits[unit])
                      : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

std::string brief(Duration time) {
  const std::int64_t seconds = time / std::chrono::seconds(1);
  if (seconds < 3600) return format_duration(seconds < 60 ? time : std::chrono::seconds(seconds));
  if (seconds < 86'400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86'400, seconds / 3600 % 24);
}

}  // namespace procgraph
