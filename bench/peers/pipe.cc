// pipe(2), of 1 MiB where the kernel allows it: the larger, the faster.
#include <fcntl.h>
#include <unistd.h>

#include "descriptor_link.h"

namespace {

struct Pipe {
  static bench::Ends open(const bench::Terms&, char) {
    int ends[2];
    bench::checked(pipe2(ends, O_CLOEXEC), "pipe2");
    (void)!fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    return {.read = ends[0], .write = ends[1]};
  }
  static void write(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty())
      bytes = bytes.subspan(
          static_cast<std::size_t>(bench::checked(::write(fd, bytes.data(), bytes.size()), "write")));
  }
  static void read(int fd, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
      const long got = bench::checked(::read(fd, bytes.data(), bytes.size()), "read");
      bench::check(got > 0, "the pipe ended too early");
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  return bench::contest<bench::DescriptorLink<Pipe>>(argc, argv);
}
