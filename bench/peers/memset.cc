// What writing a message in place costs.
#include "one_core.h"

int main(int argc, char** argv) {
  return bench::on_one_core(argc, argv, [](std::vector<std::byte>& to, const std::vector<std::byte>& from) {
    std::memset(to.data(), static_cast<int>(from[0]), to.size());
  });
}
