// Several files: how they add up, and what each of them says about its own folder.
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

std::vector<std::string> process_names(const Spec& spec) {
  std::vector<std::string> names;
  for (const ProcessSpec& process : spec.processes) names.push_back(process.name.value);
  return names;
}

TEST(Files, OfTheCommandLineAddUp) {
  const Loaded loaded = load_files(
      {{"a.yaml", "processes: { a: x }\nqueues: [q]\n"}, {"b.yaml", "name: other\nprocesses: { b: y }\n"}},
      {"a.yaml", "b.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(process_names(loaded.spec), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(loaded.spec.processes.at(1).name.mark, (Mark{.file = 1, .line = 2, .column = 14, .length = 1}));
}

TEST(Files, AreIncludedRelativeToTheOneThatIncludesThem) {
  const Texts files{{"top/g.yaml", "include: [parts/a.yaml]\nprocesses: { g: ./run }\n"},
                    {"top/parts/a.yaml", "include: ../b.yaml\nprocesses: { a: ./run }\n"},
                    {"top/b.yaml", "processes: { b: ./run }\n"}};
  const Loaded loaded = load_files(files, {"top/g.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(process_names(loaded.spec), (std::vector<std::string>{"g", "a", "b"}));
  EXPECT_EQ(loaded.spec.folder, "/graphs/top");
  EXPECT_EQ(loaded.spec.processes.at(1).folder, "/graphs/top/parts");
  EXPECT_EQ(loaded.spec.processes.at(1).command->words.at(0).value, "/graphs/top/parts/run");
  EXPECT_EQ(loaded.sources.at(1).name, "top/parts/a.yaml");
  EXPECT_EQ(loaded.sources.at(2).name, "top/parts/../b.yaml");
}

TEST(Files, AreReadOnceEvenIfIncludedTwice) {
  const Texts files{{"g.yaml", "include: [a.yaml, b.yaml]\n"},
                    {"a.yaml", "include: c.yaml\n"},
                    {"b.yaml", "include: ./c.yaml\n"},
                    {"c.yaml", "processes: { c: x }\n"}};
  const Loaded loaded = load_files(files, {"g.yaml", "c.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(process_names(loaded.spec), (std::vector<std::string>{"c"}));
}

TEST(Files, ThatIncludeThemselvesAreRefused) {
  EXPECT_EQ(load_files({{"g.yaml", "include: g.yaml\n"}}, {"g.yaml"}).text(),
            "g.yaml:1:10: error: these files include each other: g.yaml → g.yaml\n"
            "  1 │ include: g.yaml\n"
            "    │          ^~~~~~\n"
            "1 error\n");
}

TEST(Files, ShareTheirVariables) {
  const Texts files{
      {"g.yaml", "vars: { A: a, DIR: sub }\ninclude: ${DIR}/h.yaml\nprocesses: { g: 'x ${B}' }\n"},
      {"sub/h.yaml", "vars: { B: '${A}b' }\n"}};
  const Loaded loaded = load_files(files, {"g.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).command->words.at(1).value, "ab");
}

TEST(Files, KeepTheirDefaultsToThemselves) {
  const Texts files{
      {"g.yaml", "include: h.yaml\ndefaults: { processes: { service: true } }\nprocesses: { g: x }\n"},
      {"h.yaml", "processes: { h: x }\n"}};
  const Loaded loaded = load_files(files, {"g.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_TRUE(loaded.spec.processes.at(0).service);
  EXPECT_FALSE(loaded.spec.processes.at(1).service);
}

TEST(Files, MayBeStandardInput) {
  const LoadRequest request{.files = {"-"}, .stdin_text = "processes: { a: ./x }\ntimout: 1s\n", .set = {}};
  const Loaded loaded = load_in(world_with({}), request);
  EXPECT_EQ(loaded.text(),
            "<stdin>:2:1: error: unknown key 'timout' in the file\n"
            "  2 │ timout: 1s\n"
            "    │ ^~~~~~\n"
            "    hint: did you mean 'timeout'?\n"
            "1 error\n");
  EXPECT_EQ(loaded.spec.name.value, "stdin");
  EXPECT_EQ(loaded.spec.folder, kFolder);
}

TEST(Files, GiveTheGraphItsName) {
  EXPECT_EQ(load_files({{"logs.yaml", "processes: { a: x }\n"}}, {"logs.yaml"}).spec.name.value, "logs");
  EXPECT_EQ(load_files({{"my graph.v2.yaml", "processes: { a: x }\n"}}, {"my graph.v2.yaml"}).spec.name.value,
            "my-graph-v2");
  EXPECT_EQ(load_files({{"2.yaml", "processes: { a: x }\n"}}, {"2.yaml"}).spec.name.value, "graph-2");
  EXPECT_EQ(load_files({{"a.yaml", "name: n\nprocesses: { a: x }\n"}}, {"a.yaml"}).spec.name.value, "n");
}

}  // namespace
}  // namespace procgraph::testing
