// The limit of sleeping: one futex wakes the other side.
#include "word_link.h"

int main(int argc, char** argv) {
  return bench::contest<bench::WordLink<true>>(argc, argv);
}
