// discard: reads its input to the end, throws it away and says how much it was. Its input is the port that is
// named, or standard input.
#include <procgraph/node.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// The whole of standard input; nothing if it cannot be read.
bool discard_bytes(std::uint64_t& bytes) {
  static std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got == 0) return true;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    bytes += static_cast<std::uint64_t>(got);
  }
}

void tell(std::uint64_t count, const char* what) {
  std::fprintf(stderr, "discarded %llu %s%s\n", static_cast<unsigned long long>(count), what,
               count == 1 ? "" : "s");
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t count = 0;
  if (argc > 1) {
    procgraph::Node node;
    auto input = node.reader(argv[1]);
    for ([[maybe_unused]] procgraph::Message& message : input) ++count;
    tell(count, "message");
    return 0;
  }
  if (!discard_bytes(count)) {
    std::perror("discard: read");
    return EXIT_FAILURE;
  }
  tell(count, "byte");
}
