// blocks N: puts its standard input into a queue, N bytes at a time (1 MiB); where there is a line's end
// among them no further than to the last one, so that no line is in two messages.
#include <procgraph/node.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

namespace {

// As much as fits, or all that is left; less than that is the end of the input.
std::size_t fill(std::span<std::byte> space) {
  std::size_t filled = 0;
  while (filled < space.size()) {
    const ssize_t got = read(STDIN_FILENO, space.data() + filled, space.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      std::perror("blocks: read");
      std::exit(EXIT_FAILURE);
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

// Where the last line ends; all of it where none does.
std::size_t whole_lines(std::span<const std::byte> block) {
  const void* last = memrchr(block.data(), '\n', block.size());
  return last == nullptr ? block.size()
                         : static_cast<std::size_t>(static_cast<const std::byte*>(last) - block.data()) + 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t size = argc > 1 ? std::max(std::atoll(argv[1]), 1LL) : 1 << 20;
  procgraph::Node node;
  auto out = node.writer(node.ports().at(0).name);
  std::vector<std::byte> rest;  // of a line that has begun
  for (bool more = true; more;) {
    procgraph::Loan loan = out.loan(size);
    const std::span<std::byte> block = loan.bytes();
    std::ranges::copy(rest, block.begin());
    const std::size_t filled = rest.size() + fill(block.subspan(rest.size()));
    more = filled == size;
    const std::size_t end = more ? whole_lines(block) : filled;
    rest.assign(block.begin() + static_cast<std::ptrdiff_t>(end),
                block.begin() + static_cast<std::ptrdiff_t>(filled));
    if (end > 0) loan.commit(end);
  }
}
