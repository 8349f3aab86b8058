// What the processor is asked for directly. Hints: the program means the same without them.
#pragma once

namespace procgraph::detail {

// Lets the other hyperthread run while we look again.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

// Fetches a cache line; harmless for an address that is none.
inline void prefetch_to_read(const void* line) {
  __builtin_prefetch(line);
}

// Fetches a cache line that we are about to write, to hold it alone. The compiler's own prefetch asks for a
// copy to read where it does not know better, and taking the line from the other side later costs the same
// way again.
inline void prefetch_to_write(const void* line) {
#if defined(__x86_64__)
  asm volatile(
      "prefetchw %0" ::"m"(*static_cast<const char*>(line)));  // where it is not known it does nothing
#else
  __builtin_prefetch(line, 1);
#endif
}

}  // namespace procgraph::detail
