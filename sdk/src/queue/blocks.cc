#include "queue/blocks.h"

#include <algorithm>
#include <bit>

#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

constexpr std::uint64_t kLargeBlock =
    64u << 10;  // from here on blocks are reused lowest first, one at a time: they stay in cache
constexpr int kHintsEach = 16;
constexpr int kRecounts = 64;    // before it is left to the next one in doubt
constexpr int kBlocksAhead = 5;  // blocks on their way from the reader's cache at a time

// The bits of a word of the map that stand for blocks of the class.
std::uint64_t valid_bits(const BlockClass& k, std::uint32_t word) {
  std::uint64_t left = k.count - std::uint64_t{word} * 64;
  return left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
}

std::uint64_t lowest(std::uint64_t bits, int count) {
  std::uint64_t result = 0;
  for (; bits != 0 && count > 0; --count) {
    result |= bits & -bits;
    bits &= bits - 1;
  }
  return result;
}

BlockIndex lowest_block(const BlockClass& k, std::uint32_t word, std::uint64_t bits) {
  return k.first + word * 64 + static_cast<BlockIndex>(std::countr_zero(bits));
}

bool claim_block(View& view, BlockIndex block) {
  std::uint64_t free = 0;
  // Publishes that the block is on loan to us.
  return view.memory.descriptor(block).own.compare_exchange_strong(
      free, block_word(State::kLoaned, view.self, 0).raw);
}

}  // namespace

std::uint64_t in_flight(Control& c) {
  std::uint64_t released = c.released.load();
  auto difference = static_cast<std::int64_t>(c.reserved.load() - released);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(difference, 0));
}

bool has_free_block(QueueMemory& memory, unsigned c) {
  if (c >= memory.geometry().classes) return false;
  const BlockClass& k = memory.geometry().of_class[c];
  BlockIndex used = memory.used(c);
  if (used < k.count) return true;
  for (BlockIndex i = 0; i < used; i += 64) {
    if ((~memory.busy(k.first + i).load() & valid_bits(k, i / 64)) != 0) return true;
  }
  // The map may say less than there is: a writer remembers more blocks than it uses.
  for (BlockIndex block = k.first, end = k.first + used; block < end; ++block) {
    if (memory.descriptor(block).own.load() == 0) return true;
  }
  return false;
}

BlockIndex Claimer::claim(View& view, unsigned c) {
  const BlockClass& k = view.memory.geometry().of_class[c];
  Hints& hints = hints_[c];
  do {
    while (hints.bits != 0) {
      BlockIndex block = lowest_block(k, hints.word, hints.bits);
      hints.bits &= hints.bits - 1;
      if (hints.far != 0) {
        view.memory.prefetch(lowest_block(k, hints.word, hints.far));
        hints.far &= hints.far - 1;
      }
      if (claim_block(view, block)) return block;
    }
  } while (refill(view.memory, c));
  // The map may lie: somebody died, or sleeps, between a word and its bit. So look at the words themselves
  // before giving up.
  for (BlockIndex block = k.first, end = k.first + view.memory.used(c); block < end; ++block) {
    Descriptor& d = view.memory.descriptor(block);
    if (d.own.load() != 0 || !claim_block(view, block)) continue;
    view.memory.busy(block).fetch_or(bit(block));
    return block;
  }
  return kNoBlock;
}

bool Claimer::refill(QueueMemory& memory, unsigned c) {
  const BlockClass& k = memory.geometry().of_class[c];
  for (;;) {
    std::uint32_t words = (memory.used(c) + 63) / 64;
    switch (search(memory, c, words)) {
      case Search::kFound:
        return true;
      case Search::kLost:
        continue;
      case Search::kNone:
        break;
    }
    if (memory.used(c) >= k.count) return false;
    // Before any of these blocks is claimed: every scan must look that far.
    raise(memory.control().used[c], std::min(k.count, words * 64 + 64));
    hints_[c].word = words;
  }
}

Claimer::Search Claimer::search(QueueMemory& memory, unsigned c, std::uint32_t words) {
  const BlockClass& k = memory.geometry().of_class[c];
  bool large = k.size >= kLargeBlock, lost = false;
  std::uint32_t start = large ? 0 : hints_[c].word;
  for (std::uint32_t i = 0; i < words; ++i) {
    std::uint32_t word = (start + i) % words;
    Shared<std::uint64_t>& map = memory.busy(k.first + word * 64);
    std::uint64_t wanted = lowest(~map.load() & valid_bits(k, word), large ? 1 : kHintsEach);
    if (wanted == 0) continue;
    std::uint64_t got = wanted & ~map.fetch_or(wanted);
    const std::uint64_t near = lowest(got, kBlocksAhead);
    hints_[c] = {got, got & ~near, word};
    for (std::uint64_t bits = near; bits != 0; bits &= bits - 1) memory.prefetch(lowest_block(k, word, bits));
    if (got != 0) return Search::kFound;
    lost = true;
  }
  return lost ? Search::kLost : Search::kNone;
}

void Claimer::forget(View& view) {
  QueueMemory& memory = view.memory;
  for (unsigned c = 0; c < memory.geometry().classes; ++c) {
    Hints& hints = hints_[c];
    if (hints.bits == 0) continue;
    memory.busy(memory.geometry().of_class[c].first + hints.word * 64).fetch_and(~hints.bits);
    hints.bits = 0;
  }
  wake_freed(view);
}

bool Budget::reserve(QueueMemory& memory, BlockIndex block, std::uint64_t bytes) {
  Control& c = memory.control();
  Shared<std::uint64_t>& size = memory.descriptor(block).size;
  const std::uint64_t whole = bytes;
  bytes = memory.geometry().charge(block, bytes);
  if (bytes == 0) {
    size.store(whole, std::memory_order_relaxed);
    return true;
  }
  size.store(0, std::memory_order_relaxed);  // a recount must not see what is not reserved yet
  std::uint64_t reserved = c.reserved.load(std::memory_order_relaxed);
  for (;;) {
    bool known = reserved - released_ + bytes <= memory.byte_limit() && c.doubt.load() == doubt_;
    if (!known && !fits(memory, bytes)) return false;
    if (!known) refresh(c);
    size.store(whole, std::memory_order_relaxed);
    // Publishes that the bytes are ours; fails if others took some since we looked.
    if (c.reserved.compare_exchange_strong(reserved, reserved + bytes)) return true;
    size.store(0, std::memory_order_relaxed);
  }
}

void Budget::refresh(Control& c) {
  doubt_ = c.doubt.load();
  released_ = c.released.load();
}

bool fits(QueueMemory& memory, std::uint64_t bytes) {
  Control& c = memory.control();
  if (in_flight(c) + bytes <= memory.byte_limit()) return true;
  if (c.doubt.load() == 0) return false;
  recount(memory);
  return in_flight(c) + bytes <= memory.byte_limit();
}

void recount(QueueMemory& memory) {
  Control& c = memory.control();
  for (int i = 0; i < kRecounts; ++i) {
    std::uint64_t released = c.released.load();
    std::uint64_t reserved = c.reserved.load();
    std::uint64_t bytes = 0;
    memory.for_each_block([&](BlockIndex block) {
      Descriptor& d = memory.descriptor(block);
      if (!BlockWord{d.own.load()}.counts()) return;
      std::uint64_t size = std::min(d.size.load(std::memory_order_relaxed), memory.capacity_of(block));
      bytes += memory.geometry().charge(block, size);
    });
    // Publishes the corrected difference; fails if anything was released meanwhile, and then it is counted
    // again.
    if (c.released.compare_exchange_strong(released, reserved - bytes)) return;
  }
}

void shorten(View& view, BlockIndex block, std::uint64_t bytes) {
  Descriptor& d = view.memory.descriptor(block);
  std::uint64_t before = d.size.load(std::memory_order_relaxed);
  if (bytes >= before) return;
  view.control().released.fetch_add(view.memory.geometry().charge(block, before - bytes));
  d.size.store(bytes, std::memory_order_relaxed);
  wake_freed(view);
}

void release(View& view, BlockIndex block) {
  Descriptor& d = view.memory.descriptor(block);
  Control& c = view.control();
  d.taker.store(0, std::memory_order_relaxed);
  std::uint64_t bytes = view.memory.geometry().charge(block, d.size.load(std::memory_order_relaxed));
  if (bytes != 0) c.released.fetch_add(bytes);
  // Publishes the block, and that we are done with its bytes, to whoever claims it next. The exchange on the
  // map after it keeps the looks at waiters and at the state behind it, on ARM too (STLR, LDAR).
  d.own.store(0, std::memory_order_release);
  view.memory.busy(block).fetch_and(~bit(block));
  wake_freed(view);
  std::uint32_t state = c.state.load();
  if ((state & kDraining) != 0) ring_all(view);
  if ((state & kRunnerWaits) != 0) call_runner(view);
}

}  // namespace procgraph::detail
