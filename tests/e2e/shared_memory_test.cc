// Shared memory between the processes of a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

Ran run_with_nodes(Folder& folder, const std::string& yaml) {
  folder.write("graph.yaml", yaml);
  return run(folder.path(), {"run", "graph.yaml", "--nodes", TEST_NODES, "--no-prefix", "--strict"});
}

TEST(SharedMemory, TheExampleLosesNoAddition) {
  Folder folder;
  Ran ran = run(folder.path(), {"run", source_path("configs/shared_memory.yaml")});
  EXPECT_EQ(ran.out, "show  │ 4000\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(SharedMemory, ALockWhoseHolderIsKilledGoesToTheNextWhoIsToldOnce) {
  Folder folder;
  Ran ran = run_with_nodes(folder,
                           "processes:\n"
                           "  die: { command: area die, writes: a, on_failure: ignore }\n"
                           "  take: { command: area take, reads: a }\n"
                           "shared_memory: { a: { size: 4KiB, lock: true, sync: [held] } }\n");
  EXPECT_EQ(ran.out, "told, half\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(SharedMemory, BeginsAsItsFileAndIsPlainMemoryForAnyProgram) {
  Folder folder;
  folder.write("start.txt", "from the file");
  Ran ran = run_with_nodes(
      folder,
      "processes:\n"
      "  show: { command: area show, reads: a }\n"
      "  python:\n"
      "    command:\n"
      "      - python3\n"
      "      - -c\n"
      "      - |\n"
      "        import mmap, os\n"
      "        port = dict(p.split('=') for p in os.environ['PROCGRAPH_PORTS'].split(','))\n"
      "        try: mmap.mmap(int(port['payload']), 0, access=mmap.ACCESS_WRITE)\n"
      "        except PermissionError: print('read-only')\n"
      "        print(mmap.mmap(int(port['payload']), 0, access=mmap.ACCESS_READ)[:13].decode())\n"
      "    reads: a\n"
      "    after: { show: succeeded }\n"
      "shared_memory: { a: { size: 20, initial: start.txt } }\n");
  EXPECT_EQ(ran.out, "from the file\nread-only\nfrom the file\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(SharedMemory, BeginsAsAFileThatClaimsToHaveNoSize) {
  Folder folder;
  Ran ran = run_with_nodes(folder,
                           "processes: { show: { command: area show, reads: a } }\n"
                           "shared_memory: { a: { size: 4KiB, initial: /proc/version } }\n");
  EXPECT_EQ(ran.out, shell(folder.path(), "cat /proc/version; echo").out);
  EXPECT_EQ(ran.code, 0) << ran.err;
  ran = run_with_nodes(folder,
                       "processes: { show: { command: area show, reads: a } }\n"
                       "shared_memory: { a: { size: 10, initial: /proc/version } }\n");
  EXPECT_EQ(ran.code, 71);
  EXPECT_EQ(ran.err, "procgraph: copy '/proc/version' to 'a.data': it has more than 10 bytes\n");
}

TEST(SharedMemory, WhatADeadProcessHadLockedIsToldWithItsCount) {
  Folder folder;
  folder.write("graph.yaml",
               "processes: { die: { command: area die, writes: a, on_failure: ignore } }\n"
               "shared_memory: { a: { size: 4KiB, lock: true, sync: [held] } }\n");
  EXPECT_THAT(run(folder.path(), {"run", "graph.yaml", "--nodes", TEST_NODES, "-v"}).err,
              HasSubstr("recovered from die: area 'a': 1 lock is free\n"));
  EXPECT_THAT(run(folder.path(), {"run", "graph.yaml", "--nodes", TEST_NODES, "--log-format", "json"}).err,
              HasSubstr("\"event\":\"recovered\",\"process\":\"die\",\"channel\":\"a\",\"freed\":1}"));
}

TEST(SharedMemory, AReaderThatWritesDiesOfIt) {
  Folder folder;
  Ran ran = run_with_nodes(folder,
                           "processes:\n"
                           "  bad: { command: area scribble, reads: a }\n"
                           "shared_memory: { a: { sync: [x] } }\n");
  EXPECT_EQ(ran.code, 128 + 11);
  EXPECT_THAT(ran.err, HasSubstr("SIGSEGV"));
}

}  // namespace
}  // namespace procgraph::e2e
