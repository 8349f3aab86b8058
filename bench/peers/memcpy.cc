// One copy, from one buffer of this process to another; a copying contender makes two, but on two cores.
#include "one_core.h"

int main(int argc, char** argv) {
  return bench::on_one_core(argc, argv, [](bench::Buffer& to, bench::Buffer& from) {
    std::memcpy(to.data(), from.data(), to.size());
  });
}
