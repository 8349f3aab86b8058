// Large messages one at a time, from the first on: what the first costs more than those that find the memory
// in use. Two nodes of one graph; the reader lets the writer go on when it is done with a message.
//   first_message write BYTES COUNT   puts copies of a buffer; prints the ns of each put
//   first_message read                copies each out; prints the ns of each
#include <procgraph/node.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void print(std::string_view side, const std::vector<std::int64_t>& costs) {
  std::printf("%.*s", static_cast<int>(side.size()), side.data());
  for (const std::int64_t cost : costs) std::printf(" %lld", static_cast<long long>(cost));
  std::printf("\n");
}

void write(std::size_t bytes, long count) {
  procgraph::Node node;
  procgraph::Writer messages = node.writer("messages");
  procgraph::Reader done = node.reader("done");
  const std::vector<std::byte> buffer(bytes, std::byte{1});
  std::vector<std::int64_t> costs;
  for (long i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    messages.put(buffer);
    costs.push_back((Clock::now() - begin).count());
    if (!done.get()) std::_Exit(1);
  }
  messages.close();
  print("put", costs);
}

void read() {
  procgraph::Node node;
  procgraph::Reader messages = node.reader("messages");
  procgraph::Writer done = node.writer("done");
  std::vector<std::byte> buffer;
  std::vector<std::int64_t> costs;
  while (std::optional<procgraph::Message> message = messages.get()) {
    if (buffer.empty()) buffer.assign(message->bytes().size(), std::byte{2});
    const auto begin = Clock::now();
    std::memcpy(buffer.data(), message->bytes().data(), message->bytes().size());
    costs.push_back((Clock::now() - begin).count());
    if (buffer.back() != std::byte{1}) std::_Exit(1);
    message.reset();
    done.put("done");
  }
  print("get", costs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "write") {
    write(std::strtoull(argv[2], nullptr, 10), std::strtol(argv[3], nullptr, 10));
  } else if (argc == 2 && std::string_view(argv[1]) == "read") {
    read();
  } else {
    std::fputs("usage: first_message write BYTES COUNT | first_message read\n", stderr);
    return 2;
  }
}
