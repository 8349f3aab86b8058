#include "queue/waiting.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "queue/blocks.h"
#include "queue/poison.h"

namespace procgraph::detail {
namespace {

constexpr std::uint64_t kOneVersion = std::uint64_t{1} << 32;

std::uint64_t slot_bit(unsigned slot) {
  return std::uint64_t{1} << (slot % 64);
}

std::uint64_t summary_bit(unsigned word) {
  return std::uint64_t{1} << (word / kWordsPerBit);
}

bool is_empty(WaitLine& l, unsigned bit) {
  const auto first = l.mask.begin() + bit * kWordsPerBit;
  return std::all_of(first, first + kWordsPerBit, [](const auto& word) { return word.load() == 0; });
}

void stand(Control& c, Line line, unsigned slot) {
  WaitLine& l = c.lines[static_cast<unsigned>(line)];
  Shared<std::uint64_t>& summary = c.summary[static_cast<unsigned>(line)];
  l.mask[slot / 64].fetch_or(slot_bit(slot));
  std::uint64_t seen = summary.load();
  // Publishes that the word is not empty, under a new version: nobody who saw it empty before can clear the
  // summary bit.
  while (!summary.compare_exchange_weak(seen, (seen + kOneVersion) | summary_bit(slot / 64))) {
  }
}

// True if the bit was still ours.
bool step_out(Control& c, Line line, unsigned slot) {
  WaitLine& l = c.lines[static_cast<unsigned>(line)];
  return (l.mask[slot / 64].fetch_and(~slot_bit(slot)) & slot_bit(slot)) != 0;
}

bool can_go_on(View& view, Line line, unsigned slot) {
  std::uint64_t need = view.control().slots[slot].need.load();
  if (line == Line::kBlocks) return has_free_block(view.memory, static_cast<unsigned>(need % kMaxClasses));
  if (line == Line::kBytes) return fits(view.memory, need);
  return true;
}

void ring_slot(View& view, unsigned slot) {
  std::uint32_t bell = view.control().slots[slot].doorbell.load();
  if (bell < kDoorbells) {
    view.roster.ring(bell);
  } else {
    poison(view, Poison::kDoorbell);
  }
}

// Elects one thread out of the bits in `among` of a word. False: none of them can go on.
bool elect(View& view, Line line, unsigned word, std::uint64_t among) {
  WaitLine& l = view.control().lines[static_cast<unsigned>(line)];
  for (std::uint64_t bits = l.mask[word].load() & among; bits != 0; bits &= bits - 1) {
    unsigned slot = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
    if (!can_go_on(view, line, slot)) continue;
    if (!step_out(view.control(), line, slot)) continue;  // somebody else elected it, or it left
    l.turn.store((slot + 1) % kWaitSlots, std::memory_order_relaxed);
    ring_slot(view, slot);
    return true;
  }
  return false;
}

// The summary bits of the line that stand for a waiter, after clearing those that do not.
std::uint32_t waiting_words(Control& c, Line line) {
  WaitLine& l = c.lines[static_cast<unsigned>(line)];
  Shared<std::uint64_t>& summary = c.summary[static_cast<unsigned>(line)];
  for (;;) {
    std::uint64_t seen = summary.load();
    std::uint64_t empty = 0;
    for (std::uint32_t words = static_cast<std::uint32_t>(seen); words != 0; words &= words - 1) {
      int i = std::countr_zero(words);
      if (is_empty(l, static_cast<unsigned>(i))) empty |= std::uint64_t{1} << i;
    }
    // Publishes that these words are empty; fails if anybody has stood in the line since `seen`.
    if (empty == 0 || summary.compare_exchange_strong(seen, seen & ~empty)) {
      return static_cast<std::uint32_t>(seen & ~empty);
    }
  }
}

}  // namespace

void wake_one(View& view, Line line) {
  WaitLine& l = view.control().lines[static_cast<unsigned>(line)];
  std::uint32_t words = waiting_words(view.control(), line);
  if (words == 0) return;
  unsigned turn = l.turn.load(std::memory_order_relaxed) % kWaitSlots;
  std::uint64_t behind = ~std::uint64_t{0} << (turn % 64);
  if (elect(view, line, turn / 64, behind)) return;
  for (unsigned i = 1; i < kMaskWords; ++i) {
    unsigned word = (turn / 64 + i) % kMaskWords;
    if ((words & summary_bit(word)) != 0 && elect(view, line, word, ~std::uint64_t{0})) return;
  }
  elect(view, line, turn / 64, ~behind);
}

void wake_all(View& view, Line line) {
  WaitLine& l = view.control().lines[static_cast<unsigned>(line)];
  const std::uint32_t words = waiting_words(view.control(), line);
  for (unsigned word = 0; words != 0 && word < kMaskWords; ++word) {
    if ((words & summary_bit(word)) == 0) continue;
    // Elects all of them at once.
    for (std::uint64_t bits = l.mask[word].exchange(0); bits != 0; bits &= bits - 1) {
      ring_slot(view, word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
    }
  }
}

void ring_all(View& view) {
  unsigned used = std::min(view.control().used_slots.load(), kWaitSlots);
  for (unsigned i = 0; i < used; ++i) {
    if (view.control().slots[i].owner.load() != 0) ring_slot(view, i);
  }
}

void take_out_of_lines(View& view, std::uint16_t participant) {
  Control& c = view.control();
  unsigned used = std::min(c.used_slots.load(), kWaitSlots);
  for (unsigned i = 0; i < used; ++i) {
    if (c.slots[i].owner.load() != participant) continue;
    for (unsigned line = 0; line < kLines; ++line) step_out(c, static_cast<Line>(line), i);
  }
}

std::optional<Sleeper> Sleeper::enter(View& view) {
  auto bell = Bell::take(view.roster, view.self);
  if (!bell) return std::nullopt;
  auto sleeper = enter(view, *bell);
  if (sleeper) sleeper->bell_.emplace(std::move(*bell));
  return sleeper;
}

std::optional<Sleeper> Sleeper::enter(View& view, const Bell& bell) {
  Control& c = view.control();
  for (unsigned i = 0; i < kWaitSlots; ++i) {
    if (c.slots[i].owner.load(std::memory_order_relaxed) != 0) continue;
    raise(c.used_slots, i + 1);  // before the slot is ours: the reaper must look that far
    std::uint32_t nobody = 0;
    // Publishes that the slot is ours: the reaper clears its bits and frees it if we die.
    if (!c.slots[i].owner.compare_exchange_strong(nobody, view.self)) continue;
    c.slots[i].doorbell.store(bell.index());
    return Sleeper(view, i);
  }
  return std::nullopt;
}

Sleeper::Sleeper(Sleeper&& other) noexcept
    : view_(std::exchange(other.view_, nullptr)), slot_(other.slot_), bell_(std::move(other.bell_)) {}

Sleeper::~Sleeper() {
  if (view_ == nullptr) return;
  disarm();
  view_->control().slots[slot_].owner.store(0);
}

void Sleeper::arm(Line line, std::uint64_t need) {
  Shared<std::uint64_t>& told = view_->control().slots[slot_].need;
  if (armed_ && (line != line_ || told.load() != need)) disarm();
  if (bell_) rings_ = bell_->rings();
  told.store(need);
  line_ = line;
  armed_ = true;
  stand(view_->control(), line, slot_);
}

bool Sleeper::sleep(const Deadline& deadline) {
  return bell_->sleep(rings_, deadline);
}

void Sleeper::disarm() {
  if (!armed_) return;
  armed_ = false;
  if (!step_out(view_->control(), line_, slot_)) wake_one(*view_, line_);
}

}  // namespace procgraph::detail
