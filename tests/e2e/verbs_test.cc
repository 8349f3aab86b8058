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

TEST(Verbs, NewWritesAManifestThatIsRightAndFitsItsGraph) {
  Folder folder;
  EXPECT_EQ(run(folder.path(), {"new", "shout"}).code, 0);
  folder.write("shout/nodes/shout", "#!/bin/sh\n", 0755);
  const Ran nodes = run(folder.path(), {"nodes", "shout", "--nodes", "shout/nodes"});
  EXPECT_THAT(nodes.out, HasSubstr("  Turns messages into capitals.\n  reads in, a queue or topic\n"));
  EXPECT_EQ(nodes.err, "");
  const Ran check = run(folder.path(), {"check", "shout/shout.yaml"});
  EXPECT_EQ(check.code, 0) << check.err;
  EXPECT_THAT(check.err, Not(HasSubstr("warning")));
}

TEST(Verbs, NodesShowsWhatNodesSayOfThemselves) {
  Folder folder;
  EXPECT_EQ(shell(folder.path(), "mkdir nodes").code, 0);
  folder.write("nodes/plain", "#!/bin/sh\n", 0755);
  folder.write("nodes/wrong", "#!/bin/sh\n", 0755);
  folder.write("nodes/wrong.node.yaml", "descripton: x\n");
  folder.write("nodes/mine", "#!/bin/sh\n", 0755);
  folder.write("nodes/mine.node.yaml",
               "description: Does it.\nreads: { in: {}, more: { optional: true } }\nwrites: { '*': {} }\n");
  const Ran all = run(folder.path(), {"nodes"});
  EXPECT_THAT(all.out, HasSubstr("  mine   in, more? → any  Does it.\n  plain\n  wrong\n"));
  EXPECT_THAT(all.err,
              HasSubstr("nodes/wrong.node.yaml:1:1: warning: unknown key 'descripton' in a manifest"));
  EXPECT_EQ(all.code, 0);
  const Ran json = run(folder.path(), {"nodes", "mine", "--format", "json"});
  EXPECT_THAT(json.out, HasSubstr("\"description\": \"Does it.\""));
  EXPECT_THAT(json.out, HasSubstr("\"optional\": true"));
  EXPECT_THAT(json.out, Not(HasSubstr("plain")));
  const Ran none = run(folder.path(), {"nodes", "mime"});
  EXPECT_EQ(none.err, "procgraph nodes: there is no node 'mime'; did you mean 'mine'?\n");
  EXPECT_EQ(none.code, 2);
}

// Every node of ours says what it does, without a mistake.
TEST(Verbs, NodesOfOursHaveManifests) {
  const Ran ran = call({"nodes", "--format", "json"});
  EXPECT_EQ(ran.err, "");
  for (const char* name : {"blocks", "copy", "discard", "f", "fragile", "fussy", "letters", "m", "numbers",
                           "pool", "relay", "tally"}) {
    EXPECT_THAT(call({"nodes", name}).out, Not(HasSubstr("says nothing of itself"))) << name;
  }
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
