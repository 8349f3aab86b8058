#include "iceoryx_link.h"

int main(int argc, char** argv) {
  return bench::contest<bench::IceoryxLink<true>>(argc, argv);
}
