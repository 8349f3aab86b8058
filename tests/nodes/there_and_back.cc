// there_and_back [ASKS FILE]: sends a message and waits for the answer, ASKS times, and writes into FILE, a
// line each, how many nanoseconds that took. Without arguments: answers.
#include <procgraph/node.h>
#include <procgraph/queue.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <vector>

int main(int argc, char** argv) {
  procgraph::Node node;
  if (argc < 3) {
    auto in = node.reader("there");
    auto out = node.writer("back");
    while (const auto message = in.get()) out.put(message->text());
    return 0;
  }
  auto out = node.writer("there");
  auto in = node.reader("back");
  std::vector<std::int64_t> taken;
  for (int asks = std::atoi(argv[1]); asks > 0; --asks) {
    const auto began = std::chrono::steady_clock::now();
    out.put("ask");
    if (!in.get()) return 1;
    taken.push_back((std::chrono::steady_clock::now() - began).count());
  }
  std::ofstream file(argv[2]);
  for (const std::int64_t time : taken) file << time << '\n';
}
