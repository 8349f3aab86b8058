// Messages that are put together, 64 at a time, and taken together: copied in and out as those of the other
// contenders.
#include "queue_link.h"

namespace bench {
namespace {

struct FrameLink {
  static constexpr bool kPinned = true;
  static constexpr std::size_t kTogether = 64, kMostBytes = 1024;

  FrameLink(const Terms& terms, char) : size(terms.size), channel(shape(terms)) {}

  static procgraph::QueueShape shape(const Terms& terms) {
    if (terms.size > kMostBytes) cannot("64 messages of this size are more than goes together");
    if (terms.latency) cannot("messages that wait for each other say nothing of one's latency");
    procgraph::QueueShape shape = shape_of(terms, procgraph::QueueShape{});
    shape.max_message = 128 << 10;
    return shape;
  }

  struct Sender {
    explicit Sender(FrameLink& link)
        : node(QueueLink<Way::kCopy>::entered(link.channel, 1, "write")),
          writer(node.writer("q")),
          size(link.size),
          buffer(link.size * kTogether) {
      for (std::size_t i = 0; i < kTogether; ++i) messages.push_back(buffer.bytes().subspan(i * size, size));
    }

    void send(auto fill) {
      fill(buffer.bytes().subspan(filled * size, size));
      if (++filled == kTogether) flush();
    }
    void flush() {
      writer.put_many(std::span<const std::span<const std::byte>>(messages).first(std::exchange(filled, 0)));
    }

    procgraph::Node node;
    procgraph::Writer writer;
    std::size_t size;
    Buffer buffer;
    std::vector<std::span<const std::byte>> messages;
    std::size_t filled = 0;
  };

  struct Receiver {
    explicit Receiver(FrameLink& link)
        : node(QueueLink<Way::kCopy>::entered(link.channel, 2, "read")),
          reader(node.reader("q")),
          buffer(link.size) {}

    void receive(auto look) {
      if (!frame || at == frame->end()) {
        frame.reset();
        frame.emplace(std::move(reader.get_many().value()));
        at = frame->begin();
      }
      check(at->size() == buffer.size(), "a message of another size");
      std::memcpy(buffer.data(), at->data(), at->size());
      use(buffer.data());
      look(std::span<const std::byte>(buffer.bytes()));
      ++at;
    }

    procgraph::Node node;
    procgraph::Reader reader;
    Buffer buffer;
    std::optional<procgraph::Frame> frame;
    procgraph::Frame::Iterator at;
  };

  std::size_t size;
  procgraph::testing::TestQueue channel;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::contest<bench::FrameLink>(argc, argv);
}
