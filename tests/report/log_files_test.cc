// Logs in files: what is there, what is missing, and that nobody waits.
#include "report/log_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "channels.h"

namespace procgraph {
namespace {

using std::filesystem::path;

class LogFilesTest : public testing::Test {
 protected:
  LogFilesTest() {
    std::string pattern = path(testing::TempDir()) / "logs-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    options_.folder = root_ / "logs";
  }
  ~LogFilesTest() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<Reporter> reporter() { return reporter(out_.writer()); }
  std::unique_ptr<Reporter> reporter(int out) {
    auto made = with_log_files(options_, make_reporter({}, out, err_.writer()));
    EXPECT_TRUE(made) << made.error().text();
    return std::move(*made);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(path(options_.folder) / name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // Its lines without their times, which are all of one length.
  [[nodiscard]] std::vector<std::string> lines(const std::string& name) const {
    std::vector<std::string> lines;
    std::istringstream text(content(name));
    for (std::string line; std::getline(text, line);)
      lines.push_back(line.substr(std::min(line.size(), sizeof "2026-01-02T03:04:05.678Z")));
    return lines;
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.folder))
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  const Sink out_ = Sink::pipe(), err_ = Sink::pipe();
  path root_;
  LogFileOptions options_;
};

using Strings = std::vector<std::string>;

TEST_F(LogFilesTest, EachProcessHasOneAndTheConsoleSaysItAll) {
  const auto log = reporter();
  log->line({"a"}, LogStream::kOut, "one", false);
  log->line({"b.0"}, LogStream::kErr, "two", true);
  log->line({"a"}, LogStream::kErr, "", false);
  log->warning("beware:\nof this");
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(files(), (Strings{"_procgraph.log", "a.log", "b.0.log"}));
  EXPECT_EQ(lines("a.log"), (Strings{"stdout one", "stderr "}));
  EXPECT_EQ(lines("b.0.log"), (Strings{"stderr two [cut at 64 KiB]"}));
  EXPECT_EQ(lines("_procgraph.log"), (Strings{"warning beware:", "warning of this"}));
  EXPECT_EQ(out_.read(), "a │ one\n");
}

TEST_F(LogFilesTest, OfJsonHoldTheRecordsOfTheConsole) {
  options_.format = LogFormat::kJson;
  const auto log = reporter();
  log->line({"a"}, LogStream::kOut, "\x1b[2J", false);
  const std::array<Field, 1> fields{Field{"pid", std::int64_t{7}}};
  log->event("started", "a", fields);
  log->news("so it is");
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(nlohmann::json::parse(content("a.log"))["line"], "\x1b[2J");
  std::istringstream own(content("_procgraph.log"));
  std::string first, second;
  std::getline(own, first);
  std::getline(own, second);
  EXPECT_EQ(nlohmann::json::parse(first)["pid"], 7);
  EXPECT_EQ(nlohmann::json::parse(second)["message"], "so it is");
}

TEST_F(LogFilesTest, ARunGoesOnBehindTheOneBefore) {
  for (const char* text : {"first", "second"}) {
    const auto log = reporter();
    log->line({"a"}, LogStream::kOut, text, false);
    ASSERT_TRUE(log->flush());
  }
  EXPECT_EQ(lines("a.log"), (Strings{"stdout first", "stdout second"}));
}

TEST_F(LogFilesTest, ThatAreFullBecomeOlderOnes) {
  const std::size_t each = std::string("2026-01-02T03:04:05.678Z stdout 0\n").size();
  options_.rotation = {.size = 2 * each, .keep = 2};
  const auto log = reporter();
  for (int i = 0; i < 9; ++i) log->line({"a"}, LogStream::kOut, std::to_string(i), false);
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(files(), (Strings{"a.log", "a.log.1", "a.log.2"}));
  EXPECT_EQ(lines("a.log.2"), (Strings{"stdout 4", "stdout 5"}));
  EXPECT_EQ(lines("a.log.1"), (Strings{"stdout 6", "stdout 7"}));
  EXPECT_EQ(lines("a.log"), (Strings{"stdout 8"}));
}

TEST_F(LogFilesTest, ALineThatIsLongerThanAFileHasOneOfItsOwn) {
  options_.rotation = {.size = 10, .keep = 1};
  const auto log = reporter();
  for (const char* text : {"a long one", "another one"}) log->line({"a"}, LogStream::kOut, text, false);
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(lines("a.log.1"), (Strings{"stdout a long one"}));
  EXPECT_EQ(lines("a.log"), (Strings{"stdout another one"}));
}

TEST_F(LogFilesTest, NothingOlderIsKeptWhereThatIsAsked) {
  options_.rotation = {.size = 10, .keep = 0};
  const auto log = reporter();
  for (const char* text : {"one", "two", "three"}) log->line({"a"}, LogStream::kOut, text, false);
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(files(), (Strings{"a.log"}));
  EXPECT_EQ(lines("a.log"), (Strings{"stdout three"}));
}

TEST_F(LogFilesTest, SomebodyElseMayMoveThemAway) {
  const auto log = reporter();
  log->line({"a"}, LogStream::kOut, "one", false);
  ASSERT_TRUE(log->flush());
  std::filesystem::rename(path(options_.folder) / "a.log", root_ / "moved");
  const auto again = with_log_files(options_, make_reporter({}, out_.writer(), err_.writer()));
  EXPECT_FALSE(again);  // the first one is still there
  log->line({"a"}, LogStream::kOut, "two", false);
  log->line({"a"}, LogStream::kOut, "three", false);
  while (lines("a.log").size() < 2) {
  }
  EXPECT_EQ(lines("a.log"), (Strings{"stdout two", "stdout three"}));
}

// A disk that takes nothing until it is let.
struct StuckDisk {
  std::mutex mutex;
  std::condition_variable moved;
  bool stuck = true, reached = false;

  long write(int fd, const char* data, std::size_t size) {
    std::unique_lock lock(mutex);
    reached = true;
    moved.notify_all();
    moved.wait(lock, [&] { return !stuck; });
    return ::write(fd, data, size);
  }
  void wait_for_first() {
    std::unique_lock lock(mutex);
    moved.wait(lock, [&] { return reached; });
  }
  void let() {
    const std::lock_guard lock(mutex);
    stuck = false;
    moved.notify_all();
  }
};

TEST_F(LogFilesTest, ASlowDiskIsNotWaitedForAndWhatIsMissingIsCountedWhereItIs) {
  auto disk = std::make_shared<StuckDisk>();
  options_.write = [disk](int fd, const char* data, std::size_t size) { return disk->write(fd, data, size); };
  options_.room = {.each = 1000, .all = 100'000};
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const auto log = reporter(nowhere);
  log->line({"a"}, LogStream::kOut, "first", false);
  disk->wait_for_first();
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i) log->line({"a"}, LogStream::kOut, std::to_string(i), false);
  log->line({"b"}, LogStream::kOut, "has room of its own", false);
  disk->let();
  while (lines("b.log").empty()) {
  }
  log->line({"a"}, LogStream::kOut, "last", false);
  ASSERT_TRUE(log->flush());
  const Strings there = lines("a.log");
  ASSERT_GT(there.size(), 3U);
  const std::size_t kept = there.size() - 3;  // but for the first, the gap and the last
  const std::string missing = std::to_string(kLines - kept);
  EXPECT_EQ(there[kept], "stdout " + std::to_string(kept - 1));
  EXPECT_EQ(there[kept + 1], "procgraph " + missing + " lines are missing here");
  EXPECT_EQ(there.back(), "stdout last");
  EXPECT_EQ(lines("b.log"), (Strings{"stdout has room of its own"}));
  ::close(nowhere);
  EXPECT_EQ(err_.read(), "procgraph: " + missing + " lines are missing in '" + options_.folder +
                             "/a.log': the disk was too slow\n");
}

TEST_F(LogFilesTest, AnOutcomeThatTheDiskRefusesIsWholeLinesAndCounted) {
  auto left = std::make_shared<std::atomic<long>>(70);  // bytes until it is full
  options_.write = [left](int fd, const char* data, std::size_t size) -> long {
    const long some = std::min(static_cast<long>(size), left->load());
    if (some == 0) {
      errno = ENOSPC;
      return -1;
    }
    left->fetch_sub(some);
    return ::write(fd, data, static_cast<std::size_t>(some));
  };
  const auto log = reporter();
  for (int i = 0; i < 5; ++i) log->line({"a"}, LogStream::kOut, std::to_string(i), false);
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(lines("a.log"), (Strings{"stdout 0", "stdout 1"}));
  EXPECT_EQ(err_.read(),
            "procgraph: 3 lines are missing in '" + options_.folder + "/a.log': No space left on device\n");
}

TEST_F(LogFilesTest, ADiskThatHangsDoesNotKeepTheRunFromEnding) {
  auto disk = std::make_shared<StuckDisk>();
  options_.write = [disk](int fd, const char* data, std::size_t size) { return disk->write(fd, data, size); };
  {
    const auto log = reporter();
    log->line({"a"}, LogStream::kOut, "one", false);
    log->finish(std::chrono::milliseconds(1));
    ASSERT_TRUE(log->flush());
  }
  EXPECT_EQ(err_.read(),
            "procgraph: the disk of '" + options_.folder + "' did not take the last lines of the logs\n");
  disk->let();
  while (lines("a.log").empty()) {
  }
}

TEST_F(LogFilesTest, AFolderThatCannotBeIsRefusedBeforeAnythingStarts) {
  options_.folder = root_ / "no" / "such" / "parent";
  const auto made = with_log_files(options_, make_reporter({}, out_.writer(), err_.writer()));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().text(), "logs: folder '" + options_.folder + "': No such file or directory");
}

TEST_F(LogFilesTest, AFolderIsOneRunsAtATime) {
  const auto first = reporter();
  const auto second = with_log_files(options_, make_reporter({}, out_.writer(), err_.writer()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text(), "logs: folder '" + options_.folder + "' is another run's");
}

// Promise H14: what somebody has put there before is not written through.
TEST_F(LogFilesTest, NoLinkIsFollowedAndNoPipeFilled) {
  std::filesystem::create_directory(options_.folder);
  std::ofstream(root_ / "precious") << "untouched\n";
  std::filesystem::create_symlink(root_ / "precious", path(options_.folder) / "a.log");
  ASSERT_EQ(::mkfifo((path(options_.folder) / "b.log").c_str(), 0600), 0);
  const auto log = reporter();
  log->line({"a"}, LogStream::kOut, "one", false);
  log->line({"b"}, LogStream::kOut, "one", false);
  ASSERT_TRUE(log->flush());
  std::ifstream precious(root_ / "precious");
  std::string text;
  std::getline(precious, text);
  EXPECT_EQ(text, "untouched");
  const std::string told = err_.read();
  EXPECT_NE(told.find("1 line is missing in '" + options_.folder + "/a.log'"), told.npos) << told;
  EXPECT_NE(told.find("1 line is missing in '" + options_.folder + "/b.log'"), told.npos) << told;
}

}  // namespace
}  // namespace procgraph
