// The words, on Relacy (D. Vyukov, "Relacy Race Detector"): it runs the threads of a scene as fibers,
// switches at every access, and lets a load return any of the last three values of its word that C++11
// allows. What it does not show: an access that moves before an earlier load, and stores to one word in
// another order than they were run.
#include "words.h"

#undef atomic
#undef atomic_ref
#undef syscall

#include <cstdlib>
#include <ostream>

#include "scene.h"

#include <relacy/relacy.hpp>  // last: it makes macros of half the system's names

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef errno
#undef assert
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

namespace procgraph::weak {
namespace {

// What stands at an address in this run. No memory is allocated for it: the checker counts that.
struct Entry {
  const void* address;
  void (*destroy)(void*);
  alignas(16) std::array<std::byte, 128> object;
};
constexpr std::size_t kEntries = 1U << 12;
std::array<Entry, kEntries> entries;
std::array<std::size_t, kEntries> used;  // their indexes
std::size_t used_count;

void forget_all(bool destroy) {
  for (; used_count > 0; --used_count) {
    Entry& entry = entries[used[used_count - 1]];
    if (destroy) entry.destroy(&entry.object);
    entry.address = nullptr;
  }
}

// The object of this type that stands for the address; made where there is none yet.
template <class Object>
Object& at(const void* address) {
  static_assert(sizeof(Object) <= sizeof(Entry::object));
  std::size_t i = reinterpret_cast<std::uintptr_t>(address) / 4 * 2654435761U % kEntries;
  while (entries[i].address != nullptr && entries[i].address != address) i = (i + 1) % kEntries;
  Entry& entry = entries[i];
  if (entry.address == nullptr) {
    ::new (&entry.object) Object();
    entry.address = address;
    entry.destroy = [](void* object) { static_cast<Object*>(object)->~Object(); };
    used[used_count++] = i;
    if (used_count == kEntries) std::abort();
  }
  return *reinterpret_cast<Object*>(&entry.object);
}

template <class T>
using Word = rl::generic_atomic<T, true>;  // zero at first, to everybody

// The words of earlier runs are made before the threads begin: only what was stored then can be seen later
// than what was stored after it. One that a thread is the first to touch, this once, begins as zero for all.
struct Known {
  const void* address;
  void (*make)(const void*);
};
std::array<Known, kEntries> known;
std::size_t known_count;

template <class T>
void make(const void* address) {
  at<Word<T>>(address).store(0, rl::mo_relaxed, rl::debug_info());
}

template <class T>
Word<T>& word_at(const void* address) {
  const std::size_t before = used_count;
  Word<T>& word = at<Word<T>>(address);
  const bool is_new = used_count != before;
  if (is_new) known[known_count++] = {address, make<T>};
  return word;
}

void make_known() {
  for (std::size_t i = 0; i < known_count; ++i) known[i].make(known[i].address);
}

Weakening weakened;

rl::memory_order to_checker(const void* word, Access access, std::memory_order order) {
  if (weakened.first != nullptr && access == weakened.access) {
    const std::ptrdiff_t distance = static_cast<const std::byte*>(word) - weakened.first;
    const auto stride = static_cast<std::ptrdiff_t>(weakened.stride);
    if (distance >= 0 && distance % stride == 0 &&
        static_cast<std::size_t>(distance / stride) < weakened.count)
      order = weakened.order;
  }
  switch (order) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    default:
      return rl::mo_seq_cst;
  }
}

template <int threads>
struct Suite : rl::test_suite<Suite<threads>, threads> {
  static Scene* scene;
  void before() {
    forget_all(false);  // of a run that failed: its checker is gone
    weakened = {};
    make_known();
    scene->before();
  }
  void thread(unsigned index) { scene->thread(static_cast<int>(index)); }
  void after() {
    scene->after();
    forget_all(true);
  }
};
template <int threads>
Scene* Suite<threads>::scene;

template <int threads>
std::string simulate(Scene& scene, std::uint64_t runs) {
  Suite<threads>::scene = &scene;
  known_count = 0;
  std::ostream stream(nullptr);  // its history of a run that failed is thousands of lines long
  rl::test_params params;
  params.iteration_count = runs;
  params.execution_depth_limit = 20'000;
  params.output_stream = &stream;
  params.progress_stream = &stream;
  if (rl::simulate<Suite<threads>>(params)) return "";
  return rl::test_result_str(params.test_result) + (" in run " + std::to_string(params.stop_iteration));
}

}  // namespace

void weaken(const Weakening& weakening) {
  weakened = weakening;
}

void require(bool holds, const char* what) {
  if (!holds) rl::ctx().fail_test(what, rl::test_result_user_assert_failed, rl::debug_info());
}

std::string check(Scene& scene, std::uint64_t runs) {
  return scene.threads() == 2 ? simulate<2>(scene, runs) : simulate<3>(scene, runs);
}

template <class T>
T load(const void* word, std::memory_order order) {
  return word_at<T>(word).load(to_checker(word, Access::kLoad, order), rl::debug_info());
}

template <class T>
void store(const void* word, T value, std::memory_order order) {
  word_at<T>(word).store(value, to_checker(word, Access::kStore, order), rl::debug_info());
}

template <class T>
T change(const void* word, Change how, T operand, std::memory_order order) {
  Word<T>& w = word_at<T>(word);
  const rl::memory_order as = to_checker(word, Access::kExchange, order);
  const rl::debug_info here;
  switch (how) {
    case Change::kExchange:
      return w.rmw(rl::rmw_type_t<rl::rmw_type_swap>(), operand, as, here);
    case Change::kAdd:
      return w.rmw(rl::rmw_type_t<rl::rmw_type_add>(), operand, as, here);
    case Change::kSubtract:
      return w.rmw(rl::rmw_type_t<rl::rmw_type_sub>(), operand, as, here);
    case Change::kAnd:
      return w.rmw(rl::rmw_type_t<rl::rmw_type_and>(), operand, as, here);
    case Change::kOr:
      return w.rmw(rl::rmw_type_t<rl::rmw_type_or>(), operand, as, here);
  }
  return operand;
}

template <class T>
bool compare_exchange(const void* word, T& expected, T desired, std::memory_order order) {
  return word_at<T>(word).compare_exchange_strong(
      expected, desired, to_checker(word, Access::kExchange, order), rl::debug_info());
}

// The kernel compares under a lock that the waker takes too: the newest value, and nobody comes between.
long sleep_or_wake(const void* word, int operation, std::uint32_t operand) {
  auto& w = word_at<std::uint32_t>(word);
  const rl::debug_info here;
  if (operation == FUTEX_WAKE) return w.wake(rl::ctx(), static_cast<int>(operand), here);
  const std::uint32_t now = w.rmw(rl::rmw_type_t<rl::rmw_type_add>(), 0U, rl::mo_relaxed, here);
  if (now == operand) w.wait(rl::ctx(), false, false, here);
  return 0;
}

void write_plain(const void* address, std::uint64_t value) {
  at<rl::var<std::uint64_t>>(address)(rl::debug_info()).store(value);
}
std::uint64_t read_plain(const void* address) {
  return at<rl::var<std::uint64_t>>(address)(rl::debug_info()).load();
}

template std::uint64_t load(const void*, std::memory_order);
template std::uint32_t load(const void*, std::memory_order);
template std::int32_t load(const void*, std::memory_order);
template unsigned char load(const void*, std::memory_order);
template void store(const void*, std::uint64_t, std::memory_order);
template void store(const void*, std::uint32_t, std::memory_order);
template void store(const void*, std::int32_t, std::memory_order);
template void store(const void*, unsigned char, std::memory_order);
template std::uint64_t change(const void*, Change, std::uint64_t, std::memory_order);
template std::uint32_t change(const void*, Change, std::uint32_t, std::memory_order);
template bool compare_exchange(const void*, std::uint64_t&, std::uint64_t, std::memory_order);
template bool compare_exchange(const void*, std::uint32_t&, std::uint32_t, std::memory_order);

}  // namespace procgraph::weak
