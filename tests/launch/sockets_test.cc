// A plan's sockets: opened once, told to everybody, gone at the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "fakes/failing_kernel.h"
#include "fakes/show.h"
#include "fakes/temporary_folder.h"
#include "launch/launch.h"

namespace procgraph {
namespace {

using ::testing::Contains;
using ::testing::UnorderedElementsAre;
using Family = SocketAddress::Family;

const ChannelKind kSocket{.name = "socket", .flows = false, .served = true};

// Sockets "a" (in the run's folder), "b" (a port of the kernel's choice), "c" (opened by its server); one
// spawn that serves the first two.
Plan plan_in(const TemporaryFolder& folder) {
  Plan plan;
  const auto add = [&](const char* name, SocketAddress address, bool by_server) {
    Channel& channel = plan.graph.channels.emplace_back();
    channel.id = {static_cast<std::uint32_t>(plan.graph.channels.size() - 1)};
    channel.name = name;
    channel.kind = &kSocket;
    channel.socket = {.address = address, .mark = {}, .opened_by_server = by_server};
    if (!by_server) plan.objects.push_back({{channel.id.value}, channel.id, name, ListenerObject{address}});
  };
  add("a", {}, false);
  add("b", {Family::kTcp, "127.0.0.1", 0, ""}, false);
  add("c", {}, true);
  plan.run_folder = folder / "run-XXXXXX";
  Spawn& spawn = plan.spawns.emplace_back();
  spawn.id = {0};
  spawn.program = SHOW;
  spawn.cwd = "/";
  spawn.inherits = {{3, {0}, End::kListen}, {4, {1}, End::kListen}};
  spawn.listens = true;
  plan.descriptors = 40;
  return plan;
}

class OpenedSockets : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  Plan plan_ = plan_in(folder_);
};

TEST_F(OpenedSockets, HaveAddressesWithNothingLeftOpen) {
  auto opened = Opened::open(plan_);
  ASSERT_TRUE(opened) << opened.error().text();
  const std::string a = format(opened->address({0})), c = format(opened->address({2}));
  EXPECT_TRUE(std::filesystem::is_socket(a));
  EXPECT_EQ(c, std::filesystem::path(a).parent_path().string() + "/c");
  EXPECT_FALSE(std::filesystem::exists(c));
  EXPECT_GT(opened->address({1}).port, 0);
}

TEST_F(OpenedSockets, AreToldAndHandedToTheirServer) {
  auto opened = Opened::open(plan_);
  Spawn spawn = plan_.spawns[0];
  spawn.argv = {"show", folder_ / "shown"};
  spawn.env = {"A=" + socket_reference("a", "address"),
               "B=http://" + socket_reference("b", "host") + ":" + socket_reference("b", "port") + "/",
               "FOREIGN=" + socket_reference("x", "address"), "HALF=\x03"};
  const auto child = launch(spawn, *opened, {});
  int status = -1;
  ::waitpid(std::get<Child>(child).pid, &status, 0);
  ASSERT_EQ(status, 0);
  const Shown shown = parse_shown(folder_.read("shown"));
  EXPECT_THAT(shown.env, UnorderedElementsAre("A=" + format(opened->address({0})),
                                              "B=http://" + format(opened->address({1})) + "/",
                                              "FOREIGN=" + socket_reference("x", "address"), "HALF=\x03",
                                              "PROCGRAPH_PID=" + shown.facts.at("pid"),
                                              "LISTEN_PID=" + shown.facts.at("pid")));
  struct stat facts {};
  ::fstat(opened->fd({0}, End::kListen), &facts);
  EXPECT_EQ(shown.fds.at(3), std::to_string(facts.st_ino));
}

TEST_F(OpenedSockets, AreOpenAsLongAsTheirServerIsToComeAndTheirFilesAsLongAsTheRun) {
  std::string path;
  {
    auto opened = Opened::open(plan_);
    path = format(opened->address({0}));
    EXPECT_GE(opened->fd({0}, End::kListen), 0);
    opened->release(plan_.spawns[0]);
    EXPECT_EQ(opened->fd({0}, End::kListen), -1);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(OpenedSockets, LeaveNothingWhereACallFails) {
  for (const char* call : {"mkdtemp", "socket", "bind", "listen"}) {
    int failures = 0;
    for (bool failed = true; failed; ++failures) {
      FailingKernel kernel(call, failures + 1, ENOBUFS);
      const auto opened = Opened::open(plan_, kernel);
      failed = kernel.failed();
      ASSERT_EQ(!opened, failed) << call << ' ' << failures + 1;
      if (!failed) break;
      EXPECT_EQ(opened.error().code, ENOBUFS);
      EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << call << ' ' << failures + 1;
    }
    EXPECT_GT(failures, 0) << call << " is never called";
  }
}

}  // namespace
}  // namespace procgraph
