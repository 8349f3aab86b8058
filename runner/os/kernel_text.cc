#include "os/kernel_text.h"

#include <fstream>

namespace procgraph {

std::optional<std::uint64_t> read_number(const std::string& path) {
  std::ifstream file(path);
  if (std::uint64_t number = 0; file >> number) return number;
  return std::nullopt;
}

std::optional<std::uint64_t> read_field(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string word; file >> word; file.ignore(1 << 20, '\n'))
    if (std::uint64_t number = 0; word == key && file >> number) return number;
  return std::nullopt;
}

}  // namespace procgraph
