// What writing a message in place costs.
#include "one_core.h"

int main(int argc, char** argv) {
  return bench::on_one_core(argc, argv, [](bench::Buffer& to, bench::Buffer& from) {
    std::memset(to.data(), static_cast<int>(*from.data()), to.size());
  });
}
