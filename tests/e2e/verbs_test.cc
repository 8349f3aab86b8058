// The other verbs, as far as a person or a script relies on their words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Ran call(std::vector<std::string> words) {
  Folder folder;
  return run(folder.path(), std::move(words));
}

TEST(Verbs, WithoutOneTheHelpIsShownAsAUsageError) {
  Ran ran = call({});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("usage: procgraph VERB"));
}

TEST(Verbs, AnUnknownOneIsAnsweredWithTheNearest) {
  EXPECT_EQ(call({"rnu"}).err, "procgraph: there is no verb 'rnu'; did you mean 'run'?\n");
  EXPECT_EQ(call({"graph.yaml"}).err,
            "procgraph: there is no verb 'graph.yaml'; to run a file: procgraph run graph.yaml\n");
}

TEST(Verbs, AnUnknownFlagIsAnsweredWithTheNearest) {
  Ran ran = call({"run", "--dry-rum"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err,
              StartsWith("procgraph run: there is no flag '--dry-rum'; did you mean '--dry-run'?\n"));
}

TEST(Verbs, EachExplainsItself) {
  for (const char* verb : {"run", "exec", "check", "plan", "graph", "kinds", "nodes", "schema", "doctor",
                           "new", "completion", "version", "help"}) {
    Ran ran = call({verb, "--help"});
    EXPECT_EQ(ran.code, 0) << verb;
    EXPECT_THAT(ran.out, StartsWith(std::string("procgraph ") + verb + " – "));
    EXPECT_EQ(call({"help", verb}).out, ran.out);
  }
}

TEST(Verbs, FlagsMayComeFromTheEnvironment) {
  Folder folder;
  Ran ran = shell(folder.path(), "echo 'processes: { a: echo hi }' | PROCGRAPH_NO_PREFIX=true '" +
                                     procgraph_path() + "' run -");
  EXPECT_EQ(ran.out, "hi\n") << ran.err;
}

TEST(Verbs, PlanAndDryRunPrintTheSame) {
  Folder folder;
  Ran plan = run(folder.path(), {"plan", source_path("configs/queue.yaml")});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_EQ(run(folder.path(), {"run", "--dry-run", source_path("configs/queue.yaml")}).out, plan.out);
}

TEST(Verbs, GraphDrawsInEveryFormat) {
  std::string file = source_path("configs/queue.yaml");
  EXPECT_THAT(call({"graph", file}).out, HasSubstr("f"));
  EXPECT_THAT(call({"graph", file, "--format", "dot"}).out, StartsWith("digraph"));
  EXPECT_THAT(call({"graph", file, "--format", "mermaid"}).out, StartsWith("flowchart"));
  EXPECT_THAT(call({"graph", file, "--format", "json"}).out, StartsWith("{"));
}

TEST(Verbs, CheckSaysNothingWhenAllIsWell) {
  Ran ran = call({"check", source_path("configs/queue.yaml")});
  EXPECT_EQ(ran.out + ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Verbs, SchemaIsJsonForTheFile) {
  Ran ran = call({"schema"});
  EXPECT_THAT(ran.out, HasSubstr("\"$schema\""));
  EXPECT_THAT(ran.out, HasSubstr("\"processes\""));
}

TEST(Verbs, DoctorSaysWhatTheMachineAllows) {
  Ran ran = call({"doctor"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("containment"));
  EXPECT_THAT(ran.out, HasSubstr("shared memory"));
}

TEST(Verbs, NewWritesANodeAndRefusesToOverwriteOne) {
  Folder folder;
  Ran ran = run(folder.path(), {"new", "shout"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(folder.read("shout/main.cc"), HasSubstr("procgraph::Node"));
  EXPECT_EQ(run(folder.path(), {"new", "shout"}).code, 2);
  EXPECT_EQ(run(folder.path(), {"new", "../x"}).code, 2);
}

TEST(Verbs, CompletionIsValidShell) {
  Folder folder;
  folder.write("c.bash", call({"completion", "bash"}).out);
  EXPECT_EQ(shell(folder.path(), "bash -c 'source c.bash && complete -p procgraph'").code, 0);
  EXPECT_THAT(call({"completion", "zsh"}).out, StartsWith("#compdef procgraph"));
  EXPECT_THAT(call({"completion", "fish"}).out, HasSubstr("complete -c procgraph"));
  EXPECT_EQ(call({"completion", "csh"}).code, 2);
}

}  // namespace
}  // namespace procgraph::e2e
