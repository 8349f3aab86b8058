// discard: reads its input to the end and throws it away. With PROCGRAPH_VERBOSE set it says how much that
// was.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

int main() {
  static std::array<char, 1 << 16> buffer;
  std::uint64_t bytes = 0;
  for (;;) {
    ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      std::perror("discard: read");
      return EXIT_FAILURE;
    }
    bytes += static_cast<std::uint64_t>(got);
  }
  if (std::getenv("PROCGRAPH_VERBOSE") != nullptr) {
    std::fprintf(stderr, "discarded %llu bytes\n", static_cast<unsigned long long>(bytes));
  }
}
