// What a run says where memory, file sizes or descriptors are used up; and that it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr const char* kNodes = TEST_NODES "/";

bool put(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

// A cgroup with a limit of memory, of version 1 or 2, as far as this machine lets us have one.
class MemoryGroup {
 public:
  explicit MemoryGroup(std::size_t bytes) {
    const std::string v1 = "/sys/fs/cgroup/memory", v2 = "/sys/fs/cgroup";
    const bool is_v1 = access((v1 + "/cgroup.procs").c_str(), F_OK) == 0;
    if (!is_v1) put(v2 + "/cgroup.subtree_control", "+memory");
    path_ = (is_v1 ? v1 : v2) + "/procgraph-test-" + std::to_string(getpid());
    made_ = mkdir(path_.c_str(), 0755) == 0 &&
            put(path_ + (is_v1 ? "/memory.limit_in_bytes" : "/memory.max"), std::to_string(bytes));
    if (!is_v1) put(path_ + "/memory.swap.max", "0");
  }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;
  ~MemoryGroup() { rmdir(path_.c_str()); }

  [[nodiscard]] bool is_made() const { return made_; }
  [[nodiscard]] std::string enter() const { return "echo $$ > " + path_ + "/cgroup.procs; "; }

 private:
  std::string path_;
  bool made_;
};

// A writer that fills 30 MB of a queue of 32 MiB, from which nothing more is taken.
std::string filling(const std::string& own) {
  return std::string("processes:\n  f: { command: ") + kNodes + "fill 30 1000000 " + own +
         ", writes: q }\n  m: { command: " + kNodes +
         "node_take hold, reads: q }\n"
         "queues: { q: { capacity: 100, memory: 32MiB, max_message: 1MiB } }\n";
}

Ran run_after(const std::string& script, const std::string& yaml, const std::string& flags = "") {
  const Folder folder;
  folder.write("g.yaml", yaml);
  return shell(folder.path(), script + "exec " + procgraph_path() + " run g.yaml " + flags);
}

// Behind the last of these words; 0: there are none.
unsigned long number_behind(const std::string& words, const std::string& text) {
  const std::size_t at = text.rfind(words);
  return at == std::string::npos ? 0 : std::stoul(text.substr(at + words.size()));
}

// It is killed as it touches a page of the queue that the cgroup does not give.
TEST(Exhausted, AWriterThatTheKernelKillsForItsMemoryIsNamedAndTheRunEnds) {
  const MemoryGroup group(56 << 20);
  if (!group.is_made()) GTEST_SKIP() << "no cgroup with a limit of memory is to be had here";
  const Ran ran = run_after(group.enter(), filling("40000000"));
  EXPECT_EQ(ran.code, 137) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("f failed: killed by SIGKILL; the graph stops\n"));
  EXPECT_THAT(ran.err, HasSubstr(" messages were left in queue 'q'"));
}

// It takes with it the one message that it was about to put, or about to say of that it had.
TEST(Exhausted, WhatAWriterHadPutBeforeTheKernelKilledItIsReadToTheLast) {
  const MemoryGroup group(56 << 20);
  if (!group.is_made()) GTEST_SKIP() << "no cgroup with a limit of memory is to be had here";
  const Ran ran =
      run_after(group.enter(),
                std::string("processes:\n  f: { command: ") + kNodes +
                    "fill 30 1000000 40000000, writes: q, on_failure: ignore }\n  m: { command: " + kNodes +
                    "node_take all, reads: q, after: { f: finished } }\n"
                    "queues: { q: { capacity: 100, memory: 32MiB, max_message: 1MiB } }\n",
                "-v");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("f failed: killed by SIGKILL; that is ignored\n"));
  const unsigned long said = number_behind("f │ put ", ran.out), got = number_behind("m │ got ", ran.out);
  EXPECT_GT(said, 0UL) << ran.out;
  EXPECT_LT(said, 30UL);
  EXPECT_THAT(got, AnyOf(said, said + 1));
  const std::string count = std::to_string(got);
  EXPECT_THAT(ran.err, HasSubstr("queue 'q': " + count + " put, " + count + " acknowledged"));
}

TEST(Exhausted, ChannelsThatMayNeedMoreThanTheCgroupHasAreRefused) {
  const MemoryGroup group(24 << 20);
  if (!group.is_made()) GTEST_SKIP() << "no cgroup with a limit of memory is to be had here";
  const Ran ran = run_after(group.enter(), filling("0"));
  EXPECT_EQ(ran.code, 69) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("the graph's channels may need 32 MiB of memory, the memory cgroup has "));
}

TEST(Exhausted, ALimitOfFileSizesIsNamed) {
  const Ran ran = run_after("ulimit -f 1000; ", filling("0"));
  EXPECT_EQ(ran.code, 71) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("procgraph: memory 'q."));
  EXPECT_THAT(ran.err, HasSubstr("KiB): File too large\n"));
  EXPECT_THAT(ran.err, HasSubstr("KiB (`ulimit -f` allows "));
}

TEST(Exhausted, TooFewDescriptorsAreSaidBeforeAnythingStarts) {
  const Ran ran = run_after("ulimit -n 12; ", filling("0"));
  EXPECT_EQ(ran.code, 69) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr(" open files, this machine allows 12\n"));
}

// What the plan counts is enough, and one less is refused before anything starts.
TEST(Exhausted, AsManyDescriptorsAsThePlanCountsAreEnough) {
  for (const char* yaml :
       {"processes:\n  a: { command: head -c 10 /dev/zero, stdout: p, stderr: none }\n"
        "  b: { command: wc -c, stdin: p }\npipes: [p]\n",
        "processes:\n  f: { command: f 10, writes: q }\n  m: { command: m, reads: q, replicas: 3 }\nqueues: "
        "[q]\n",
        "processes:\n  f: { command: f 10, writes: { q: { channel: q, fd: 90 } } }\n"
        "  m: { command: wc -c, stdin: q }\npipes: [q]\n"}) {
    const Folder folder;
    folder.write("g.yaml", yaml);
    const std::string plan = run(folder.path(), {"plan", "g.yaml"}).out;
    const auto end = plan.find(" open files");
    ASSERT_NE(end, std::string::npos) << plan;
    const int needed = std::stoi(plan.substr(plan.rfind(' ', end - 1) + 1));
    const Ran enough = run_after("ulimit -n " + std::to_string(needed) + "; ", yaml);
    EXPECT_EQ(enough.code, 0) << needed << ": " << enough.err;
    const Ran fewer = run_after("ulimit -n " + std::to_string(needed - 1) + "; ", yaml);
    EXPECT_EQ(fewer.code, 69) << fewer.err;
    EXPECT_THAT(fewer.err, HasSubstr("the run needs " + std::to_string(needed) +
                                     " open files, this machine allows " + std::to_string(needed - 1)));
  }
}

TEST(Exhausted, ANodeThatCannotMapItsQueueSaysSoAndTheRunEnds) {
  const Folder folder;
  const std::string fill = folder.write(
      "small", std::string("#!/bin/sh\nulimit -v 100000\nexec ") + kNodes + "fill \"$@\"\n", 0755);
  const Ran ran =
      run_text("processes:\n  f: { command: " + fill + " 1 1, writes: q }\n  m: { command: " + kNodes +
               "node_take hold, reads: q }\n"
               "queues: { q: { memory: 100MiB, max_message: 1MiB } }\n");
  EXPECT_EQ(ran.code, 134) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("f failed: killed by SIGABRT; the graph stops\n"));
  EXPECT_THAT(ran.err, HasSubstr("queue 'q': mmap("));
  EXPECT_THAT(ran.err, HasSubstr(" bytes): Cannot allocate memory\n"));
}

}  // namespace
}  // namespace procgraph::e2e
