// A pair of sockets that keeps messages apart, with the largest buffer that it may have.
#include <sys/socket.h>

#include "descriptor_link.h"

namespace {

struct Seqpacket {
  static bench::Ends open(const bench::Terms&, char) {
    int ends[2];
    bench::checked(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    const int buffer = 4 << 20;
    if (setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer) != 0) {
      (void)!setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    }
    return {.read = ends[0], .write = ends[1]};
  }
  static void write(int fd, std::span<const std::byte> bytes) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EMSGSIZE) bench::cannot("its buffer may not hold such a message");
    bench::checked(sent, "send");
  }
  static void read(int fd, std::span<std::byte> bytes) {
    const long got = bench::checked(recv(fd, bytes.data(), bytes.size(), 0), "recv");
    bench::check(static_cast<std::size_t>(got) == bytes.size(), "a message of another size");
  }
};

}  // namespace

int main(int argc, char** argv) {
  return bench::contest<bench::DescriptorLink<Seqpacket>>(argc, argv);
}
