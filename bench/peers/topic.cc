#include "queue_link.h"

int main(int argc, char** argv) {
  return bench::contest<bench::QueueLink<bench::Way::kCopy, procgraph::testing::TestTopic>>(argc, argv);
}
