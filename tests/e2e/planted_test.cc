// What another user has put where a run makes something of its own, before it came: it is refused or passed
// by, never followed, opened or changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

namespace files = std::filesystem;
using testing::HasSubstr;

constexpr uid_t kOther = 65534;

void bind_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
  ::close(fd);
}

// A folder that everybody may write, as /tmp is; what is in it belongs to somebody else.
class Planted : public ::testing::Test {
 protected:
  using Plant = std::pair<const char*, std::function<void(const std::string&)>>;

  Planted() {
    files::create_directory(open_);
    files::permissions(open_, files::perms::all | files::perms::sticky_bit);
    files::create_directory(target_);
    folder_.write("victim", "precious");
  }

  [[nodiscard]] std::vector<Plant> plants() const {
    return {
        {"a folder", [](const std::string& path) { files::create_directory(path); }},
        {"a link to a folder", [&](const std::string& path) { files::create_symlink(target_, path); }},
        {"a link to a file", [&](const std::string& path) { files::create_symlink(victim_, path); }},
        {"a link to nothing", [&](const std::string& path) { files::create_symlink(open_ + "/none", path); }},
        {"a fifo", [](const std::string& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0666), 0); }},
        {"a socket", bind_socket},
        {"a file", [](const std::string& path) { std::ofstream(path) << "planted"; }},
    };
  }

  void plant(const Plant& what, const std::string& path) const {
    what.second(path);
    ASSERT_EQ(::lchown(path.c_str(), kOther, kOther), 0);
  }
  void expect_nothing_touched() const {
    EXPECT_EQ(folder_.read("victim"), "precious");
    EXPECT_TRUE(files::is_empty(target_));
    EXPECT_FALSE(files::exists(open_ + "/none"));
  }

  Folder folder_;
  std::string open_ = folder_.path() + "/open", target_ = folder_.path() + "/target",
              victim_ = folder_.path() + "/victim";
};

TEST_F(Planted, WhereProgramsOutsideWouldComeIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  folder_.write("g.yaml",
                "processes: { p: { shell: 'exec sleep 1000', reads: q } }\n"
                "queues: { q: { external: write } }\n");
  const std::string path = open_ + "/procgraph";
  for (const Plant& what : plants()) {
    SCOPED_TRACE(what.first);
    plant(what, path);
    const auto before = files::symlink_status(path);
    // It goes on without that place, where others are: whoever comes from outside finds it at those.
    Running run(folder_.path(),
                {"/usr/bin/env", "XDG_RUNTIME_DIR=" + open_, procgraph_path(), "run", "-v", "g.yaml"});
    EXPECT_TRUE(run.wait_for_err("p started")) << run.err();
    run.signal(SIGQUIT);
    run.wait();
    const auto after = files::symlink_status(path);
    EXPECT_EQ(after.type(), before.type());
    EXPECT_EQ(after.permissions(), before.permissions());
    expect_nothing_touched();
    if (files::is_directory(after)) {
      EXPECT_TRUE(files::is_empty(path));
    }
    files::remove(path);
  }
}

TEST_F(Planted, WhereALogWouldBeIsNotWritten) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  folder_.write("g.yaml", "processes: { p: echo secret }\nlogs: { dir: open }\n");
  for (const Plant& what : plants()) {
    SCOPED_TRACE(what.first);
    plant(what, open_ + "/p.log");
    const Ran ran = run(folder_.path(), {"run", "g.yaml"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("missing in '" + open_ + "/p.log'"));
    expect_nothing_touched();
    files::remove(open_ + "/p.log");
  }
}

TEST_F(Planted, WhereASocketWouldListenIsNotReplaced) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  folder_.write("g.yaml", "processes: { p: { command: 'true', serves: s } }\nsockets: { s: { listen: 'unix:" +
                              open_ + "/s' } }\n");
  for (const Plant& what : plants()) {
    SCOPED_TRACE(what.first);
    plant(what, open_ + "/s");
    const Ran ran = run(folder_.path(), {"run", "g.yaml"});
    EXPECT_NE(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(open_ + "/s"));
    struct stat is {};
    EXPECT_EQ(::lstat((open_ + "/s").c_str(), &is), 0);
    EXPECT_EQ(is.st_uid, kOther);
    expect_nothing_touched();
    files::remove(open_ + "/s");
  }
}

}  // namespace
}  // namespace procgraph::e2e
