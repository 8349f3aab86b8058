// The leak bar: every test of every program ends with the descriptors, the processes and the temporary files
// and sockets with which it began, and with nothing of ours in /dev/shm. A program that links this becomes a
// subreaper: whoever outlives a run is its child then, wherever it has gone. It has folders of its own for
// what is temporary and for what belongs to running programs, and so has all that it starts.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace procgraph {
namespace {

namespace files = std::filesystem;
using Names = std::multiset<std::string>;

// By what they are, not by number.
Names open_descriptors() {
  Names open;
  std::error_code ignored;
  for (const auto& entry : files::directory_iterator("/proc/self/fd", ignored)) {
    const std::string name = files::read_symlink(entry.path(), ignored).string();
    if (!name.empty() && !name.ends_with("/fd")) open.insert(name);
  }
  return open;
}

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::ifstream numbers("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  for (pid_t number = 0; numbers >> number;) found.push_back(number);
  return found;
}

std::string command_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  std::ostringstream words;
  words << file.rdbuf();
  std::string command = words.str();
  std::ranges::replace(command, '\0', ' ');
  return std::to_string(pid) + " " + command;
}

// Who was killed a moment ago may still be on its way; who stays is told of at last.
Names processes() {
  constexpr int kPatience = 30'000;  // milliseconds
  Names living;
  for (const pid_t child : children()) {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    pollfd one{process, POLLIN, 0};
    const bool ended = process < 0 || ::poll(&one, 1, kPatience) == 1;
    ended ? static_cast<void>(::waitpid(child, nullptr, WNOHANG))
          : static_cast<void>(living.insert(command_of(child)));
    ::close(process);
  }
  return living;
}

Names shared_memory() {
  Names named;
  std::error_code ignored;
  for (const auto& entry : files::directory_iterator("/dev/shm", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.find("procgraph") != std::string::npos) named.insert(name);
  }
  return named;
}

class OwnFolder {
 public:
  OwnFolder() {
    std::string name = "/tmp/procgraph-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return;
    path_ = name;
    files::permissions(path_, files::perms::all | files::perms::sticky_bit);  // as that which it stands for
    files::create_directory(path_ / "run");
    files::permissions(path_ / "run", files::perms::owner_all);
    ::setenv("TMPDIR", path_.c_str(), 1);
    ::setenv("XDG_RUNTIME_DIR", (path_ / "run").c_str(), 1);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  ~OwnFolder() {
    std::error_code ignored;
    if (::getpid() == owner_ && !path_.empty()) files::remove_all(path_, ignored);
  }

  // But for the folder of a user, which stays, with the locks of runs that can be there only once.
  [[nodiscard]] Names contents() const {
    Names found;
    std::error_code ignored;
    for (auto at = files::recursive_directory_iterator(path_, ignored); at != end(at);
         at.increment(ignored)) {
      const std::string name = at->path().lexically_relative(path_).string();
      if (name != "run" && name != "run/procgraph" && !name.ends_with(".single")) found.insert(name);
    }
    return found;
  }

 private:
  files::path path_;
  pid_t owner_ = ::getpid();  // a fork of it that exits leaves it
};

Names added(const Names& before, const Names& now) {
  Names more;
  std::ranges::set_difference(now, before, std::inserter(more, more.end()));
  return more;
}

// The spawner's own, made at a program's first spawn and kept: one for all (runner/os/spawn.cc).
Names without_the_spawner(Names more) {
  static bool is_known = false;
  const Names its{"anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[timerfd]"};
  if (is_known || !std::ranges::includes(more, its)) return more;
  is_known = true;
  for (const std::string& one : its) more.erase(more.find(one));
  return more;
}

std::string lines(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += "\n  " + name;
  return text;
}

class LeakBar : public ::testing::EmptyTestEventListener {
 public:
  LeakBar() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

  void OnTestStart(const ::testing::TestInfo& /*test*/) override {
    children_ = processes();
    descriptors_ = open_descriptors();
    memory_ = shared_memory();
    files_ = folder_.contents();
  }

  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (test.result()->Skipped() || test.result()->Failed()) return;
    EXPECT_EQ(lines(added(children_, processes())), "") << "processes that the test has left";
    EXPECT_EQ(lines(without_the_spawner(added(descriptors_, open_descriptors()))), "")
        << "open descriptors that the test has left";
    EXPECT_EQ(lines(added(memory_, shared_memory())), "") << "shared memory that the test has left";
    EXPECT_EQ(lines(added(files_, folder_.contents())), "") << "files or sockets that the test has left";
  }

 private:
  OwnFolder folder_;
  Names children_, descriptors_, memory_, files_;
};

// gtest owns it.
[[maybe_unused]] const bool kIsRaised = [] {
  ::testing::UnitTest::GetInstance()->listeners().Append(new LeakBar);
  return true;
}();

}  // namespace
}  // namespace procgraph
