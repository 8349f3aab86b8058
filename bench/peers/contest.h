// contest(): what every contender is put through, on the same terms and from the same command line.
//
//   throughput SIZE COUNT                     messages/s, and the CPU time of both sides for each
//   latency SIZE COUNT spin|sleep [one-core]  p50 and p99 of half a round trip, in ns
//
// A contender is a Link: one way from one process to another.
//
//   struct Link {
//     static constexpr bool kPinned;        // each side on a core of its own; false where it has threads
//     Link(const Terms& terms, char which); // before the fork; at most two at a time, `which` tells them
//     apart struct Sender {
//       explicit Sender(Link& link);        // after the receiver has been made
//       void send(auto fill);               // fill(bytes) writes what matters of a message of terms.size
//       bytes
//       void flush();                       // where it has, what send() held back goes now
//     };
//     struct Receiver {
//       explicit Receiver(Link& link);
//       void receive(auto look);            // look(bytes) reads it
//     };
//   };
//
// Each message bears its number in its first and in its last eight bytes. One that is lost, doubled, torn or
// out of order ends the run with exit code 1; a contender that cannot keep the terms says so and ends
// with 77.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

struct Terms {
  bool latency = false;  // else throughput
  std::size_t size = 64;
  std::uint64_t count = 0;
  bool spin = false;      // of a latency: look all the time; false: sleep until woken
  bool one_core = false;  // of a latency: both sides on one core
  std::size_t depth = 1;  // how many messages a contender that asks should have room for
  std::string name;       // of this run, unique on this machine
};

[[noreturn]] void fail(const char* what, int error = 0);
[[noreturn]] void cannot(const char* why);
inline void check(bool good, const char* what) {
  if (!good) fail(what);
}
// For what returns -1 and sets errno.
long checked(long result, const char* what);

Terms terms_of(int argc, char** argv);

// Zeroed, shared with every child, and never unmapped.
void* shared_memory(std::size_t size);
template <class T>
T* in_shared_memory() {
  return new (shared_memory(sizeof(T))) T;
}

inline void stamp(std::span<std::byte> bytes, std::uint64_t number) {
  std::memcpy(bytes.data(), &number, 8);
  std::memcpy(bytes.data() + bytes.size() - 8, &number, 8);
}

inline void check_stamp(std::span<const std::byte> bytes, std::size_t size, std::uint64_t number) {
  std::uint64_t first = 0, last = 0;
  check(bytes.size() == size, "a message of another size");
  std::memcpy(&first, bytes.data(), 8);
  std::memcpy(&last, bytes.data() + size - 8, 8);
  check(first == number && last == number, "a message lost, torn or out of order");
}

// Keeps the compiler from leaving out what only writes to memory.
inline void use(const void* memory) {
  asm volatile("" : : "r"(memory) : "memory");
}

// A message in a process's own memory. It begins 64 bytes into a page, for all contenders: where one copies
// from the beginning of a page to 16 bytes into another, which is where malloc() puts what is large, the `rep
// movsb` of some processors takes twenty times as long, and who meets it would be chance.
class Buffer {
 public:
  explicit Buffer(std::size_t size) : memory_(size + kPage + kBegin, std::byte{1}) {
    const auto at = reinterpret_cast<std::uintptr_t>(memory_.data());
    bytes_ = std::span(memory_).subspan((kPage - at % kPage) + kBegin, size);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::byte* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  static constexpr std::size_t kPage = 4096, kBegin = 64;

  std::vector<std::byte> memory_;
  std::span<std::byte> bytes_;
};

// Where the two processes meet, and what they found.
class Stage {
 public:
  // Returns once both sides have called it as often as this one has. Sleeps meanwhile.
  void meet();

  double seconds = 0;
  double cpu[2] = {};       // seconds, of sender and receiver
  double p50 = 0, p99 = 0;  // ns

 private:
  std::atomic<std::uint32_t> arrivals_{0};
};

// Runs both in processes of their own; on one core, where the terms say so.
void run_both(const Terms& terms, const std::function<void()>& first, const std::function<void()>& second);
// From now on side 0 or 1 stays on a core of its own. Only once its end exists: a library that sees one core
// would not look for messages before it sleeps.
void separate(const Terms& terms, int side);

double cpu_seconds();  // of this process, all threads
void print_throughput(const Terms& terms, const Stage& stage);
void print_latency(const Stage& stage);
// Of round trips in ns; sorts them.
void halve(Stage& stage, std::vector<std::uint32_t>& trips);

// The clock runs from the moment when both sides have seen some messages pass, so that neither connecting nor
// first touches count, to the receipt of the last one.
template <class Link>
void throughput(const Terms& terms) {
  Link link(terms, 'a');
  auto* stage = in_shared_memory<Stage>();
  const std::uint64_t before = 2 * terms.depth + 2, all = before + terms.count;
  auto measured = [&](int side, auto step, auto flush) {
    for (std::uint64_t i = 0; i < before; ++i) step(i);
    flush();
    stage->meet();
    const double cpu = cpu_seconds();
    const auto began = Clock::now();
    for (std::uint64_t i = before; i < all; ++i) step(i);
    flush();
    const std::chrono::duration<double> took = Clock::now() - began;
    stage->meet();
    stage->cpu[side] = cpu_seconds() - cpu;
    return took.count();
  };
  run_both(
      terms,
      [&] {
        stage->meet();
        typename Link::Sender sender(link);
        if (Link::kPinned) separate(terms, 0);
        measured(
            0, [&](std::uint64_t i) { sender.send([&](std::span<std::byte> bytes) { stamp(bytes, i); }); },
            [&] {
              if constexpr (requires { sender.flush(); }) sender.flush();
            });
      },
      [&] {
        typename Link::Receiver receiver(link);
        if (Link::kPinned) separate(terms, 1);
        stage->meet();
        stage->seconds = measured(
            1,
            [&](std::uint64_t i) {
              receiver.receive([&](std::span<const std::byte> bytes) { check_stamp(bytes, terms.size, i); });
            },
            [] {});
      });
  print_throughput(terms, *stage);
}

template <class Link>
void latency(const Terms& terms) {
  Link there(terms, 'a'), back(terms, 'b');
  auto* stage = in_shared_memory<Stage>();
  const std::uint64_t before = 100, all = before + terms.count;
  auto trip = [&](auto& sender, auto& receiver, std::uint64_t i, bool sends_first) {
    if (sends_first) sender.send([&](std::span<std::byte> bytes) { stamp(bytes, i); });
    receiver.receive([&](std::span<const std::byte> bytes) { check_stamp(bytes, terms.size, i); });
    if (!sends_first) sender.send([&](std::span<std::byte> bytes) { stamp(bytes, i); });
  };
  run_both(
      terms,
      [&] {
        typename Link::Receiver receiver(back);
        stage->meet();
        typename Link::Sender sender(there);
        if (Link::kPinned) separate(terms, 0);
        std::vector<std::uint32_t> trips;
        trips.reserve(all);
        auto began = Clock::now();
        for (std::uint64_t i = 0; i < all; ++i) {
          trip(sender, receiver, i, true);
          const auto now = Clock::now();
          if (i >= before) trips.push_back(static_cast<std::uint32_t>((now - began).count()));
          began = now;
        }
        halve(*stage, trips);
        stage->meet();
      },
      [&] {
        typename Link::Receiver receiver(there);
        stage->meet();
        typename Link::Sender sender(back);
        if (Link::kPinned) separate(terms, 1);
        for (std::uint64_t i = 0; i < all; ++i) trip(sender, receiver, i, false);
        stage->meet();
      });
  print_latency(*stage);
}

template <class Link>
int contest(int argc, char** argv) {
  const Terms terms = terms_of(argc, argv);
  if (terms.latency) {
    latency<Link>(terms);
  } else {
    throughput<Link>(terms);
  }
  return 0;
}

}  // namespace bench
