#include "area_scenes.h"

#include <cstdlib>
#include <string>

#include "area/lock_word.h"
#include "area/sync.h"
#include "procgraph/admin.h"
#include "words.h"

namespace procgraph::weak {
namespace {

using detail::AreaControl;
using detail::AreaMemory;

constexpr std::uint64_t kChanges = 2;
using Two = std::array<std::uint64_t, 2>;  // both are the number of the change

alignas(4096) std::array<std::byte, 8192> control, data;
const int plain = 0;  // stands for memory that is not atomic

void require_whole(const Two& read, std::uint64_t& before) {
  require(read[0] == read[1], "all of it is of one change");
  before = read[0];
}

void write_part(const AreaMemory& area, std::uint16_t self, std::uint64_t number) {
  const Two two = {number, number};
  detail::write(area, self, 0, std::as_bytes(std::span(two)));
}

void write_value(const AreaMemory& area, std::uint16_t self, std::uint64_t number) {
  const Two two = {number, number};
  (void)detail::acquire(area.control().writer, self, std::nullopt);
  detail::write_value(area, 0, std::as_bytes(std::span(two)));
  detail::release(area.control().writer);
}

// Counts in memory that only the lock protects.
void count_locked(const AreaMemory& area, std::uint16_t self) {
  (void)detail::acquire(area.control().lock, self, std::nullopt);
  write_plain(&plain, read_plain(&plain) + 1);
  detail::release(area.control().lock);
}

}  // namespace

AreaScene::AreaScene(Play play, int threads, const AreaMutant& mutant)
    : play_(play), threads_(threads), mutant_(mutant) {
  if (!init_area(control, {.size = data.size(), .lock = true, .sync = {"object"}})) std::abort();
  area_ = *AreaMemory::attach(control, data);
}

void AreaScene::before() {
  if (play_ == Play::kEvent) (void)detail::make(*area_.find("object"), detail::SyncKind::kEvent, 0);
  write_plain(&plain, 0);
  weaken(weakening());
}

Weakening AreaScene::weakening() {
  AreaControl& c = area_.control();
  detail::SyncObject& object = *area_.find("object");
  const auto words = [&](const auto& first, std::size_t stride, std::size_t count) {
    return Weakening{reinterpret_cast<const std::byte*>(&first), stride, count, mutant_.access,
                     mutant_.order};
  };
  switch (mutant_.words) {
    case AreaWords::kLock:
      return words(c.lock, 64, 2);
    case AreaWords::kVersion:
      return words(c.version, 1, 1);
    case AreaWords::kData:
      return words(data, 8, data.size() / 8);
    case AreaWords::kAsked:
      return play_ == Play::kChange ? words(c.changes.asked, 1, 1) : words(object.waiters.asked, 1, 1);
    case AreaWords::kSync:
      return words(object.word, 1, 1);
    case AreaWords::kNone:
      break;
  }
  return {};
}

void AreaScene::thread(int index) {
  const auto self = static_cast<std::uint16_t>(index + 1);
  index + 1 < threads_ ? change(self) : read(self);
}

void AreaScene::change(std::uint16_t self) {
  for (std::uint64_t i = 1; i <= kChanges; ++i) {
    switch (play_) {
      case Play::kWrite:
        write_part(area_, self, i << 8 | self);
        break;
      case Play::kValue:
        write_value(area_, self, i << 8 | self);
        break;
      case Play::kChange:
        detail::note_change(area_.control());
        break;
      case Play::kLock:
        count_locked(area_, self);
        break;
      case Play::kEvent:
        if (i == 1 && self == 1) write_plain(&plain, 1);
        detail::set(*area_.find("object"));
        break;
      case Play::kPermit:
        require(detail::add_permits(*area_.find("object"), 0, 1), "room");
        break;
    }
  }
}

void AreaScene::read(std::uint16_t self) {
  const std::uint64_t all = kChanges * static_cast<std::uint64_t>(threads_ - 1);
  Two two{};
  std::uint64_t last = 0;
  switch (play_) {
    case Play::kWrite:
      for (int i = 0; i < 2; ++i) {
        require(detail::read(area_, 0, std::as_writable_bytes(std::span(two)), std::nullopt) ==
                    detail::ReadEnd::kDone,
                "read");
        require_whole(two, last);
      }
      break;
    case Play::kValue:
      for (int i = 0; i < 2; ++i) {
        detail::read_value(area_, 0, std::as_writable_bytes(std::span(two)));
        require_whole(two, last);
      }
      break;
    case Play::kChange:
      (void)detail::await(area_.control().changes, std::nullopt,
                          [&] { return detail::version_of(area_.control()) == all; });
      break;
    case Play::kLock:
      count_locked(area_, self);
      break;
    case Play::kEvent:
      require(detail::wait(*area_.find("object"), std::nullopt), "wait");
      require(read_plain(&plain) == 1, "what was stored before it was set");
      break;
    case Play::kPermit:
      for (std::uint64_t i = 0; i < all; ++i)
        require(detail::take_permit(*area_.find("object"), 0, std::nullopt), "take");
      break;
  }
}

}  // namespace procgraph::weak
