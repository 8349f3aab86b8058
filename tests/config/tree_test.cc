// Anchors, aliases and merges, as they show in what comes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> env_of(const ProcessSpec& process) {
  std::vector<std::string> entries;
  for (const EnvironmentEntry& entry : process.env)
    entries.push_back(entry.name.value + "=" + entry.value.value);
  return entries;
}

std::vector<std::string> words_of_process(const ProcessSpec& process) {
  std::vector<std::string> words;
  for (const Text& word : process.command->words) words.push_back(word.value);
  return words;
}

TEST(Aliases, StandForWhatTheyName) {
  const Loaded loaded = load_text(R"(
x-command: &c [grep, -v]
processes:
  a: &a { command: *c, on_failure: &f ignore }
  b: *a
  c: { command: x, on_failure: *f }
)");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(words_of_process(loaded.spec.processes.at(1)), ElementsAre("grep", "-v"));
  EXPECT_EQ(loaded.spec.processes.at(1).on_failure, OnFailure::kIgnore);
  EXPECT_EQ(loaded.spec.processes.at(2).on_failure, OnFailure::kIgnore);
}

TEST(Merges, GiveWhatIsNotThere) {
  const Loaded loaded = load_text(R"(
x-base: &base { command: x, service: true, timeout: 1s }
processes:
  a: { <<: *base, command: y }
  b: { command: z, <<: *base }
)");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(words_of_process(loaded.spec.processes.at(0)), ElementsAre("y"));
  EXPECT_THAT(words_of_process(loaded.spec.processes.at(1)), ElementsAre("z"));
  EXPECT_TRUE(loaded.spec.processes.at(0).service);
  EXPECT_TRUE(loaded.spec.processes.at(1).service);
}

TEST(Merges, OfAListLetTheEarlierOneWin) {
  const Loaded loaded = load_text(R"(
x-a: &a { command: a }
x-b: &b { command: b, service: true }
processes:
  p: { <<: [*a, *b, { timeout: 1s }] }
)");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(words_of_process(loaded.spec.processes.at(0)), ElementsAre("a"));
  EXPECT_TRUE(loaded.spec.processes.at(0).service);
  EXPECT_TRUE(loaded.spec.processes.at(0).timeout);
}

TEST(Merges, JoinTheEnvironmentsVariableByVariable) {
  const Loaded loaded = load_text(R"(
x-a: &a { env: { A: a, B: a } }
x-b: &b { env: { B: b, C: b } }
defaults: { processes: { env: { C: d, D: d } } }
processes:
  p: { command: x, <<: [*a, *b], env: { A: own } }
  q: { command: x, <<: *b }
  r: { command: x }
)");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(env_of(loaded.spec.processes.at(0)), ElementsAre("A=own", "B=a", "C=b", "D=d"));
  EXPECT_THAT(env_of(loaded.spec.processes.at(1)), ElementsAre("B=b", "C=b", "D=d"));
  EXPECT_THAT(env_of(loaded.spec.processes.at(2)), ElementsAre("C=d", "D=d"));
}

TEST(Merges, ReachThroughOthers) {
  const Loaded loaded = load_text(R"(
x-a: &a { command: a, service: true }
x-b: &b { <<: *a, command: b }
processes: { p: { <<: *b } }
)");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(words_of_process(loaded.spec.processes.at(0)), ElementsAre("b"));
  EXPECT_TRUE(loaded.spec.processes.at(0).service);
}

TEST(Merges, NeedAPlainKey) {
  EXPECT_EQ(load_text("processes: { f: { command: x, '<<': y } }\n").text(),
            "g.yaml:1:31: error: unknown key '<<' in a process\n"
            "  1 │ processes: { f: { command: x, '<<': y } }\n"
            "    │                               ^~~~\n"
            "1 error\n");
}

TEST(Merges, OfManyKeysFindTheirDuplicates) {
  std::string text = "x-a: &a\n";
  for (int i = 0; i < 40; ++i) text += "  V" + std::to_string(i) + ": a\n";
  text += "processes:\n  f:\n    command: x\n    env:\n      <<: *a\n";
  for (int i = 20; i < 60; ++i) text += "      V" + std::to_string(i) + ": own\n";
  const Loaded loaded = load_text(text);
  EXPECT_EQ(loaded.text(), "");
  const std::vector<std::string> env = env_of(loaded.spec.processes.at(0));
  EXPECT_EQ(env.size(), 60U);
  EXPECT_EQ(env.at(0), "V20=own");
  EXPECT_EQ(env.at(59), "V19=a");
}

TEST(Anchors, MayBeGivenAgain) {
  const Loaded loaded = load_text("x-a: &a x\nx-b: &a y\nprocesses: { f: *a }\n");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(words_of_process(loaded.spec.processes.at(0)), ElementsAre("y"));
}

TEST(Texts, KeepWhatYamlSays) {
  const Loaded loaded = load_text(R"(
processes:
  f:
    command: x
    env:
      SINGLE: 'it''s'
      DOUBLE: "a\tb\u00e4"
      FOLDED: >-
        a
        b
      BLOCK: |
        a
         b
      PLAIN: a
        b
      OCTAL: 0777
      FLAG: yes
      NOTHING: ""
)");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(env_of(loaded.spec.processes.at(0)),
              ElementsAre("SINGLE=it's", "DOUBLE=a\tb\u00e4", "FOLDED=a b", "BLOCK=a\n b\n", "PLAIN=a b",
                          "OCTAL=0777", "FLAG=yes", "NOTHING="));
}

}  // namespace
}  // namespace procgraph::testing
