// What a plan says of the data of each channel when somebody dies.
#include <gtest/gtest.h>

#include "planned.h"

namespace procgraph::test {
namespace {

std::string deaths(std::string_view yaml, bool warned = false) {
  const std::string text = to_text(planned(yaml, warned));
  const std::size_t at = text.find("\nwhen one dies\n");
  return at == std::string::npos ? "" : text.substr(at);
}

TEST(PlanOfDeaths, OfQueuesThatAreAlikeTogether) {
  EXPECT_EQ(deaths(R"(processes:
  f: { command: n, writes: [a, b, letters, c] }
  m: { command: n, reads: [a, b, letters, c] }
queues: { a: {}, b: {}, c: { delivery: at_most_once }, letters: { dead_letter: { queue: a }, max_deliveries: 1 } }
)"),
            R"(
when one dies
  a, b
    reader       what it held comes back, to any reader; after 5 deliveries it ends the graph
    writer       what it had put stays, what it was filling was never put
    runner       what is in it is gone
  c
    reader       what it held is gone
    writer       what it had put stays, what it was filling was never put
    runner       what is in it is gone
  letters
    reader       what it held comes back, to any reader; after one delivery it goes to a
    writer       what it had put stays, what it was filling was never put
    runner       what is in it is gone
)");
}

TEST(PlanOfDeaths, OfAPipeWhoseEndsMayHaveAnotherLife) {
  EXPECT_EQ(deaths(R"(processes:
  f: { command: n, stdout: p, restart: on_failure }
  m: { command: n, stdin: p, stdout: last }
  z: { command: n, stdin: last, restart: on_failure }
  a: { command: n, reads: both, writes: both, restart: on_failure }
  b: { command: n, reads: both, writes: both }
pipes: { p: {}, last: {}, both: { duplex: true } }
)",
                   true),
            R"(
when one dies
  p
    reader       what nobody has read is gone, the writer gets SIGPIPE
    writer       its next life writes on behind what is there
    runner       what is in it is gone
  last
    reader       its next life reads on, from what nobody has read
    writer       what is there is read, then the data ends
    runner       what is in it is gone
  both
    either side  one that may have another life goes on there, with what nobody has read
    runner       what is in it is gone
)");
}

TEST(PlanOfDeaths, OfTopics) {
  EXPECT_EQ(deaths(R"(processes:
  f: { command: n, writes: [a, b, c] }
  m: { command: n, reads: [a, b], restart: on_failure }
  o: { command: n, reads: c }
topics: { a: {}, b: { delivery: at_most_once }, c: {} }
)"),
            R"(
when one dies
  a
    reader       its next life goes on at the first message that it had not acknowledged
    writer       what it had put stays, what it was filling was never put
    runner       what is in it is gone
  b
    reader       its next life goes on behind what it held
    writer       what it had put stays, what it was filling was never put
    runner       what is in it is gone
  c
    reader       it holds nothing up, and the others miss nothing
    writer       what it had put stays, what it was filling was never put
    runner       what is in it is gone
)");
}

TEST(PlanOfDeaths, OfAreasAndSockets) {
  EXPECT_EQ(deaths(R"(processes:
  f: { command: n, writes: area, connects: [kept, left] }
  s: { command: n, reads: area, serves: kept, restart: on_failure, service: true }
  t: { command: n, serves: left, service: true }
shared_memory: { area: { size: 4KiB } }
sockets: [kept, left]
)"),
            R"(
when one dies
  area
    process      what it had locked is free, and the next holder is told; a write that it had begun reads as torn
    runner       what is in it is gone
  kept
    server       connections break, and new ones wait for its next life
  left
    server       connections break, and new ones are refused
)");
}

TEST(PlanOfDeaths, IsNotThereWithoutChannels) {
  EXPECT_EQ(deaths("processes: { f: n }\n"), "");
}

}  // namespace
}  // namespace procgraph::test
