// take [hold | all]: takes one message of its first port and dies of SIGKILL while it holds it, or holds it
// for ever; or takes all that `fill` has put, one after the other, and says how many there were.
#include <procgraph/node.h>
#include <procgraph/queue.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <string_view>

namespace {

bool is_whole(std::string_view text, unsigned long number) {
  const std::string begin = std::to_string(number);
  return text.starts_with(begin) && text.find_first_not_of('x', begin.size()) == std::string_view::npos;
}

int take_all(procgraph::Reader& reader) {
  unsigned long count = 0;
  for (const procgraph::Message& message : reader) {
    if (is_whole(message.text(), ++count)) continue;
    std::cout << "message " << count << " is not what was put" << std::endl;
    return 1;
  }
  std::cout << "got " << count << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  procgraph::Node node;
  auto reader = node.reader(node.ports().front().name);
  if (how == "all") return take_all(reader);
  const auto message = reader.get();
  if (message && how.empty()) std::raise(SIGKILL);
  while (message) pause();
}
