// What a person gets for wrong input: a clear error with its place, the documented code, nothing started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

struct Case {
  std::string name;
  std::string yaml;
  int code;
  std::string says;  // part of stderr
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

class BadInput : public testing::TestWithParam<Case> {};

TEST_P(BadInput, IsRefusedWithItsPlaceAndNothingStarts) {
  Folder folder;
  folder.write("noexec", "#!/bin/sh\ntouch started\n", 0644);
  folder.write("graph.yaml", GetParam().yaml);
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.code, GetParam().code) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr(GetParam().says));
  EXPECT_EQ(ran.out, "");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/started"));
}

// `touch started` in each shows whether anything ran.
std::string with(const std::string& rest) {
  return "processes:\n  t: touch started\n" + rest;
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadInput,
    testing::Values(
        Case{"UnknownKey", with("proceses: {}\n"), 78, "graph.yaml:3:1: error: "},
        Case{"WrongType", with("  b: { command: 'true', replicas: many }\n"), 78, "graph.yaml:3:"},
        Case{"BadSize", with("queues: { q: { memory: 12parsecs } }\n"), 78, "graph.yaml:3:"},
        Case{"DuplicateKey", with("  t: echo\n"), 78, "graph.yaml:3:3: error: "},
        Case{"SelfReferringAlias", with("vars: &a { x: *a }\n"), 78, "graph.yaml:3:"},
        Case{"TwentyMegabytes", with("# " + std::string(20U << 20, 'x') + "\n"), 78, "16MiB"},
        Case{"Nul", with(std::string("name: a") + '\0' + "b\n"), 78, "graph.yaml:3:8: error: "},
        Case{"InvalidUtf8", with("name: a\xff\n"), 78, "graph.yaml:3:8: error: "},
        Case{"MissingProgram", with("  b: no-such-program-anywhere\n"), 78, "graph.yaml:3:6: error: "},
        Case{"MisspelledNode", with("  b: discrad\n"), 78, "hint: did you mean 'discard'?"},
        Case{"ProgramWithoutExecuteBit", with("  b: ./noexec\n"), 78, "graph.yaml:3:6: error: "},
        Case{"DirectoryAsProgram", with("  b: /tmp\n"), 78, "graph.yaml:3:6: error: "},
        Case{"ChannelNamedLikeAPath", with("queues: [../q]\n"), 78, "graph.yaml:3:"},
        Case{"HugeReplicas",
             with("  f: { command: f, writes: q }\n  m: { command: m, reads: q, replicas: 10000 }\nqueues: { "
                  "q: { memory: 1GiB } }\n"),
             78, "graph.yaml:"},
        Case{"MoreMemoryThanTheMachine",
             with("  f: { command: f, writes: q }\n  m: { command: m, reads: q }\nqueues: { q: { memory: "
                  "8TiB, max_message: 1MiB } }\n"),
             69, "8 TiB"},
        Case{"NotSupportedYet", with("hosts: {}\n"), 78, "not supported yet"},
        Case{"EscapeSequences", with("\"\\e[31mred\": 1\n"), 78, "graph.yaml:3:"},
        Case{"Empty", "", 78, "graph.yaml"}),
    [](const auto& one) { return one.param.name; });

TEST(BadInputs, AMissingFileIsNamed) {
  Folder folder;
  Ran ran = run(folder.path(), {"run", "nowhere.yaml"});
  EXPECT_EQ(ran.code, 78);
  EXPECT_EQ(ran.err, "nowhere.yaml: error: there is no such file\n1 error\n");
}

TEST(BadInputs, ADirectoryIsNoFile) {
  Folder folder;
  EXPECT_EQ(run(folder.path(), {"run", "."}).code, 78);
}

TEST(BadInputs, WithoutAFileThereMustBeAProcgraphYaml) {
  Folder folder;
  Ran ran = run(folder.path(), {"run"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "procgraph: there is no procgraph.yaml here; name the file: procgraph run FILE\n");
  folder.write("procgraph.yaml", "processes: { a: echo hi }\n");
  EXPECT_EQ(run(folder.path(), {"run"}).out, "a │ hi\n");
}

TEST(BadInputs, AnInterpreterThatIsMissingIsExecsOwnFailure) {
  Folder folder;
  folder.write("script", "#!/no/such/interpreter\n", 0755);
  folder.write("graph.yaml", "processes: { a: ./script }\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.code, 127) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("its interpreter '/no/such/interpreter' does not exist"));
}

TEST(BadInputs, EveryMistakeIsShownAtOnce) {
  Folder folder;
  folder.write("graph.yaml",
               "processes:\n  a: { comand: x }\n  b: { command: 'true', replicas: -1 }\nqueus: [q]\n");
  Ran ran = run(folder.path(), {"check", "graph.yaml"});
  EXPECT_THAT(ran.err, HasSubstr("graph.yaml:2:8: error: "));
  EXPECT_THAT(ran.err, HasSubstr("graph.yaml:3:"));
  EXPECT_THAT(ran.err, HasSubstr("graph.yaml:4:1: error: "));
  EXPECT_EQ(ran.code, 78);
}

}  // namespace
}  // namespace procgraph::e2e
