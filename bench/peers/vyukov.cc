// The control: a queue that does less, in memory that both processes share.
#include "../vyukov.h"

#include <memory>

#include "contest.h"
#include "cpu.h"

namespace {

using bench::Terms;

template <std::size_t kCells, std::size_t kBytes>
struct VyukovLink {
  using Queue = bench::Vyukov<kCells, kBytes>;
  static constexpr bool kPinned = true;

  VyukovLink(const Terms& terms, char) : queue(bench::in_shared_memory<Queue>()) {
    if (terms.latency && !terms.spin) bench::cannot("it never sleeps");
    queue->init();
  }

  struct Sender {
    explicit Sender(VyukovLink& link) : queue(link.queue), buffer(kBytes) {}
    void send(auto fill) {
      fill(buffer.bytes());
      while (!queue->push(buffer.data())) procgraph::detail::relax();
    }
    Queue* queue;
    bench::Buffer buffer;
  };

  struct Receiver {
    explicit Receiver(VyukovLink& link) : queue(link.queue), buffer(kBytes) {}
    void receive(auto look) {
      while (!queue->pop(buffer.data())) procgraph::detail::relax();
      bench::use(buffer.data());
      look(std::span<const std::byte>(buffer.bytes()));
    }
    Queue* queue;
    bench::Buffer buffer;
  };

  Queue* queue;
};

}  // namespace

int main(int argc, char** argv) {
  switch (bench::terms_of(argc, argv).size) {
    case 8:
      return bench::contest<VyukovLink<1024, 8>>(argc, argv);
    case 64:
      return bench::contest<VyukovLink<1024, 64>>(argc, argv);
    case 1024:
      return bench::contest<VyukovLink<1024, 1024>>(argc, argv);
    case 65536:
      return bench::contest<VyukovLink<64, 65536>>(argc, argv);
    case 1 << 20:
      return bench::contest<VyukovLink<16, 1 << 20>>(argc, argv);
    default:
      bench::cannot("it is built for 8, 64, 1024, 65536 and 1048576 bytes");
  }
}
