// A child has exactly the descriptors that it was promised, whatever its parent has open.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <thread>
#include <vector>

#include "fakes/show.h"
#include "fakes/temporary_folder.h"
#include "os/launch_pad.h"
#include "os/spawn.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;

std::string inode(int fd) {
  struct stat facts {};
  EXPECT_EQ(::fstat(fd, &facts), 0);
  return std::to_string(facts.st_ino);
}

Fd some_file() {
  return Fd(::memfd_create("test", MFD_CLOEXEC));
}

Shown shown_by(const TemporaryFolder& folder, SpawnRequest request) {
  request.program = SHOW;
  request.argv = {"show", folder / "shown"};
  const auto child = spawn(request);
  if (const auto* error = std::get_if<SpawnError>(&child)) {
    ADD_FAILURE() << error->step << ' ' << error->code;
    return {};
  }
  int status = -1;
  ::waitpid(std::get<Child>(child).pid, &status, 0);
  EXPECT_EQ(status, 0);
  return parse_shown(folder.read("shown"));
}

TEST(SpawnDescriptors, AChildThatIsGivenNothingHasThreeNullDevices) {
  const TemporaryFolder folder;
  const Shown shown = shown_by(folder, {});
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(shown.fd_numbers(), ElementsAre(0, 1, 2));
  for (int fd = 0; fd <= 2; ++fd) EXPECT_EQ(shown.fds.at(fd), inode(null.get()));
}

TEST(SpawnDescriptors, StrayDescriptorsOfTheParentStayOutEvenOnTargetNumbers) {
  const TemporaryFolder folder;
  std::vector<Fd> strays;
  for (int i = 0; i < 300; ++i) strays.emplace_back(::open("/dev/zero", O_RDONLY));  // no O_CLOEXEC
  const Fd in = some_file(), data = some_file();
  const int on_a_stray = strays[150].get();
  const Shown shown = shown_by(folder, {.fds = {{in.get(), 0}, {data.get(), 7}, {data.get(), on_a_stray}}});
  EXPECT_THAT(shown.fd_numbers(), ElementsAre(0, 1, 2, 7, on_a_stray));
  EXPECT_EQ(shown.fds.at(0), inode(in.get()));
  EXPECT_EQ(shown.fds.at(7), inode(data.get()));
  EXPECT_EQ(shown.fds.at(on_a_stray), inode(data.get()));
}

// How often a child is started while threads of its parent come, go and open what they like.
int spawns() {
  const char* asked = std::getenv("PROCGRAPH_TEST_SPAWNS");
  return asked != nullptr ? std::atoi(asked) : 20;
}

TEST(SpawnDescriptors, ThreadsThatOpenDescriptorsMeanwhileLeakNone) {
  const TemporaryFolder folder;
  LaunchPad pad;
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!done) const Fd leaky(::open("/dev/zero", O_RDONLY));  // no O_CLOEXEC
    });
  const Fd data = some_file();
  for (int i = 0; i < spawns(); ++i)
    ASSERT_THAT(
        shown_by(folder, {.fds = {{data.get(), 3}, {data.get(), 20}}, .pad = i % 2 == 0 ? nullptr : &pad})
            .fd_numbers(),
        ElementsAre(0, 1, 2, 3, 20));
  done = true;
  for (std::thread& thread : threads) thread.join();
}

// Runs in a process of its own, for it takes over the numbers 0 to 5: six files lie there, and the child
// wants them permuted.
int permute(const TemporaryFolder& folder, const std::array<int, 6>& order) {
  std::array<std::string, 6> inodes;
  for (int fd = 0; fd < 6; ++fd) {
    Fd file = some_file();
    if (file.get() == fd) {
      (void)file.release();
    } else {
      ::dup2(file.get(), fd);
    }
    inodes[fd] = inode(fd);
  }
  SpawnRequest request;
  for (int fd = 0; fd < 6; ++fd) request.fds.emplace_back(order[fd], fd);
  const Shown shown = shown_by(folder, request);
  if (shown.fds.size() != 6) return 1;
  for (int fd = 0; fd < 6; ++fd)
    if (shown.fds.at(fd) != inodes[order[fd]]) return 2;
  return 0;
}

TEST(SpawnDescriptors, SourcesAndTargetsMayOverlapInEveryPermutation) {
  const TemporaryFolder folder;
  std::array<int, 6> order{};
  std::iota(order.begin(), order.end(), 0);
  do {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(permute(folder, order));
    int status = -1;
    ::waitpid(pid, &status, 0);
    ASSERT_EQ(status, 0) << ::testing::PrintToString(order);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(SpawnDescriptors, OneSourceMayHaveSeveralNumbers) {
  const TemporaryFolder folder;
  const Fd data = some_file();
  const Shown shown = shown_by(folder, {.fds = {{data.get(), 1}, {data.get(), 2}, {data.get(), 3}}});
  for (int fd : {1, 2, 3}) EXPECT_EQ(shown.fds.at(fd), inode(data.get()));
}

TEST(SpawnDescriptors, TheParentsOwnStandardStreamsMayBeClosed) {
  const TemporaryFolder folder;
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    ::_exit(shown_by(folder, {}).fds.size() == 3 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SpawnDescriptors, AClosedSourceIsNamedByItsStep) {
  const auto child = spawn({.program = "/bin/true", .argv = {"true"}, .fds = {{-1, 3}}});
  const auto* error = std::get_if<SpawnError>(&child);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->step, "fcntl");
  EXPECT_EQ(error->code, EBADF);
}

TEST(SpawnDescriptors, TheChildsFileLimitIsTheGivenOneEvenBelowItsDescriptors) {
  const TemporaryFolder folder;
  const Fd data = some_file();
  const Shown shown = shown_by(folder, {.fds = {{data.get(), 90}}, .files_limit = 64});
  EXPECT_EQ(shown.facts.at("files"), "64");
  EXPECT_THAT(shown.fd_numbers(), ElementsAre(0, 1, 2, 90));
}

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator folder("/proc/self/fd");
  return std::distance(begin(folder), end(folder));
}

TEST(SpawnDescriptors, TheParentIsLeftWithOneMoreDescriptorPerChild) {
  const auto first = spawn({.program = "/bin/true", .argv = {"true"}});  // opens what all spawns share
  ::waitpid(std::get<Child>(first).pid, nullptr, 0);
  const auto before = open_descriptors();
  {
    const auto child = spawn({.program = "/bin/true", .argv = {"true"}});
    EXPECT_EQ(open_descriptors(), before + 1);
    ::waitpid(std::get<Child>(child).pid, nullptr, 0);
  }
  const auto missing = spawn({.program = "/missing", .argv = {"missing"}});
  EXPECT_TRUE(std::holds_alternative<SpawnError>(missing));
  EXPECT_EQ(open_descriptors(), before);
}

// A parent whose table is crowded behind a launch pad.
struct Crowd {
  LaunchPad pad;
  std::vector<Fd> others;

  Crowd() {
    for (int i = 0; i < 900; ++i) others.push_back(some_file());
  }
};

TEST(SpawnFromALaunchPad, AChildHasWhatItIsGivenAndNothingElse) {
  const TemporaryFolder folder;
  Crowd crowd;
  const Fd in = some_file(), data = some_file();
  const int on_the_pad = crowd.pad.end() - 3, on_another = crowd.others[500].get();
  (void)shown_by(folder, {.pad = &crowd.pad});  // opens what all spawns share
  const auto before = open_descriptors();
  const Shown shown = shown_by(
      folder, {.fds = {{in.get(), 0}, {data.get(), 4}, {in.get(), on_the_pad}, {data.get(), on_another}},
               .pad = &crowd.pad});
  EXPECT_THAT(shown.fd_numbers(), ElementsAre(0, 1, 2, 4, on_the_pad, on_another));
  for (const int number : {0, on_the_pad}) EXPECT_EQ(shown.fds.at(number), inode(in.get()));
  for (const int number : {4, on_another}) EXPECT_EQ(shown.fds.at(number), inode(data.get()));
  EXPECT_EQ(open_descriptors(), before);
  for (const Fd& other : crowd.others) EXPECT_NE(::fcntl(other.get(), F_GETFD), -1);
}

TEST(SpawnFromALaunchPad, NothingIsLeftOnIt) {
  const TemporaryFolder folder;
  Crowd crowd;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd read(ends[0]);
  Fd write(ends[1]);
  (void)shown_by(folder, {.fds = {{write.get(), 5}}, .pad = &crowd.pad});
  write.reset();
  char nothing = 0;
  EXPECT_EQ(::read(read.get(), &nothing, 1), 0);  // the end: nobody has the other side any more
}

TEST(SpawnFromALaunchPad, ThereMayBeMoreToGiveThanItHasPlaces) {
  const TemporaryFolder folder;
  Crowd crowd;
  const Fd data = some_file();
  SpawnRequest request{.pad = &crowd.pad};
  std::vector<int> numbers{0, 1, 2};
  for (int number = 3; number < 3 + 2 * LaunchPad::kPlaces; ++number) {
    request.fds.emplace_back(data.get(), number);
    numbers.push_back(number);
  }
  EXPECT_THAT(shown_by(folder, request).fd_numbers(), ::testing::ElementsAreArray(numbers));
  EXPECT_THAT(shown_by(folder, {.pad = &crowd.pad}).fd_numbers(), ElementsAre(0, 1, 2));
}

TEST(SpawnFromALaunchPad, WhatFailsIsNamedAsElsewhere) {
  Crowd crowd;
  const auto step = [&](SpawnRequest request) {
    request.pad = &crowd.pad;
    const auto child = spawn(request);
    const auto* error = std::get_if<SpawnError>(&child);
    return error == nullptr ? "none" : error->step + " " + std::to_string(error->code);
  };
  EXPECT_EQ(step({.program = "/missing", .argv = {"missing"}}), "exec " + std::to_string(ENOENT));
  EXPECT_EQ(step({.program = "/bin/true", .argv = {"true"}, .cwd = "/missing"}),
            "chdir " + std::to_string(ENOENT));
  EXPECT_EQ(step({.program = "/bin/true", .argv = {"true"}, .fds = {{-1, 3}}}),
            "fcntl " + std::to_string(EBADF));
  EXPECT_EQ(step({.program = "/bin/true", .argv = {"true"}, .home = "/missing"}),
            "entering its cgroup " + std::to_string(ENOENT));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // there vfork is theirs, and copies
TEST(SpawnFromALaunchPad, TheKernelKeepsASmallTableForTheChild) {
  Crowd crowd;
  const auto places_of = [](LaunchPad* pad) {
    const auto child = spawn({.program = "/bin/sleep", .argv = {"sleep", "1000"}, .pad = pad});
    const pid_t pid = std::get<Child>(child).pid;
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    int places = 0;
    for (std::string word; status >> word;)
      if (word == "FDSize:") status >> places;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return places;
  };
  EXPECT_GE(places_of(nullptr), 900);
  EXPECT_LE(places_of(&crowd.pad), 256);
}
#endif

}  // namespace
}  // namespace procgraph
