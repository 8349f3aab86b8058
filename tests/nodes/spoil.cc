// spoil [AT VALUE]: writes what cannot be into the control region of its first port, by default into the ring
// of a queue, then ends as if all were well.
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

constexpr const char* kRing = "69632";  // docs/node-protocol.md
// The ring's first word of the first lap, naming a block that no queue has.
constexpr std::uint64_t kImpossible = (std::uint64_t{1} << 24) | 0xfffffe;

int control_of(std::string_view ports) {
  const std::string_view key = ",control=";
  const auto at = ports.find(key);
  return at == std::string_view::npos ? -1 : std::atoi(ports.data() + at + key.size());
}

}  // namespace

int main(int argc, char** argv) {
  const char* ports = std::getenv("PROCGRAPH_PORTS");
  if (ports == nullptr) return 2;
  const std::size_t at = std::strtoull(argc == 3 ? argv[1] : kRing, nullptr, 10);
  const std::uint64_t value = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : kImpossible;
  void* const map =
      ::mmap(nullptr, at + sizeof value, PROT_READ | PROT_WRITE, MAP_SHARED, control_of(ports), 0);
  if (map == MAP_FAILED) return 3;
  auto* word = reinterpret_cast<std::uint64_t*>(static_cast<char*>(map) + at);
  std::atomic_ref(*word).store(value);
}
