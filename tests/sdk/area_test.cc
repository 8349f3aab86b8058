// Shared memory areas between processes, as a node sees them.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <string>

#include "area/lock_word.h"
#include "area/sync.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string read_text(const SharedMemory& area, std::size_t at, std::size_t size) {
  std::string text(size, '?');
  area.read(at, std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

TEST(Area, IsSeenByReadersAsItsWritersLeaveIt) {
  TestArea a({.size = 100});
  EXPECT_EQ(a.run(1, "write",
                  [](Node&, SharedMemory& area) {
                    area.write(3, bytes_of("hello, world"));
                    std::memcpy(area.writable().data() + 50, "raw", 3);
                    return area.size() == 100 && area.version() == 1 ? 0 : 1;
                  }),
            0);
  EXPECT_EQ(a.run(2, "read",
                  [](Node&, SharedMemory& area) {
                    const bool raw = std::memcmp(area.bytes().data() + 50, "raw", 3) == 0;
                    return raw && read_text(area, 2, 14) == std::string("\0hello, world\0", 14) ? 0 : 1;
                  }),
            0);
}

TEST(Area, OfAReaderIsReadOnlyWhateverItTries) {
  TestArea a({.size = 4096});
  EXPECT_EQ(a.run(1, "read",
                  [](Node&, SharedMemory& area) {
                    auto* data = const_cast<std::byte*>(area.bytes().data());
                    bool right = mprotect(data, 4096, PROT_READ | PROT_WRITE) == -1 && errno == EACCES;
                    right &= refused<NoSuchPort>([&] { (void)area.writable(); }) ==
                             "this process only reads area 'a': name it in `writes`";
                    right &= refused<NoSuchPort>([&] { area.write(0, bytes_of("x")); }) != "accepted";
                    right &= refused<NoSuchPort>([&] { Value<int>(area).store(1); }) != "accepted";
                    right &= refused<NoSuchPort>([&] { Array<int>(area, 0, 1).store(0, 1); }) != "accepted";
                    return right ? 0 : 1;
                  }),
            0);
  EXPECT_EQ(a.run(2, "read",
                  [](Node&, SharedMemory& area) {
                    signal(SIGSEGV, SIG_DFL);
                    *const_cast<volatile std::byte*>(area.bytes().data()) = std::byte{1};
                    return 0;
                  }),
            128 + SIGSEGV);
  EXPECT_EQ(a.data()[0], std::byte{0});
}

TEST(Area, SaysWhereAPlaceIsBeyondItsEnd) {
  TestArea a({.size = 16});
  EXPECT_EQ(a.run(1, "write",
                  [](Node&, SharedMemory& area) {
                    std::array<std::byte, 9> nine{};
                    bool right = refused<TooLarge>([&] { area.write(8, nine); }) ==
                                 "area 'a' has 16 bytes: 9 from byte 8 on are too many";
                    right &= refused<TooLarge>([&] { area.read(17, {}); }) != "accepted";
                    right &= refused<TooLarge>([&] { (void)Value<int>(area, 8); }) != "accepted";
                    right &= refused<Failure>([&] { (void)Array<int>(area, 2, 1); }) ==
                             "byte 2 of area 'a' is no multiple of 4";
                    right &= refused<TooLarge>([&] { (void)Array<int>(area, 8, 2).load(2); }) != "accepted";
                    return right ? 0 : 1;
                  }),
            0);
}

TEST(Area, CannotBeUsedByAChildOfAFork) {
  TestArea a({.size = 16, .lock = true});
  EXPECT_EQ(a.run(1, "write",
                  [](Node&, SharedMemory& area) {
                    Held held = area.lock();
                    const pid_t pid = fork();
                    if (pid == 0) {
                      const bool right = refused<NotInGraph>([&] { (void)area.version(); }) != "accepted";
                      held.release();  // not the child's to give
                      _exit(right ? 0 : 1);
                    }
                    const int code = wait_for_end(pid);
                    return code == 0 && !area.try_lock() ? 0 : 1;
                  }),
            0);
}

TEST(Area, IsReadWholeOrNotAtAllWhileItIsWritten) {
  constexpr std::size_t kSize = 1000;
  TestArea a({.size = kSize + 3});
  const pid_t writer = a.start(1, "write", [](Node&, SharedMemory& area) {
    std::string text(kSize, 'a');
    for (int i = 0; i < 3000; ++i) {
      text.assign(kSize, static_cast<char>('a' + i % 26));
      area.write(3, bytes_of(text));
    }
    return 0;
  });
  EXPECT_EQ(a.run(2, "read",
                  [](Node&, SharedMemory& area) {
                    std::uint64_t version = 0;
                    while (version < 3000) {
                      version = area.version();
                      const std::string text = read_text(area, 3, kSize);
                      if (text != std::string(kSize, text[0])) return 1;
                    }
                    return 0;
                  }),
            0);
  EXPECT_EQ(wait_for_end(writer), 0);
}

// What a writer leaves that is killed between two of its bytes.
void die_while_writing(TestArea& a, std::uint16_t participant, std::uint64_t begin, std::uint64_t end) {
  a.words().writer.store(participant);
  a.words().begin.store(begin);
  a.words().end.store(end);
  a.words().version.fetch_add(1);
}

TEST(Area, TellsReadersOfAWriteThatItsWriterDidNotFinishUntilItIsWrittenAgain) {
  TestArea a({.size = 100});
  die_while_writing(a, 7, 10, 20);
  a.reap(7);
  EXPECT_EQ(a.run(1, "write",
                  [](Node&, SharedMemory& area) {
                    const auto torn = [&](std::size_t at, std::size_t size) {
                      return refused<Torn>([&] { (void)read_text(area, at, size); }) != "accepted";
                    };
                    bool right = torn(0, 11) && torn(12, 3) && torn(19, 5) && !torn(0, 10) && !torn(20, 80);
                    area.write(10, bytes_of("123456789"));  // not all of it
                    right &= torn(12, 3);
                    area.write(10, bytes_of("1234567890"));
                    right &= read_text(area, 9, 12) == std::string(
                                                           "\0"
                                                           "1234567890\0",
                                                           12);
                    return right && area.version() == 3 ? 0 : 1;
                  }),
            0);
}

TEST(Area, AddsUpWhatSeveralDeadWritersLeft) {
  TestArea a({.size = 100});
  die_while_writing(a, 7, 10, 20);
  a.reap(7);
  die_while_writing(a, 8, 30, 40);
  a.reap(8);
  a.reap(8);  // again: nothing more
  EXPECT_EQ(a.words().torn_begin.load(), 10u);
  EXPECT_EQ(a.words().torn_end.load(), 40u);
  EXPECT_EQ(a.words().version.load() % 2, 0u);
}

TEST(Area, ReadsWaitWhileAWriterIsStoppedAndNoLongerThanTheyWant) {
  TestArea a({.size = 100});
  die_while_writing(a, 7, 10, 20);
  EXPECT_EQ(a.run(1, "read",
                  [](Node&, SharedMemory& area) {
                    std::array<std::byte, 5> into{};
                    return area.read(50, into, 1ms) ? 1 : 0;
                  }),
            0);
  a.words().changes.asked = 0;
  const pid_t reader = a.start(2, "read", [](Node&, SharedMemory& area) {
    std::array<std::byte, 5> into{};
    return area.read(50, into, kForever) ? 0 : 1;
  });
  wait_until([&] { return a.words().changes.asked.load() != 0; });
  a.reap(7);
  EXPECT_EQ(wait_for_end(reader), 0);
}

struct Pair {
  std::uint64_t first, second, third;
};

TEST(Value, IsWholeForEveryReaderAndChangesInOneStep) {
  TestArea a({.size = 200});
  EXPECT_EQ(a.run(9, "read",
                  [](Node&, SharedMemory& area) { return Value<Pair>(area, 8).load().first == 0 ? 0 : 1; }),
            0);
  std::array<pid_t, 2> writers{};
  for (std::uint16_t i = 0; i < 2; ++i) {
    writers[i] = a.start(i + 1, "write", [](Node&, SharedMemory& area) {
      Value<Pair> value(area, 8);
      for (int n = 0; n < 2000; ++n) {
        value.update([](Pair& p) {
          ++p.first;
          p.second = 2 * p.first;
          p.third = 3 * p.first;
        });
      }
      return 0;
    });
  }
  EXPECT_EQ(a.run(3, "read",
                  [](Node&, SharedMemory& area) {
                    const Value<Pair> value(area, 8);
                    while (true) {
                      const Pair p = value.load();
                      if (p.second != 2 * p.first || p.third != 3 * p.first) return 1;
                      if (p.first == 4000) return 0;
                    }
                  }),
            0);
  for (pid_t pid : writers) EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_EQ(detail::version_of(a.words()), 4000u);
}

TEST(Array, ChangesEachElementByItself) {
  TestArea a({.size = 64});
  std::array<pid_t, 3> adders{};
  for (std::uint16_t i = 0; i < 3; ++i) {
    adders[i] = a.start(i + 1, "write", [i](Node&, SharedMemory& area) {
      Array<std::int32_t> array(area, 4, 8);
      for (int n = 0; n < 5000; ++n) array.add(static_cast<std::size_t>(n % 7), 1);
      array.store(7, i);
      return array.size() == 8 ? 0 : 1;
    });
  }
  for (pid_t pid : adders) EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_EQ(a.run(4, "read",
                  [](Node&, SharedMemory& area) {
                    const Array<std::int32_t> array(area, 4, 8);
                    int sum = 0;
                    for (std::size_t i = 0; i < 7; ++i) sum += array.load(i);
                    return sum == 15000 && array.load(7) < 3 ? 0 : 1;
                  }),
            0);
}

TEST(Changes, WakeWhoWaitsForThem) {
  TestArea a({.size = 64});
  EXPECT_EQ(
      a.run(1, "read",
            [](Node&, SharedMemory& area) { return area.wait_for_change(area.version(), 1ms) ? 1 : 0; }),
      0);
  a.words().changes.asked = 0;
  const pid_t waiter = a.start(1, "read", [](Node&, SharedMemory& area) {
    const auto first = area.wait_for_change(0);
    if (!first || read_text(area, 0, 2) != "hi") return 2;
    return area.wait_for_change(*first) == 2u ? 0 : 3;
  });
  wait_until([&] { return a.words().changes.asked.load() != 0; });
  EXPECT_EQ(a.run(2, "write",
                  [](Node&, SharedMemory& area) {
                    area.write(0, bytes_of("hi"));
                    return 0;
                  }),
            0);
  wait_until([&] { return a.words().changes.asked.load() != 0; });
  EXPECT_EQ(a.run(3, "read",
                  [](Node&, SharedMemory& area) {
                    area.changed();
                    return 0;
                  }),
            0);
  EXPECT_EQ(wait_for_end(waiter), 0);
}

TEST(AreaAdmin, RefusesWhatMakesNoSenseAndLeavesStrangeMemoryAlone) {
  EXPECT_EQ(area_sizes({.size = 0}).error().text(), "an area has from 1 byte to 64 TiB");
  EXPECT_FALSE(area_sizes({.size = 1, .sync = {"a", "a"}}));
  EXPECT_FALSE(area_sizes({.size = 1, .sync = {std::string(64, 'x')}}));
  EXPECT_EQ(area_sizes({.size = 5, .sync = std::vector<std::string>(1, "a")})->control, 4096u);
  Region zeros(4096);
  reap_area(zeros.bytes(), 1);
  sidestep_area(zeros.bytes());
  for (std::byte b : zeros.bytes()) ASSERT_EQ(b, std::byte{0});
  TestArea hostile({.size = 64});
  reinterpret_cast<detail::AreaControl*>(hostile.control().data())->header.sync_objects = 1U << 30U;
  EXPECT_EQ(detail::AreaMemory::attach(hostile.control(), {}).error().text(),
            "area: the control region is too small");
}

// What a hostile process can write: everything in the control region.
TEST(AreaAdmin, OutlivesAnyBytesBehindTheHeader) {
  TestArea a({.size = 64, .lock = true, .sync = {"x", "y"}});
  const std::span<std::byte> rest = a.control().subspan(sizeof(detail::AreaHeader));
  std::mt19937 random(static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed()));
  for (int round = 0; round < 2000; ++round) {
    for (std::byte& b : rest.first(2 * sizeof(detail::AreaControl))) b = static_cast<std::byte>(random());
    const detail::AreaMemory area = a.memory();
    std::array<std::byte, 8> into{};
    (void)area.find("x");
    (void)detail::read(area, 0, into, detail::kAtOnce);
    for (detail::SyncObject& object : area.sync_objects()) {
      (void)detail::make(object, detail::SyncKind::kEvent);
      (void)detail::wait(object, detail::kAtOnce);
      (void)detail::take_permit(object, 1, detail::kAtOnce);
      (void)detail::add_permits(object, 1, 1);
    }
    a.words().writer = 7;
    a.reap(7);
    EXPECT_EQ(a.words().version.load() % 2, 0U);
    EXPECT_TRUE(detail::acquire(a.words().writer, 1, detail::kAtOnce));
    detail::release(a.words().writer);
    detail::write(area, 1, 0, into);
    sidestep_area(a.control());
  }
}

}  // namespace
}  // namespace procgraph::testing
