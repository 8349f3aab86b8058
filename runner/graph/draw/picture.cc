#include "graph/draw/picture.h"

#include <algorithm>

#include "base/text.h"
#include "graph/draw/canvas.h"
#include "graph/draw/route.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

class Picture {
 public:
  Picture(const Shape& shape, Layout layout, int columns)
      : shape_(shape), layout_(std::move(layout)), columns_(columns) {
    make_gaps();
    for (std::size_t i = 0; i < layout_.layers.size(); ++i) widths_.push_back(width_of(i));
    for (const Slot& slot : layout_.slots) rows_ = std::max(rows_, slot.row + 2);
  }

  std::string draw() {
    std::string out;
    for (std::size_t begin = 0; begin < layout_.layers.size();) {
      const std::size_t end = end_of_band(begin);
      if (begin > 0) out += '\n';
      out += band(begin, end);
      begin = end;
    }
    return out;
  }

 private:
  const ShapeNode* node(std::uint32_t slot) const {
    const auto& which = layout_.slots[slot].node;
    return which ? &shape_.nodes[*which] : nullptr;
  }

  Routes routes_of(std::size_t gap, int shift) const {
    std::vector<std::pair<int, int>> edges;
    for (const std::uint32_t id : layout_.layers[gap]) {
      for (const std::uint32_t to : layout_.slots[id].next)
        edges.emplace_back(layout_.slots[id].row, layout_.slots[to].row + shift);
    }
    return route(edges);
  }

  // Where wires would lie on each other, everything to the right is moved by a row or two.
  void make_gaps() {
    for (std::size_t gap = 0; gap + 1 < layout_.layers.size(); ++gap) {
      Routes best = routes_of(gap, 0);
      int best_shift = 0;
      for (const int shift : {1, -1, 2}) {
        if (best.faults == 0) break;
        if (Routes routes = routes_of(gap, shift); routes.faults < best.faults) {
          best = std::move(routes);
          best_shift = shift;
        }
      }
      for (std::size_t i = gap + 1; i < layout_.layers.size(); ++i) {
        for (const std::uint32_t slot : layout_.layers[i]) layout_.slots[slot].row += best_shift;
      }
      gaps_.push_back(std::move(best));
    }
    int top = 0;
    for (const Slot& slot : layout_.slots) top = std::min(top, slot.row);
    if (top == 0) return;
    for (Slot& slot : layout_.slots) slot.row -= top;
    for (Routes& gap : gaps_) {
      for (Wire& wire : gap.wires) {
        for (int& row : wire.from) row -= top;
        for (int& row : wire.to) row -= top;
      }
    }
  }

  // A channel's kind may stand out from below its name into the gaps beside it, where nothing turns.
  int room_beside(std::size_t layer) const {
    const bool free =
        layer > 0 && layer < gaps_.size() && gaps_[layer - 1].tracks == 0 && gaps_[layer].tracks == 0;
    return free ? 4 : 0;
  }

  int width_of(std::size_t layer) const {
    int widest = 0;
    for (const std::uint32_t slot : layout_.layers[layer]) {
      const ShapeNode* n = node(slot);
      if (n == nullptr) continue;
      const int text = static_cast<int>(width(n->text)), below = static_cast<int>(width(n->below));
      widest = std::max(
          widest, n->channel ? std::max(text, below - room_beside(layer)) + (n->duplex ? 2 : 1) : text + 2);
    }
    return widest;
  }

  int gap_width(std::size_t gap) const {
    const int tracks = gaps_[gap].tracks;
    return tracks == 0 ? 2 : 2 + 2 * tracks;
  }

  bool only_processes(std::size_t layer) const {
    return std::ranges::none_of(layout_.layers[layer], [&](std::uint32_t slot) {
      return node(slot) != nullptr && node(slot)->channel;
    });
  }

  // A process brings a space of its own; a channel, and the sign of a cut, do not.
  int margin(std::size_t begin) const { return begin > 0 ? 2 : only_processes(0) ? 0 : 1; }

  // As many layers as fit; the cut is made after processes, if it can be.
  std::size_t end_of_band(std::size_t begin) const {
    int used = margin(begin) + (begin > 0 ? gap_width(begin - 1) : 0) + widths_[begin] + 2;
    std::size_t end = begin + 1;
    for (; end < layout_.layers.size(); ++end) {
      used += gap_width(end - 1) + widths_[end];
      if (used > columns_) break;
    }
    if (end == layout_.layers.size()) return end;
    for (std::size_t cut = end; cut > begin + 1; --cut) {
      if (only_processes(cut - 1)) return cut;
    }
    return end;
  }

  std::string band(std::size_t begin, std::size_t end) {
    int x = margin(begin);
    int columns = x + 4;
    for (std::size_t i = begin; i < end; ++i) columns += widths_[i] + (i > 0 ? gap_width(i - 1) : 0);
    Canvas canvas(rows_, columns + 1);
    if (begin > 0) {
      mark_ends(canvas, begin - 1, x - 1);
      draw_gap(canvas, begin - 1, x);
      x += gap_width(begin - 1);
    }
    for (std::size_t i = begin; i < end; ++i) {
      draw_layer(canvas, i, x);
      x += widths_[i];
      if (i + 1 == end) break;
      draw_gap(canvas, i, x);
      x += gap_width(i);
    }
    if (end < layout_.layers.size()) {
      for (const int row : rows_into(end - 1)) canvas.horizontal(wire_, row, x, x);
      mark_ends(canvas, end - 1, x + 1);
    }
    return lines(canvas);
  }

  std::vector<int> rows_into(std::size_t gap) const {
    std::vector<int> rows;
    for (const Wire& wire : gaps_[gap].wires) rows.insert(rows.end(), wire.from.begin(), wire.from.end());
    std::ranges::sort(rows);
    return rows;
  }

  // Where the picture is cut: the same sign at both sides, numbers if there are several.
  void mark_ends(Canvas& canvas, std::size_t gap, int x) const {
    constexpr std::string_view kSigns = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳";
    const auto rows = rows_into(gap);
    for (std::size_t i = 0; i < rows.size(); ++i)
      canvas.text(rows[i], x, rows.size() == 1 || i >= 20 ? "┄" : kSigns.substr(3 * i, 3));
  }

  void draw_gap(Canvas& canvas, std::size_t gap, int x) {
    const int end = x + gap_width(gap) - 1;
    for (const Wire& wire : gaps_[gap].wires) {
      ++wire_;
      if (wire.track < 0) {
        canvas.horizontal(wire_, wire.from[0], x, end);
        continue;
      }
      const int turn = x + 1 + 2 * wire.track;
      canvas.vertical(wire_, turn, wire.top(), wire.bottom());
      for (const int row : wire.from) canvas.horizontal(wire_, row, x, turn, true, false);
      for (const int row : wire.to) canvas.horizontal(wire_, row, turn, end, false, true);
    }
    for (const std::uint32_t slot : layout_.layers[gap + 1]) {
      const ShapeNode* n = node(slot);
      if (n != nullptr && !n->channel) canvas.text(layout_.slots[slot].row, end, "▶");
    }
    draw_backward_heads(canvas, gap, x, end);
  }

  // The second head of a duplex pipe: at its process, or at its name where the process has other wires too.
  void draw_backward_heads(Canvas& canvas, std::size_t gap, int begin, int end) const {
    const auto duplex = [&](std::uint32_t slot) { return node(slot) != nullptr && node(slot)->duplex; };
    for (const std::uint32_t slot : layout_.layers[gap]) {
      const auto& next = layout_.slots[slot].next;
      const bool all = std::ranges::all_of(next, duplex);
      if (!next.empty() && all) canvas.text(layout_.slots[slot].row, begin, "◀");
      for (const std::uint32_t to : next) {
        if (!all && duplex(to)) canvas.text(layout_.slots[to].row, end - 1, "◀");
      }
    }
  }

  void draw_layer(Canvas& canvas, std::size_t layer, int x) {
    for (const std::uint32_t id : layout_.layers[layer]) {
      const Slot& slot = layout_.slots[id];
      const ShapeNode* n = node(id);
      ++wire_;
      if (n == nullptr) {
        canvas.horizontal(wire_, slot.row, x, x + widths_[layer] - 1);
      } else if (n->channel) {
        draw_channel(canvas, *n, slot, x, widths_[layer]);
      } else {
        draw_process(canvas, *n, slot, x, widths_[layer]);
      }
    }
  }

  void draw_process(Canvas& canvas, const ShapeNode& n, const Slot& slot, int x, int columns) {
    const int used = static_cast<int>(width(n.text)) + 2;
    if (!slot.next.empty() && used < columns) canvas.horizontal(wire_, slot.row, x + used, x + columns - 1);
    canvas.text(slot.row, x, cat(' ', n.text, ' '));
  }

  // The name in the middle of the wire, the kind below it.
  void draw_channel(Canvas& canvas, const ShapeNode& n, const Slot& slot, int x, int columns) {
    const int name = static_cast<int>(width(n.text)), kind = static_cast<int>(width(n.below));
    const int left = (columns - 1 - name + (n.duplex ? 1 : 0)) / 2;
    if (!slot.before.empty() && left > 0) canvas.horizontal(wire_, slot.row, x, x + left - 1);
    if (!slot.next.empty()) canvas.horizontal(wire_, slot.row, x + left + name, x + columns - 1);
    canvas.text(slot.row, x + left, n.text);
    const int least = slot.before.empty() || kind < columns ? 0 : -2;
    canvas.text(slot.row + 1, x + std::max(least, left + (name - kind) / 2), n.below);
  }

  std::string lines(const Canvas& canvas) const {
    int first = 0, last = rows_ - 1;
    while (first < last && canvas.blank(first)) ++first;
    while (last > first && canvas.blank(last)) --last;
    std::string out;
    for (int row = first; row <= last; ++row) out += canvas.line(row) + '\n';
    return out;
  }

  const Shape& shape_;
  Layout layout_;
  int columns_;
  int rows_ = 0;
  int wire_ = 0;  // the number of the wire drawn last
  std::vector<Routes> gaps_;
  std::vector<int> widths_;
};

}  // namespace

std::string picture(const Shape& shape, Layout layout, int columns) {
  return Picture(shape, std::move(layout), columns).draw();
}

}  // namespace procgraph
