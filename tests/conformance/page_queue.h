// A queue as docs/node-protocol.md describes it, written from that page: one thread at a time, one look at
// everything instead of hints, and without a thought for speed.
#pragma once

#include <bit>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "page_memory.h"

namespace procgraph::by_the_page {

class Queue {
 public:
  Queue(const Roster& roster, int control, int payload, bool writes)
      : roster_(roster), control_(control, true), payload_(payload, writes) {
    measure();
    if (writes) control_.u64(3392 + self() / 64 * 8).fetch_and(~(uint64_t{1} << self() % 64));
    take_slot();
  }

  std::string put(const std::string& bytes, const Until& until) {
    if (closed_) return "closed";
    if (bytes.size() > max_message_) return "too_large";
    uint64_t block = kNone;
    Line line = kForPlace;
    uint64_t need = 0;
    const bool done = wait(until, line, need, [&] { return try_put(bytes, block, line, need); });
    if (stopped()) {
      if (block != kNone) free(block);
      return (state() & 2) != 0 ? "no_readers" : "closed";
    }
    if (done) return "ok";
    if (block != kNone) free(block);
    return "time";
  }

  std::string get(const Until& until) {
    uint64_t block = kNone;
    bool end = false;
    Line line = kForMessage;
    uint64_t need = 0;
    const bool done = wait(until, line, need, [&] {
      block = take();
      if (block != kNone) return true;
      end = is_at_end();
      return end;
    });
    mark(kWaited, kLeased);
    if (!done) return "time";
    if (end) return "end";
    held_.push_back(block);
    const uint64_t size = control_.u64(of(block) + 8);
    const auto* from = reinterpret_cast<const unsigned char*>(bytes_of(block));
    std::string hex = size == 0 ? "-" : "";
    for (uint64_t i = 0; i < size; ++i) {
      constexpr const char* kDigits = "0123456789abcdef";
      hex += kDigits[from[i] >> 4U];
      hex += kDigits[from[i] & 15U];
    }
    return "ok " + hex + " " + std::to_string(control_.u32(of(block) + 20) + 1);
  }

  std::string ack() {
    if (held_.empty()) return "refused nothing is held";
    free(held_.front());
    held_.pop_front();
    return "ok";
  }

  std::string nack() {
    if (held_.empty()) return "refused nothing is held";
    give_back(held_.front());
    held_.pop_front();
    return "ok";
  }

  std::string close() {
    closed_ = true;
    control_.u64(3392 + self() / 64 * 8).fetch_or(uint64_t{1} << self() % 64);
    if (writers_ == 0) return "ok";
    uint64_t gone = 0;
    for (int i = 0; i < 64; ++i)
      gone += static_cast<uint64_t>(std::popcount(control_.u64(3392 + 8 * i).load()));
    if (gone >= writers_) {
      control_.u32(128).fetch_or(1);
      ring_everybody();
    }
    return "ok";
  }

 private:
  static constexpr uint64_t kNone = ~uint64_t{0};
  struct Class {
    uint64_t size, stride, first, count, offset;
  };

  // "Sizes" of the page.
  void measure() {
    const uint64_t participants = control_.plain<uint32_t>(12), capacity = control_.plain<uint64_t>(24),
                   memory = control_.plain<uint64_t>(32);
    writers_ = control_.plain<uint32_t>(16);
    max_message_ = control_.plain<uint64_t>(40);
    if (max_message_ == 0) max_message_ = std::max<uint64_t>(memory / 4, 1);
    uint64_t most = control_.plain<uint64_t>(48), most_memory = control_.plain<uint64_t>(56);
    if (most == 0) most = std::max(capacity, std::min<uint64_t>(64 * capacity, 8192));
    if (most_memory == 0) most_memory = memory;
    const uint64_t largest = max_message_ + control_.plain<uint64_t>(64);
    max_deliveries_ = control_.plain<uint32_t>(80);
    length_ = std::bit_ceil(std::max<uint64_t>(most, 256));
    const uint64_t spare = std::max<uint64_t>(1024, 16 * (participants + 8));
    uint64_t block = 0, offset = 0;
    for (uint64_t size = kInline; classes_.empty() || classes_.back().size < largest;) {
      const uint64_t number = most + spare;
      Class next{.size = size, .stride = 0, .first = block, .count = number, .offset = offset};
      if (!classes_.empty()) {
        next.stride = up(size, size < kPage ? 64 : kPage);
        next.count = std::min(number, most_memory / (classes_.back().size + 1));
      }
      block = up(block + next.count, 64);
      offset += next.count * next.stride;
      classes_.push_back(next);
      size = std::min(classes_.size() == 1 ? 256 : 4 * size, largest);
    }
    counts_inline_ = classes_[0].count * kInline > memory / 16;
    busy_at_ = kRingAt + up(8 * length_, kPage);
    returned_at_ = busy_at_ + up(block / 8, kPage);
    descriptors_at_ = returned_at_ + up(block / 8, kPage);
    tallies_at_ = descriptors_at_ + up(128 * block, kPage);
  }

  [[nodiscard]] uint64_t self() const { return roster_.self; }
  [[nodiscard]] uint32_t state() const { return control_.u32(128); }
  [[nodiscard]] bool stopped() const { return (state() & (1 | 2 | 4 | 16)) != 0; }
  [[nodiscard]] uint64_t of(uint64_t block) const { return descriptors_at_ + 128 * block; }
  [[nodiscard]] std::atomic_ref<uint64_t> own(uint64_t block) const { return control_.u64(of(block)); }
  [[nodiscard]] std::atomic_ref<uint64_t> busy(uint64_t block) const {
    return control_.u64(busy_at_ + block / 64 * 8);
  }
  [[nodiscard]] std::atomic_ref<uint64_t> returned(uint64_t block) const {
    return control_.u64(returned_at_ + block / 64 * 8);
  }
  [[nodiscard]] std::atomic_ref<uint64_t> ring(uint64_t ticket) const {
    return control_.u64(kRingAt + ticket % length_ * 8);
  }
  static uint64_t bit(uint64_t block) { return uint64_t{1} << block % 64; }
  [[nodiscard]] uint64_t word(uint64_t state, uint64_t ticket) const {
    return state << 60 | self() << 48 | ticket;
  }
  static uint64_t ticket_of(uint64_t word) { return word & 0xffff'ffff'ffff; }

  [[nodiscard]] unsigned class_for(uint64_t size) const {
    unsigned c = 0;
    while (classes_[c].size < size) ++c;
    return c;
  }
  [[nodiscard]] unsigned class_of(uint64_t block) const {
    unsigned c = 0;
    while (block - classes_[c].first >= classes_[c].count) ++c;
    return c;
  }
  [[nodiscard]] std::byte* bytes_of(uint64_t block) const {
    const Class& its = classes_[class_of(block)];
    return its.stride == 0 ? control_.at + of(block) + 48
                           : payload_.at + its.offset + (block - its.first) * its.stride;
  }
  [[nodiscard]] uint64_t charge(uint64_t block, uint64_t size) const {
    return class_of(block) == 0 && !counts_inline_ ? 0 : size;
  }
  void for_each_used(const std::function<void(uint64_t)>& visit) const {
    for (unsigned c = 0; c < classes_.size(); ++c)
      for (uint64_t i = 0; i < control_.u32(896 + 4 * c); ++i) visit(classes_[c].first + i);
  }

  // --- putting

  bool try_put(const std::string& bytes, uint64_t& block, Line& line, uint64_t& need) {
    if (stopped()) return true;
    if (block == kNone) {
      const unsigned c = class_for(bytes.size());
      line = kForBlock;
      need = c;
      if ((block = claim(c)) == kNone) return false;
      line = kForBytes;
      need = bytes.size();
      if (!reserve(block, bytes.size())) {
        free(std::exchange(block, kNone));
        return false;
      }
      std::memcpy(bytes_of(block), bytes.data(), bytes.size());
    }
    line = kForPlace;
    need = 0;
    return publish(block);
  }

  uint64_t claim(unsigned c) {
    const Class& its = classes_[c];
    for (;;) {
      const uint32_t used = control_.u32(896 + 4 * c);
      for (uint64_t block = its.first; block < its.first + used; ++block) {
        uint64_t free = 0;
        if (!own(block).compare_exchange_strong(free, word(kLoaned, 0))) continue;
        busy(block).fetch_or(bit(block));
        control_.u64(of(block) + 8) = 0;
        return block;
      }
      if (used >= its.count) return kNone;
      raise(control_.u32(896 + 4 * c), static_cast<uint32_t>(std::min(its.count, up(used + 1, 64))));
    }
  }

  bool reserve(uint64_t block, uint64_t size) {
    const uint64_t more = charge(block, size);
    uint64_t reserved = control_.u64(512);
    for (;;) {
      const uint64_t released = control_.u64(640);
      if (reserved - released + more > control_.u64(184)) return false;
      control_.u64(of(block) + 8) = size;
      if (more == 0 || control_.u64(512).compare_exchange_strong(reserved, reserved + more)) return true;
      control_.u64(of(block) + 8) = 0;
    }
  }

  bool publish(uint64_t block) {
    control_.u32(of(block) + 20) = 0;
    control_.u32(of(block) + 24) = 0;
    const auto producer = static_cast<std::uint16_t>(self());
    std::memcpy(control_.at + of(block) + 30, &producer, sizeof producer);
    control_.u64(of(block) + 32) = now_coarse();
    control_.u64(of(block) + 40) = 0;
    own(block) = word(kLoaned, 0);
    if (stopped()) return true;
    for (uint64_t t = std::max(control_.u64(256).load(), length_);;) {
      uint64_t there = ring(t);
      const uint64_t lap = there >> 24;
      if (lap >= t / length_) {
        t += (lap - t / length_) * length_ + 1;
        continue;
      }
      if (is_full_at(t)) {
        own(block) = word(kLoaned, 0);
        return false;
      }
      own(block) = word(kPushing, t);
      if (!ring(t).compare_exchange_strong(there, t / length_ << 24 | block)) continue;
      raise(control_.u64(256), t + 1);
      wake(kForMessage);
      return true;
    }
  }

  [[nodiscard]] bool is_full_at(uint64_t t) const {
    const uint64_t limit = control_.u64(144), old = t - limit;
    if (t < length_ + limit) return false;
    const uint64_t there = ring(old);
    return there >> 24 == old / length_ && own(there & 0xff'ffff) >> 60 == kPushing &&
           ticket_of(own(there & 0xff'ffff)) == old;
  }

  // --- taking

  uint64_t take() {
    if ((state() & 4) != 0) return kNone;
    if (const uint64_t block = take_returned(); block != kNone) return block;
    for (uint64_t h = std::max(control_.u64(384).load(), length_);; ++h) {
      const uint64_t there = ring(h), block = there & 0xff'ffff;
      if (there >> 24 < h / length_) return kNone;
      if (there >> 24 > h / length_) continue;
      uint64_t pushing = own(block);
      if (pushing >> 60 != kPushing || ticket_of(pushing) != h) continue;
      if (!own(block).compare_exchange_strong(pushing, word(kLeased, h))) continue;
      control_.u32(of(block) + 16) = 1;
      raise(control_.u64(384), h + 1);
      wake(kForPlace);
      if ((state() & 8) != 0) roster_.ring(0);
      return block;
    }
  }

  uint64_t take_returned() {
    for (;;) {
      uint64_t oldest = kNone, as = 0;
      for_each_used([&](uint64_t block) {
        if ((returned(block) & bit(block)) == 0) return;
        const uint64_t now = own(block);
        if (now >> 60 == kRedeliver && (oldest == kNone || ticket_of(now) < ticket_of(as)))
          oldest = block, as = now;
      });
      if (oldest == kNone) return kNone;
      const uint64_t ticket = ticket_of(as);
      if (!own(oldest).compare_exchange_strong(as, word(kLeased, ticket))) continue;
      returned(oldest).fetch_and(~bit(oldest));
      control_.u32(of(oldest) + 16) = 1;
      return oldest;
    }
  }

  bool is_at_end() {
    if ((state() & 1) == 0) return false;
    mark(kLeased, kWaited);
    bool comes = false;
    (void)control_.u32(772).load();
    for_each_used([&](uint64_t block) {
      (void)busy(block).load();
      const uint64_t now = own(block), is = now >> 60;
      comes = comes || is == kPushing || is == kLeased || is == kSettling || is == kRedeliver ||
              (is == kLoaned && ticket_of(now) == 0);
    });
    return !comes;
  }

  // What we hold, from the one to the other.
  void mark(uint64_t from, uint64_t to) {
    bool changed = false;
    for (const uint64_t block : held_) {
      uint64_t now = own(block);
      changed =
          (now >> 60 == from && own(block).compare_exchange_strong(now, word(to, ticket_of(now)))) || changed;
    }
    if (changed && to == kWaited) ring_everybody();
  }

  void free(uint64_t block) {
    control_.u32(of(block) + 16) = 0;
    control_.u64(640).fetch_add(charge(block, control_.u64(of(block) + 8)));
    own(block) = 0;
    busy(block).fetch_and(~bit(block));
    wake(kForBlock);
    wake(kForBytes);
    if ((state() & 1) != 0) ring_everybody();
    if ((state() & 8) != 0) roster_.ring(0);
  }

  void give_back(uint64_t block) {
    const uint64_t ticket = ticket_of(own(block)),
                   tries = std::min<uint64_t>(control_.u32(of(block) + 20) + 1, 0xffff);
    const bool dead = max_deliveries_ != 0 && tries >= max_deliveries_;
    control_.u64(776).fetch_or(uint64_t{1} << self() / 64);
    const auto count = control_.u64(tallies_at_ + 64 * self() + (dead ? 24 : 0));
    control_.u64(of(block) + 40) = uint64_t{1} << 63 | uint64_t{1} << 60 | tries << 44 | (count + 1);
    own(block) = word(kSettling, ticket);
    count.fetch_add(1);
    control_.u32(of(block) + 20) = static_cast<uint32_t>(tries);
    control_.u32(of(block) + 16) = 0;
    if (dead) {
      own(block) = word(kParked, ticket);
      control_.u32(772).fetch_add(1);
      if ((state() & 1) != 0) ring_everybody();
      roster_.ring(0);
      return;
    }
    control_.u64(of(block) + 40) = uint64_t{1} << 62;
    own(block) = kRedeliver << 60 | (tries & 0xfff) << 48 | ticket;
    returned(block).fetch_or(bit(block));
    control_.u32(768).fetch_add(1);
    wake(kForMessage);
  }

  // --- waiting

  void take_slot() {
    for (slot_ = 0; slot_ < kSlots; ++slot_) {
      raise(control_.u32(3328), static_cast<uint32_t>(slot_ + 1));
      uint32_t nobody = 0;
      if (!control_.u32(4096 + 16 * slot_).compare_exchange_strong(nobody, static_cast<uint32_t>(self())))
        continue;
      control_.u32(4096 + 16 * slot_ + 4) = roster_.bell;
      return;
    }
    std::abort();
  }

  [[nodiscard]] std::atomic_ref<uint64_t> mask(unsigned line, uint64_t slot) const {
    return control_.u64(1024 + 576 * line + slot / 64 * 8);
  }

  // Until `done`, which says in which line to stand if it is not.
  bool wait(const Until& until, Line& line, uint64_t& need, const std::function<bool()>& done) {
    for (;;) {
      if (done()) return true;
      if (until && Clock::now() >= *until) return false;
      const uint32_t heard = roster_.rings(roster_.bell);
      const Line in = line;
      control_.u64(4096 + 16 * slot_ + 8) = need;
      mask(in, slot_).fetch_or(bit(slot_));
      for (uint64_t now = control_.u64(152 + 8 * in);;)
        if (control_.u64(152 + 8 * in)
                .compare_exchange_weak(now, (now + (uint64_t{1} << 32)) | uint64_t{1} << slot_ / 128))
          break;
      const bool there = done();
      if (!there) roster_.sleep(heard, until);
      const bool elected = (mask(in, slot_).fetch_and(~bit(slot_)) & bit(slot_)) == 0;
      const bool enough = there || done();
      if (elected) wake(in);
      if (enough) return true;
    }
  }

  // One of those who want a message or a place; all of those who want a block or bytes, for they want
  // different ones.
  void wake(Line line) {
    for (uint64_t words = control_.u64(152 + 8 * line) & 0xffff'ffff; words != 0; words &= words - 1) {
      for (uint64_t slot = static_cast<uint64_t>(std::countr_zero(words)) * 128, end = slot + 128; slot < end;
           ++slot) {
        if ((mask(line, slot) & bit(slot)) == 0 || (mask(line, slot).fetch_and(~bit(slot)) & bit(slot)) == 0)
          continue;
        roster_.ring(control_.u32(4096 + 16 * slot + 4));
        if (line == kForMessage || line == kForPlace) return;
      }
    }
  }

  void ring_everybody() {
    for (uint64_t slot = 0; slot < control_.u32(3328); ++slot)
      if (control_.u32(4096 + 16 * slot) != 0) roster_.ring(control_.u32(4096 + 16 * slot + 4));
  }

  const Roster& roster_;
  Region control_, payload_;
  std::vector<Class> classes_;
  uint64_t max_message_ = 0, max_deliveries_ = 0, writers_ = 0, length_ = 0, slot_ = 0;
  uint64_t busy_at_ = 0, returned_at_ = 0, descriptors_at_ = 0, tallies_at_ = 0;
  bool counts_inline_ = true, closed_ = false;
  std::deque<uint64_t> held_;
};

}  // namespace procgraph::by_the_page
