// The limit of spinning: a cache line goes from one core to the other.
#include "word_link.h"

int main(int argc, char** argv) {
  return bench::contest<bench::WordLink<false>>(argc, argv);
}
