// Sugiyama's method: layers by longest way, edges cut into pieces, orders by the barycentre of neighbours,
// rows by least squares.
#include "graph/draw/layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace procgraph {
namespace {

constexpr std::size_t kTallest = 40;       // slots in one layer
constexpr std::size_t kMostSlots = 20000;  // in all
constexpr int kSweeps = 12;
constexpr int kPitch = 2;  // rows from slot to slot: a name, and below it its kind or nothing

class Layouter {
 public:
  Layouter(const Shape& shape, const std::vector<std::uint32_t>& part) : shape_(shape), part_(part) {}

  std::optional<Layout> run() {
    assign_layers();
    if (too_large()) return {};
    place_slots();
    for (const auto& layer : out_.layers) {
      if (layer.size() > kTallest) return {};
    }
    order();
    assign_rows();
    return std::move(out_);
  }

 private:
  const ShapeNode& node(std::uint32_t v) const { return shape_.nodes[v]; }

  void assign_layers() {
    for (std::uint32_t i = 0; i < part_.size(); ++i) index_[part_[i]] = i;
    layer_.assign(part_.size(), 0);
    const auto order = topological();
    for (const std::uint32_t v : order) {
      for (const std::uint32_t to : node(v).next)
        layer_[index_[to]] = std::max(layer_[index_[to]], layer_[index_[v]] + 1);
    }
    // What nothing leads to stands right before what it leads to.
    for (auto v = order.rbegin(); v != order.rend(); ++v) {
      if (!node(*v).before.empty() || node(*v).next.empty()) continue;
      std::uint32_t nearest = ~0U;
      for (const std::uint32_t to : node(*v).next) nearest = std::min(nearest, layer_[index_[to]]);
      layer_[index_[*v]] = nearest - 1;
    }
  }

  std::vector<std::uint32_t> topological() {
    std::vector<std::size_t> missing(part_.size());
    std::vector<std::uint32_t> order;
    for (const std::uint32_t v : part_) {
      missing[index_[v]] = node(v).before.size();
      if (node(v).before.empty()) order.push_back(v);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const std::uint32_t to : node(order[i]).next) {
        if (--missing[index_[to]] == 0) order.push_back(to);
      }
    }
    return order;
  }

  bool too_large() {
    std::size_t slots = part_.size();
    for (const std::uint32_t v : part_) {
      for (const std::uint32_t to : node(v).next) slots += layer_[index_[to]] - layer_[index_[v]] - 1;
    }
    return slots > kMostSlots;
  }

  std::uint32_t add_slot(std::uint32_t layer, std::optional<std::uint32_t> node) {
    const auto id = static_cast<std::uint32_t>(out_.slots.size());
    out_.slots.push_back({.node = node});
    if (out_.layers.size() <= layer) out_.layers.resize(layer + 1);
    out_.layers[layer].push_back(id);
    return id;
  }

  void link(std::uint32_t from, std::uint32_t to) {
    out_.slots[from].next.push_back(to);
    out_.slots[to].before.push_back(from);
  }

  void place_slots() {
    for (const std::uint32_t v : part_) add_slot(layer_[index_[v]], v);  // slot i is part_[i]
    for (std::uint32_t i = 0; i < part_.size(); ++i) {
      for (const std::uint32_t to : node(part_[i]).next) {
        std::uint32_t from = i;
        for (std::uint32_t layer = layer_[i] + 1; layer < layer_[index_[to]]; ++layer) {
          const std::uint32_t pass = add_slot(layer, std::nullopt);
          link(from, pass);
          from = pass;
        }
        link(from, index_[to]);
      }
    }
  }

  // The places of a slot's neighbours in their layer, on average; its own place where it has none.
  double barycentre(const std::vector<std::uint32_t>& neighbours, double own) const {
    if (neighbours.empty()) return own;
    double sum = 0;
    for (const std::uint32_t slot : neighbours) sum += place_[slot];
    return sum / static_cast<double>(neighbours.size());
  }

  void sort_layer(std::vector<std::uint32_t>& layer, bool by_before) {
    std::vector<std::pair<double, std::uint32_t>> keys;
    for (const std::uint32_t slot : layer) {
      const auto& neighbours = by_before ? out_.slots[slot].before : out_.slots[slot].next;
      keys.emplace_back(barycentre(neighbours, place_[slot]), slot);
    }
    std::ranges::stable_sort(keys, {}, [](const auto& key) { return key.first; });
    for (std::size_t i = 0; i < layer.size(); ++i) {
      layer[i] = keys[i].second;
      place_[layer[i]] = static_cast<double>(i);
    }
  }

  std::size_t crossings() const {
    std::size_t count = 0;
    for (const auto& layer : out_.layers) {
      std::vector<double> ends;  // of the edges, in order of their beginnings
      for (const std::uint32_t slot : layer) {
        std::vector<double> own;
        for (const std::uint32_t to : out_.slots[slot].next) own.push_back(place_[to]);
        for (const double end : own)
          count += static_cast<std::size_t>(
              std::ranges::count_if(ends, [&](double other) { return other > end; }));
        ends.insert(ends.end(), own.begin(), own.end());
      }
    }
    return count;
  }

  void order() {
    place_.resize(out_.slots.size());
    for (const auto& layer : out_.layers) {
      for (std::size_t i = 0; i < layer.size(); ++i) place_[layer[i]] = static_cast<double>(i);
    }
    auto best = out_.layers;
    std::size_t fewest = crossings();
    for (int sweep = 0; sweep < kSweeps && fewest > 0; ++sweep) {
      const bool forth = sweep % 2 == 0;
      const std::size_t n = out_.layers.size();
      for (std::size_t i = 1; i < n; ++i) sort_layer(out_.layers[forth ? i : n - 1 - i], forth);
      if (const std::size_t now = crossings(); now < fewest) {
        fewest = now;
        best = out_.layers;
      }
    }
    out_.layers = std::move(best);
  }

  // Rows as near as the order allows to where each slot wants to be (pool adjacent violators).
  void settle(const std::vector<std::uint32_t>& layer, const std::vector<double>& wanted) {
    struct Block {
      double sum = 0;
      double count = 0;
      [[nodiscard]] double mean() const { return sum / count; }
    };
    std::vector<Block> blocks;
    std::vector<int> offset;
    int top = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      offset.push_back(top);
      top += kPitch;
      blocks.push_back({wanted[i] - offset[i], 1});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
        blocks[blocks.size() - 2].sum += blocks.back().sum;
        blocks[blocks.size() - 2].count += blocks.back().count;
        blocks.pop_back();
      }
    }
    std::size_t i = 0;
    for (const Block& block : blocks) {
      const int shift = static_cast<int>(std::floor(block.mean() + 0.25));
      for (double k = 0; k < block.count; ++k, ++i) out_.slots[layer[i]].row = shift + offset[i];
    }
  }

  void align(const std::vector<std::uint32_t>& layer, bool by_before) {
    std::vector<double> wanted;
    for (const std::uint32_t id : layer) {
      const Slot& slot = out_.slots[id];
      const auto& neighbours = by_before ? slot.before : slot.next;
      double sum = 0;
      for (const std::uint32_t other : neighbours) sum += out_.slots[other].row;
      wanted.push_back(neighbours.empty() ? slot.row : sum / static_cast<double>(neighbours.size()));
    }
    settle(layer, wanted);
  }

  void assign_rows() {
    for (const auto& layer : out_.layers) settle(layer, std::vector<double>(layer.size(), 0));
    const std::size_t n = out_.layers.size();
    for (int pass = 0; pass < 6; ++pass) {
      for (std::size_t i = 1; i < n; ++i) align(out_.layers[i], true);
      for (std::size_t i = n - 1; i-- > 0;) align(out_.layers[i], false);
    }
    int top = std::numeric_limits<int>::max();
    for (const Slot& slot : out_.slots) top = std::min(top, slot.row);
    for (Slot& slot : out_.slots) slot.row -= top;
  }

  const Shape& shape_;
  const std::vector<std::uint32_t>& part_;
  std::unordered_map<std::uint32_t, std::uint32_t> index_;  // of a node in part_
  std::vector<std::uint32_t> layer_;                        // by index
  std::vector<double> place_;                               // of a slot in its layer
  Layout out_;
};

}  // namespace

std::optional<Layout> lay_out(const Shape& shape, const std::vector<std::uint32_t>& part) {
  return Layouter(shape, part).run();
}

}  // namespace procgraph
