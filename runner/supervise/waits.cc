#include "supervise/waits.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace procgraph {
namespace {

using Group = std::vector<PartyIndex>;

// The first of what the wait takes that nobody will do; null: all of it may be done.
const Group* hopeless(const Wait& wait, const std::vector<bool>& moves) {
  for (const Group& group : wait.needs) {
    const auto none = [&](PartyIndex party) { return !moves[party]; };
    if (!group.empty() && std::ranges::all_of(group, none)) return &group;
  }
  return nullptr;
}

struct Arrow {
  std::uint32_t wait = 0;
  PartyIndex to = 0;
};

// Who waits for whom, among those who cannot move.
using Arrows = std::vector<std::vector<Arrow>>;

Arrows arrows_of(const Waits& waits, const std::vector<bool>& moves) {
  Arrows arrows(waits.parties.size());
  for (PartyIndex party = 0; party < waits.parties.size(); ++party) {
    if (moves[party]) continue;
    const auto& all = waits.parties[party].waits;
    for (std::uint32_t i = 0; i < all.size(); ++i)
      for (const PartyIndex other : *hopeless(all[i], moves)) arrows[party].push_back({i, other});
  }
  return arrows;
}

// Whoever is reached from `from` over arrows inside `among`, nearest first; `from` only by a way back.
std::vector<PartyIndex> reached(const Arrows& arrows, PartyIndex from, const std::vector<bool>& among) {
  std::vector<bool> seen(arrows.size());
  std::vector<PartyIndex> order;
  const auto visit = [&](PartyIndex party) {
    for (const Arrow& arrow : arrows[party]) {
      if (!among[arrow.to] || seen[arrow.to]) continue;
      seen[arrow.to] = true;
      order.push_back(arrow.to);
    }
  };
  visit(from);
  for (std::size_t i = 0; i < order.size(); ++i) visit(order[i]);
  return order;
}

Arrows reversed(const Arrows& arrows) {
  Arrows back(arrows.size());
  for (PartyIndex party = 0; party < arrows.size(); ++party)
    for (const Arrow& arrow : arrows[party]) back[arrow.to].push_back({arrow.wait, party});
  return back;
}

std::vector<bool> marked(std::size_t size, const std::vector<PartyIndex>& parties) {
  std::vector<bool> marks(size);
  for (const PartyIndex party : parties) marks[party] = true;
  return marks;
}

// From anywhere to parties that wait for each other only: whoever does not lead back is a step further on.
std::vector<PartyIndex> knot_behind(const Arrows& arrows, const Arrows& back, PartyIndex from) {
  std::vector<bool> all(arrows.size(), true);
  for (;;) {
    std::vector<PartyIndex> ahead = reached(arrows, from, all);
    const std::vector<bool> leads_back =
        marked(arrows.size(), reached(back, from, marked(arrows.size(), ahead)));
    const auto further =
        std::ranges::find_if(ahead, [&](PartyIndex party) { return party != from && !leads_back[party]; });
    const bool inside = std::ranges::find(ahead, from) != ahead.end();
    if (further == ahead.end() && inside) return ahead;
    from = further != ahead.end() ? *further : ahead.front();
  }
}

// A shortest way from `first`, beginning with one of its waits, back to it.
std::vector<Step> way_round(const Arrows& arrows, Step first, const std::vector<bool>& inside) {
  constexpr std::uint32_t kNobody = ~0U;
  std::vector<Step> came(arrows.size(), Step{kNobody, 0});
  std::vector<PartyIndex> order;
  const auto visit = [&](PartyIndex party, const Arrow& arrow) {
    if (!inside[arrow.to] || came[arrow.to].party != kNobody) return;
    came[arrow.to] = {party, arrow.wait};
    order.push_back(arrow.to);
  };
  for (const Arrow& arrow : arrows[first.party])
    if (arrow.wait == first.wait) visit(first.party, arrow);
  for (std::size_t i = 0; i < order.size() && came[first.party].party == kNobody; ++i)
    for (const Arrow& arrow : arrows[order[i]]) visit(order[i], arrow);
  std::vector<Step> way;
  PartyIndex at = first.party;
  do {
    way.push_back(came[at]);
    at = came[at].party;
  } while (at != first.party);
  std::ranges::reverse(way);
  return way;
}

const Wait& wait_of(const Waits& waits, const Step& step) {
  return waits.parties[step.party].waits[step.wait];
}

// A shortest one that begins where it is full, if it is anywhere. Of a large knot not all are tried.
std::vector<Step> shortest_way(const Waits& waits, const Arrows& arrows,
                               const std::vector<PartyIndex>& knot) {
  constexpr std::size_t kTried = 64;
  const std::vector<bool> inside = marked(waits.parties.size(), knot);
  std::vector<Step> best;
  std::size_t tried = 0;
  for (const PartyIndex party : knot) {
    for (std::uint32_t wait = 0; wait < waits.parties[party].waits.size() && tried < kTried; ++wait) {
      if (waits.parties[party].waits[wait].what != Wait::For::kRoom) continue;
      ++tried;
      std::vector<Step> way = way_round(arrows, {party, wait}, inside);
      if (best.empty() || way.size() < best.size()) best = std::move(way);
    }
  }
  if (!best.empty()) return best;
  return way_round(arrows, {knot.front(), arrows[knot.front()].front().wait}, inside);
}

void add_full(const Wait& wait, std::vector<BufferIndex>& full) {
  if (wait.what == Wait::For::kRoom && std::ranges::find(full, wait.buffer) == full.end())
    full.push_back(wait.buffer);
}

}  // namespace

HeldOpen held_open(const Waits& waits, const std::vector<Step>& way) {
  HeldOpen held;
  std::size_t hungry = 0;
  for (std::size_t i = 0; i < way.size(); ++i) {
    const Wait& wait = wait_of(waits, way[i]);
    if (wait.what == Wait::For::kEnd) continue;
    if (wait.what == Wait::For::kRoom || ++hungry > 1) return {};
    held = {.reader = way[i].party, .holder = way[(i + 1) % way.size()].party, .fds = {}};
    for (const OpenEnd& end : waits.buffers[wait.buffer].written_by)
      if (end.party == held.holder && end.fd >= 0) held.fds.push_back(end.fd);
  }
  return held;
}

namespace {

Circle::Kind kind_of(const Waits& waits, const std::vector<Step>& way) {
  const auto for_room = [&](const Step& step) { return wait_of(waits, step).what == Wait::For::kRoom; };
  if (std::ranges::any_of(way, for_room)) {
    // full → the one that should empty it → one without data → … → the one that fills it
    const auto hungry = std::ranges::count_if(
        way, [&](const Step& step) { return wait_of(waits, step).what == Wait::For::kData; });
    return hungry > 1 ? Circle::Kind::kStarved : Circle::Kind::kFull;
  }
  const bool itself = way.size() == 1 && wait_of(waits, way[0]).what == Wait::For::kData;
  return itself || !held_open(waits, way).fds.empty() ? Circle::Kind::kHeldOpen : Circle::Kind::kTrue;
}

Circle circle_of(const Waits& waits, const Arrows& arrows, std::vector<PartyIndex> knot) {
  std::ranges::sort(knot);
  Circle circle;
  circle.way = shortest_way(waits, arrows, knot);
  for (const Step& step : circle.way) add_full(wait_of(waits, step), circle.full);
  for (const PartyIndex party : knot)
    for (const Wait& wait : waits.parties[party].waits) add_full(wait, circle.full_beside);
  std::erase_if(circle.full_beside, [&](BufferIndex buffer) {
    return std::ranges::find(circle.full, buffer) != circle.full.end();
  });
  circle.kind = kind_of(waits, circle.way);
  circle.knot = std::move(knot);
  return circle;
}

}  // namespace

// Whoever can move may help others; those whom nobody helps are left.
std::vector<bool> can_move(const Waits& waits) {
  std::vector<bool> moves(waits.parties.size());
  for (bool more = true; more;) {
    more = false;
    for (PartyIndex party = 0; party < moves.size(); ++party) {
      if (moves[party]) continue;
      const auto& all = waits.parties[party].waits;
      const auto possible = [&](const Wait& wait) { return hopeless(wait, moves) == nullptr; };
      if (!all.empty() && std::ranges::none_of(all, possible)) continue;
      moves[party] = more = true;
    }
  }
  return moves;
}

std::vector<Circle> find_circles(const Waits& waits) {
  const std::vector<bool> moves = can_move(waits);
  const Arrows arrows = arrows_of(waits, moves);
  const Arrows back = reversed(arrows);
  const bool local = std::ranges::find(moves, true) != moves.end();
  const std::vector<bool> all(moves.size(), true);
  std::vector<bool> explained = moves;
  std::vector<Circle> circles;
  for (PartyIndex party = 0; party < moves.size(); ++party) {
    if (explained[party]) continue;
    Circle& circle = circles.emplace_back(circle_of(waits, arrows, knot_behind(arrows, back, party)));
    circle.local = local;
    for (const PartyIndex waiting : reached(back, circle.knot.front(), all)) explained[waiting] = true;
  }
  return circles;
}

std::uint64_t bytes_of(const Buffer& buffer, std::uint64_t places) {
  constexpr std::uint64_t kMessage = 128;  // what is kept of one, beside bytes that count elsewhere
  return buffer.bytes ? places : places * kMessage;
}

std::optional<BufferIndex> smallest_full(const Waits& waits, const Circle& circle) {
  const auto cost = [&](BufferIndex index) {
    return bytes_of(waits.buffers[index], waits.buffers[index].capacity);
  };
  for (const auto* full : {&circle.full, &circle.full_beside}) {
    std::optional<BufferIndex> smallest;
    for (const BufferIndex index : *full) {
      const bool can_grow = waits.buffers[index].most > waits.buffers[index].capacity;
      if (can_grow && (!smallest || cost(index) < cost(*smallest))) smallest = index;
    }
    if (smallest) return smallest;
  }
  return std::nullopt;
}

std::string_view name(Circle::Kind kind) {
  constexpr std::array<std::string_view, 4> kNames{"artificial", "starvation", "true", "orphan"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace procgraph
