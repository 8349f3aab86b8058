#include "iceoryx2_link.h"

int main(int argc, char** argv) {
  return bench::contest<bench::Iceoryx2Link<false>>(argc, argv);
}
