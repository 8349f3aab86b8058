// The name of a run that is to be the only one: who has it, and for how long.
#include "os/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fakes/temporary_folder.h"
#include "guarded_run.h"
#include "os/keeper.h"

namespace procgraph {
namespace {

using testing::HasSubstr;

using Folders = std::vector<std::string>;

TEST(Claim, IsRefusedWhileAnotherOneHoldsTheName) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  auto first = claim(runs, "etl", 4242);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->taken);
  const auto second = claim(runs, "etl", 1);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->taken);
  EXPECT_EQ(second->holder, 4242);
  EXPECT_FALSE(claim(runs, "etl-2", 1)->taken) << "another name";
  first->locks.clear();
  EXPECT_FALSE(claim(runs, "etl", 1)->taken);
}

TEST(Claim, NamesTheLastHolderWhateverWasInTheFile) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  (void)claim(runs, "etl", 1'000'000);
  const auto now = claim(runs, "etl", 7);
  EXPECT_EQ(claim(runs, "etl", 1)->holder, 7);
}

TEST(Claim, OfAFileWithNonsenseInItIsAsGoodAsAny) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  (void)claim(runs, "etl", 1);
  std::ofstream(runs[0] + "/.etl.single") << "xyz";
  EXPECT_FALSE(claim(runs, "etl", 1)->taken);
}

TEST(Claim, HoldsInEveryFolderThatCanBeHad) {
  const TemporaryFolder folder;
  const std::string session = folder / "session", always = folder / "always";
  const auto from_cron = claim(Folders{folder / "missing/x", always}, "etl", 7);
  ASSERT_TRUE(from_cron);
  const auto in_a_session = claim(Folders{session, always}, "etl", 1);
  ASSERT_TRUE(in_a_session);
  EXPECT_TRUE(in_a_session->taken);
  EXPECT_FALSE(claim(Folders{session}, "etl", 1)->taken) << "whoever is refused lets go of what it had";
}

TEST(Claim, NeedsAFolderThatIsNobodyElses) {
  const TemporaryFolder folder;
  const std::string open = folder / "open", link = folder / "link", mine = folder / "mine";
  std::filesystem::create_directory(open);
  ::chmod(open.c_str(), 0755);
  std::filesystem::create_directory(mine);
  ::chmod(mine.c_str(), 0700);
  std::filesystem::create_directory_symlink(mine, link);
  const auto refused = claim(Folders{open}, "etl", 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("is open to other users"));
  EXPECT_FALSE(claim(Folders{link}, "etl", 1));
  EXPECT_FALSE(claim(Folders{}, "etl", 1));
}

TEST(Claim, FollowsNoLink) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  (void)claim(runs, "other", 1);
  const std::string precious = folder / "precious";
  std::ofstream(precious) << "text";
  std::filesystem::create_symlink(precious, runs[0] + "/.etl.single");
  EXPECT_FALSE(claim(runs, "etl", 1));
  EXPECT_EQ(std::filesystem::file_size(precious), 4U);
}

TEST(Claim, TellsLongAndStrangeNamesApart) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const std::string tail(300, 'x');
  const auto a = claim(runs, "a" + tail, 1), b = claim(runs, "b" + tail, 1), c = claim(runs, "a/b", 1);
  ASSERT_TRUE(a && b && c);
  EXPECT_FALSE(a->taken || b->taken || c->taken);
  EXPECT_TRUE(claim(runs, "a" + tail, 1)->taken);
}

// The runner has let go of it itself, and is killed; the guard, which ends last, knows nothing of it.
TEST(Claim, IsKeptUntilTheGuardHasEnded) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  auto keeper = Keeper::open();
  ASSERT_TRUE(keeper);
  LifeLine up;
  GuardedRun run(
      [&](int) -> Outcome {
        {
          const auto own = claim(runs, "etl", ::getppid());
          if (!own || own->taken || !keeper->keep(own->locks[0].get())) return {99};
        }
        const pid_t self = ::getpid();
        if (::write(up.write_end(), &self, sizeof self) != sizeof self) return {99};
        for (;;) ::pause();
      },
      Tier::kGuard, &*keeper);
  keeper = Error{"ours is closed"};
  ASSERT_EQ(up.read_pid(), run.runner());
  EXPECT_TRUE(claim(runs, "etl", 1)->taken);
  EXPECT_EQ(claim(runs, "etl", 1)->holder, run.guard());
  ::kill(run.runner(), SIGKILL);
  run.wait();
  EXPECT_FALSE(claim(runs, "etl", 1)->taken);
}

}  // namespace
}  // namespace procgraph
