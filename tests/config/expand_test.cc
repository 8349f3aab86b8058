// ${NAME} and its forms: what they become, and which source wins.
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

// The value of env: {V: TEXT}.
std::string expanded(const std::string& text, const World& world,
                     const std::map<std::string, std::string>& set = {}) {
  World with_file = world;
  const std::string graph =
      "vars: { A: vars, B: 'b ${A}' }\nprocesses: { f: { command: x, env: { V: '" + text + "' } } }\n";
  with_file.look = [look = world.look](const std::string& path) {
    return path == kFolder + "/g.yaml" ? FileFacts{.type = FileFacts::Type::kRegular, .readable = true}
                                       : look(path);
  };
  with_file.read_file = [read = world.read_file, graph](const std::string& path) -> Result<std::string> {
    return path == kFolder + "/g.yaml" ? Result<std::string>(graph) : read(path);
  };
  const Loaded loaded = load_in(with_file, {.files = {"g.yaml"}, .stdin_text = {}, .set = set});
  return loaded.diagnostics.has_errors() ? loaded.text() : loaded.spec.processes.at(0).env.at(0).value.value;
}

TEST(Expansion, TakesVarsWhichMayUseEarlierOnes) {
  EXPECT_EQ(expanded("${A}/${B}", world_with({})), "vars/b vars");
}

TEST(Expansion, LetsTheLaterSourceWin) {
  const Texts dotenv{{".env", "A=dotenv\nC=c\n"}};
  EXPECT_EQ(expanded("${A} ${C}", world_with(dotenv)), "dotenv c");
  EXPECT_EQ(expanded("${A}", world_with(dotenv, {{"A", "environment"}})), "environment");
  EXPECT_EQ(expanded("${A}", world_with(dotenv, {{"A", "environment"}}), {{"A", "set"}}), "set");
  EXPECT_EQ(expanded("${B}", world_with({}), {{"A", "set"}}), "b set");
}

TEST(Expansion, UsesADefaultWhereTheVariableIsUnsetOrEmpty) {
  const World world = world_with({}, {{"EMPTY", ""}, {"FULL", "full"}});
  EXPECT_EQ(expanded("${NOT:-a b}|${EMPTY:-c}|${FULL:-d}|${EMPTY}|${NOT:-}", world), "a b|c|full||");
}

TEST(Expansion, ExpandsInsideADefault) {
  EXPECT_EQ(expanded("${NOT:-<${ALSO_NOT:-${A}}>}", world_with({})), "<vars>");
}

TEST(Expansion, AcceptsARequiredVariableThatIsSet) {
  EXPECT_EQ(expanded("${A:?must be set}", world_with({})), "vars");
}

TEST(Expansion, LeavesEveryOtherDollarAlone) {
  EXPECT_EQ(expanded("$ $A $1 $( $$ $${A} $$${A}", world_with({})), "$ $A $1 $( $ ${A} $vars");
}

TEST(Expansion, NeverExpandsAValueAgain) {
  EXPECT_EQ(expanded("${X}", world_with({}, {{"X", "${A} $$"}})), "${A} $$");
}

TEST(Expansion, MarksTheCopysOwnNumbers) {
  EXPECT_EQ(expanded("${replica} of ${replicas}", world_with({})), "\x01 of \x02");
}

TEST(Expansion, ReplacesNoKey) {
  const Loaded loaded = load_text("processes: { f: { command: x, env: { '${A}': y } } }\n");
  EXPECT_NE(loaded.text().find("a variable cannot be called '${A}'"), std::string::npos);
}

TEST(Expansion, DoesNothingInAScript) {
  const Loaded loaded = load_text("processes: { f: { shell: 'echo ${A:-b} $$ $(date)' } }\n");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).command->words.at(0).value, "echo ${A:-b} $$ $(date)");
}

TEST(Expansion, GivesANumberOrAFlagItsType) {
  const World world = world_with(
      {{"g.yaml", "processes: { f: { command: x, replicas: \"${N}\", enabled: \"${E:-false}\" } }\n"}},
      {{"N", "3"}});
  const Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).replicas->value, 3U);
  EXPECT_FALSE(loaded.spec.processes.at(0).enabled);
}

TEST(Expansion, WarnsOfASetThatNothingUses) {
  const World world = world_with({{"g.yaml", "processes: { f: x }\n"}});
  const Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {{"N", "3"}}});
  EXPECT_EQ(loaded.text(), "procgraph: warning: --set N=… has no effect: nothing uses ${N}\n1 warning\n");
}

TEST(Expansion, RefusesASetThatIsNoName) {
  const World world = world_with({{"g.yaml", "processes: { f: x }\n"}});
  const Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {{"a b", "3"}}});
  EXPECT_EQ(loaded.text(), "procgraph: error: --set a b=…: 'a b' cannot be a variable's name\n1 error\n");
}

}  // namespace
}  // namespace procgraph::testing
