// area ROLE: uses the shared memory "a" and its event "held". `die` takes the lock, says so, writes "half"
// and is killed; `take` waits for that, takes the lock and prints what it was told and what it finds; `show`
// prints the area's bytes; `scribble` writes through a mapping that it may only read.
#include <procgraph/node.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <string>

namespace {

std::string text_of(const procgraph::SharedMemory& area) {
  const auto* text = reinterpret_cast<const char*>(area.bytes().data());
  return {text, strnlen(text, area.size())};
}

int die(procgraph::Node& node, procgraph::SharedMemory& area) {
  const procgraph::Held held = area.lock();
  std::memcpy(area.writable().data(), "half", 4);
  node.event("a", "held").set();
  return std::raise(SIGKILL);
}

int take(procgraph::Node& node, procgraph::SharedMemory& area) {
  node.event("a", "held").wait();
  procgraph::Held held = area.lock();
  std::cout << (held.holder_died() ? "told, " : "not told, ") << text_of(area);
  held.release();
  std::cout << (area.lock().holder_died() ? ", told again" : "") << std::endl;
  return 0;
}

int scribble(procgraph::SharedMemory& area) {
  std::signal(SIGSEGV, SIG_DFL);
  *const_cast<volatile std::byte*>(area.bytes().data()) = std::byte{1};
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  procgraph::Node node;
  procgraph::SharedMemory area = node.shared_memory("a");
  if (role == "die") return die(node, area);
  if (role == "take") return take(node, area);
  if (role == "scribble") return scribble(area);
  std::cout << text_of(area) << std::endl;
  return 0;
}
