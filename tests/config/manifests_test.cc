// What nodes say of themselves, and what is said of those that say it wrongly.
#include "config/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Read {
  std::optional<Manifest> manifest;
  std::string told;
};

Read read(const std::string& text) {
  const World world = world_with({{"n.node.yaml", text}});
  Sources sources;
  Diagnostics diagnostics;
  Manifests manifests(world, sources);
  Read read;
  if (const Manifest* found = manifests.find(kFolder + "/n")) read.manifest = *found;
  manifests.tell(diagnostics);
  read.told = to_text(diagnostics, sources, {});
  return read;
}

TEST(Manifests, SayWhatANodeDoesAndWhichPortsItHas) {
  const Read found = read(R"(description: Joins orders with prices.
reads:
  orders: { kinds: [queue, topic], description: What was ordered. }
  prices: { kinds: topic, optional: true }
writes: { '*': }
inputs: lockstep
output: with_input
filters: true
)");
  EXPECT_EQ(found.told, "");
  ASSERT_TRUE(found.manifest);
  const Manifest& manifest = *found.manifest;
  EXPECT_EQ(manifest.description, "Joins orders with prices.");
  ASSERT_EQ(manifest.reads->size(), 2U);
  const ManifestPort &orders = manifest.reads->at(0), &prices = manifest.reads->at(1);
  EXPECT_EQ(orders.name.value, "orders");
  EXPECT_EQ(orders.description, "What was ordered.");
  EXPECT_THAT(orders.kinds, ElementsAre("queue", "topic"));
  EXPECT_FALSE(orders.optional);
  EXPECT_EQ(prices.name.value, "prices");
  EXPECT_THAT(prices.kinds, ElementsAre("topic"));
  EXPECT_TRUE(prices.optional);
  ASSERT_EQ(manifest.writes->size(), 1U);
  EXPECT_EQ(manifest.writes->at(0).name.value, "*");
  EXPECT_EQ(manifest.inputs, Inputs::kLockstep);
  EXPECT_EQ(manifest.output, Output::kWithInput);
  EXPECT_TRUE(manifest.filters);
}

TEST(Manifests, SayNothingOfPortsThatTheyDoNotName) {
  const Read found = read("description: Something.\n");
  ASSERT_TRUE(found.manifest);
  EXPECT_FALSE(found.manifest->names_ports());
}

TEST(Manifests, WithMistakesAreWarnedOfAndNotUsed) {
  const Read found = read(R"(discription: x
reads: { in: { kinds: [queue, tube] }, 7: {}, out: none }
output: later
)");
  EXPECT_FALSE(found.manifest);
  EXPECT_EQ(found.told, R"(n.node.yaml:1:1: warning: unknown key 'discription' in a manifest
  1 │ discription: x
    │ ^~~~~~~~~~~
    hint: did you mean 'description'?
n.node.yaml:2:31: warning: 'kinds' takes 'queue', 'topic', 'pipe' or 'shared_memory', or a list of these, not 'tube'
  2 │ reads: { in: { kinds: [queue, tube] }, 7: {}, out: none }
    │                               ^~~~
n.node.yaml:2:40: warning: a port cannot be called '7'
  2 │ reads: { in: { kinds: [queue, tube] }, 7: {}, out: none }
    │                                        ^
    hint: a name has letters, digits, '_' and '-', begins with a letter, and is at most 63 long
n.node.yaml:2:52: warning: port 'out' takes a map, not 'none'
  2 │ reads: { in: { kinds: [queue, tube] }, 7: {}, out: none }
    │                                                    ^~~~
    hint: a port without more to say is written out: {}
n.node.yaml:3:9: warning: 'output' takes 'with_input' or 'at_end', not 'later'
  3 │ output: later
    │         ^~~~~
5 warnings
)");
}

TEST(Manifests, ThatAreNoMapsOrNotYamlAreWarnedOf) {
  EXPECT_THAT(read("[a, b]\n").told, HasSubstr("warning: such a file is a map of keys, not a list"));
  EXPECT_THAT(read("").told, HasSubstr("warning: the file is empty"));
  EXPECT_THAT(read("reads: { in: \n").told, HasSubstr("warning: this '{' is never closed"));
}

TEST(Manifests, ThatAreTooLargeAreNotRead) {
  World world = world_with({{"n.node.yaml", "description: x\n"}});
  world.look = [look = world.look](const std::string& path) {
    FileFacts facts = look(path);
    facts.size = Bytes{(64U << 10) + 1};
    return facts;
  };
  Sources sources;
  Diagnostics diagnostics;
  Manifests manifests(world, sources);
  EXPECT_EQ(manifests.find(kFolder + "/n"), nullptr);
  manifests.tell(diagnostics);
  EXPECT_EQ(to_text(diagnostics, sources, {}),
            "n.node.yaml: warning: the file is larger than 64KiB\n1 warning\n");
}

TEST(Manifests, AreThoseOfTheProgramsThatThePlanFinds) {
  World world = world_with({{"g.yaml", "processes: { a: n, b: ./n, c: { shell: n }, d: 'n ${replica}' }\n"},
                            {"nodes/n.node.yaml", "description: beside the file\n"},
                            {"n.node.yaml", "description: at its path\n"}});
  world.look = [look = world.look](const std::string& path) {
    if (path == kFolder + "/n" || path == kFolder + "/nodes/n")
      return FileFacts{.type = FileFacts::Type::kRegular, .readable = true, .executable = true};
    return look(path);
  };
  Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}});
  describe(loaded.spec, world, loaded.sources, loaded.diagnostics);
  EXPECT_EQ(loaded.text(), "");
  const auto said = [&](std::size_t i) {
    const auto& manifest = loaded.spec.processes.at(i).manifest;
    return manifest ? manifest->description : "nothing";
  };
  EXPECT_EQ(said(0), "beside the file");
  EXPECT_EQ(said(1), "at its path");
  EXPECT_EQ(said(2), "nothing");
  EXPECT_EQ(said(3), "beside the file");
}

}  // namespace
}  // namespace procgraph::testing
