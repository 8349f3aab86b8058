// The whole message for each way in which a program cannot start.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "fakes/temporary_folder.h"
#include "launch/launch.h"
#include "launch/sample_plan.h"

namespace procgraph {
namespace {

class Explain : public ::testing::Test {
 protected:
  // Starts `program`, which must fail, and returns what is said.
  std::string failure(const std::string& program, const std::string& cwd = "/",
                      const std::string& argument = "") {
    Spawn spawn;
    spawn.id = {0};
    spawn.program = program;
    spawn.argv = {"program", argument};
    spawn.cwd = cwd;
    const auto child = launch(spawn, *opened_, {});
    if (const auto* error = std::get_if<SpawnError>(&child)) return explain(*error, spawn);
    ::waitpid(std::get<Child>(child).pid, nullptr, 0);
    return "it started";
  }

  std::string program(const std::string& text, mode_t mode = 0755) {
    const std::string file = folder_.write("tool", text);
    ::chmod(file.c_str(), mode);
    return file;
  }

  TemporaryFolder folder_;
  Plan plan_ = sample_plan(folder_.path());
  Result<Opened> opened_ = Opened::open(plan_);
};

TEST_F(Explain, AMissingProgram) {
  EXPECT_EQ(failure("/missing"), "cannot start '/missing': it does not exist");
}

TEST_F(Explain, AMissingInterpreter) {
  EXPECT_EQ(failure(program("#! /no/such/shell -e\n")),
            "cannot start '" + folder_.path() + "/tool': its interpreter '/no/such/shell' does not exist");
}

TEST_F(Explain, AScriptWithTheLineEndsOfWindows) {
  EXPECT_EQ(failure(program("#!/bin/sh\r\necho\r\n")),
            "cannot start '" + folder_.path() +
                "/tool': its interpreter '/bin/sh\\r' does not exist (its lines end as on Windows)");
}

TEST_F(Explain, AFolder) {
  EXPECT_EQ(failure("/usr"), "cannot start '/usr': it is a folder");
}

TEST_F(Explain, AFileWithoutPermission) {
  EXPECT_EQ(failure(program("#!/bin/sh\n", 0644)),
            "cannot start '" + folder_.path() +
                "/tool': it may not be executed (no x permission, or a noexec file system)");
}

TEST_F(Explain, ATextWithoutFirstLine) {
  EXPECT_EQ(failure(program("echo\n")),
            "cannot start '" + folder_.path() +
                "/tool': it is neither a binary for this machine nor a script with a '#!' line");
}

TEST_F(Explain, ArgumentsThatAreTooLong) {
  EXPECT_EQ(failure("/bin/true", "/", std::string(4 << 20, 'x')),
            "cannot start '/bin/true': its arguments and environment are longer than the kernel takes");
}

TEST_F(Explain, AMissingWorkingFolder) {
  EXPECT_EQ(failure("/bin/true", "/missing"),
            "cannot start '/bin/true': its folder '/missing': No such file or directory");
}

TEST(ExplainError, ALackOfProcesses) {
  Spawn spawn;
  spawn.program = "/bin/true";
  EXPECT_EQ(explain({"vfork", EAGAIN}, spawn),
            "cannot start '/bin/true': no more processes (`ulimit -u`, kernel.pid_max or the cgroup's "
            "pids.max is reached)");
  EXPECT_EQ(explain({"fcntl", EMFILE}, spawn), "cannot start '/bin/true': fcntl: Too many open files");
}

}  // namespace
}  // namespace procgraph
