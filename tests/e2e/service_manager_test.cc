// A run that a service manager has started: what that one hears, and from whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// As systemd with NotifyAccess=main it believes one process only.
class Manager {
 public:
  explicit Manager(const Folder& folder) : path_(folder.path() + "/notify") {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { ::close(fd_); }

  [[nodiscard]] const std::string& path() const { return path_; }

  // The next message, whatever the watchdog says left out; fails unless `main` has sent it.
  std::string next(pid_t main) {
    std::string text;
    do {
      text = receive(main, 0);
    } while (text == "WATCHDOG=1");
    return text;
  }
  // Waits for it.
  void wait_for(const std::string& text, pid_t main) {
    while (receive(main, 0) != text) {
    }
  }
  // What has come by now.
  std::vector<std::string> rest(pid_t main) {
    std::vector<std::string> all;
    for (std::string text; !(text = receive(main, MSG_DONTWAIT)).empty();) all.push_back(text);
    return all;
  }

 private:
  std::string receive(pid_t main, int flags) {
    std::array<char, 4096> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> parts{};
    iovec buffer{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &buffer;
    message.msg_iovlen = 1;
    message.msg_control = parts.data();
    message.msg_controllen = parts.size();
    const ssize_t size = ::recvmsg(fd_, &message, flags);
    if (size <= 0) return {};
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof sender);
    EXPECT_EQ(sender.pid, main);
    return {bytes.data(), static_cast<std::size_t>(size)};
  }

  std::string path_;
  int fd_ = -1;
};

class Service : public ::testing::Test {
 protected:
  std::vector<std::string> words(const std::string& yaml, const std::string& more = "X=") {
    folder.write("g.yaml", yaml);
    return {"/usr/bin/env", "NOTIFY_SOCKET=" + manager.path(), more, procgraph_path(), "run", "g.yaml"};
  }

  Folder folder;
  Manager manager{folder};
};

TEST_F(Service, IsReadyOnceAllItsProcessesAreAndSaysWhenItStops) {
  Running run(folder.path(),
              words("processes:\n"
                    "  db: { shell: 'mkfifo go; read x < go; echo up; exec sleep 1000', service: true, "
                    "ready: { log: up } }\n"
                    "  api: { command: sleep 1000, after: { db: ready } }\n"));
  EXPECT_EQ(manager.next(run.pid()), "STATUS=starting 2 processes");
  EXPECT_EQ(shell(folder.path(), "until test -p go; do :; done").code, 0);
  EXPECT_THAT(manager.rest(run.pid()), ElementsAre()) << "it is not ready";
  EXPECT_EQ(shell(folder.path(), "echo > go").code, 0);
  EXPECT_EQ(manager.next(run.pid()), "READY=1");
  EXPECT_EQ(manager.next(run.pid()), "STATUS=2 processes run");
  run.signal(SIGTERM);
  EXPECT_EQ(manager.next(run.pid()), "STOPPING=1");
  EXPECT_THAT(manager.next(run.pid()), HasSubstr("STATUS=SIGTERM: the graph stops, in order"));
  EXPECT_EQ(run.wait().signal, SIGTERM);
}

TEST_F(Service, TellsOfRestartsAndOfWhatFailed) {
  Running run(folder.path(), words("processes:\n"
                                   "  a: { shell: 'test -e once || { : > once; exit 3; }; exit 4',\n"
                                   "       restart: { policy: on_failure, backoff: 1ms, except: [4] } }\n"));
  const pid_t main = run.pid();
  run.wait();
  const std::vector<std::string> heard = manager.rest(main);
  EXPECT_THAT(heard,
              testing::IsSupersetOf({testing::StartsWith("STATUS=a failed: exit code 3; restarted in "),
                                     testing::StartsWith("STATUS=a failed: exit code 4")}));
}

TEST_F(Service, FeedsTheWatchdogOfItsManager) {
  Running run(folder.path(), words("processes: { a: sleep 1000 }\n", "WATCHDOG_USEC=20000"));
  for (int i = 0; i < 3; ++i) manager.wait_for("WATCHDOG=1", run.pid());
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait().signal, SIGTERM);
}

TEST_F(Service, LeavesAWatchdogAloneThatIsForAnotherProcess) {
  std::vector<std::string> command = words("processes: { a: 'true' }\n", "WATCHDOG_USEC=20000");
  command.insert(command.begin() + 1, "WATCHDOG_PID=1");
  Running run(folder.path(), command);
  const pid_t main = run.pid();
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_THAT(manager.rest(main), testing::Not(testing::Contains("WATCHDOG=1")));
}

TEST_F(Service, KeepsItsManagerToItself) {
  Running run(folder.path(),
              words("processes: { a: { shell: 'echo \"<${NOTIFY_SOCKET-}${WATCHDOG_USEC-}>\"; ls -l "
                    "/proc/self/fd | grep -c socket' } }\n",
                    "WATCHDOG_USEC=1000000"));
  EXPECT_THAT(run.wait().out, HasSubstr("<>\n"));
  EXPECT_THAT(run.out(), HasSubstr("0\n"));
}

TEST_F(Service, IsHeardFromAPidNamespaceToo) {
  Running run(folder.path(), words("containment: { tier: pid_namespace }\nprocesses: { a: sleep 1000 }\n"));
  manager.wait_for("READY=1", run.pid());
  run.signal(SIGTERM);
  manager.wait_for("STOPPING=1", run.pid());
  EXPECT_EQ(run.wait().signal, SIGTERM);
}

TEST_F(Service, RunsWithoutAManagerThatIsGone) {
  folder.write("g.yaml", "processes: { a: 'true' }\n");
  Running run(folder.path(), {"/usr/bin/env", "NOTIFY_SOCKET=" + folder.path() + "/nobody", procgraph_path(),
                              "run", "g.yaml"});
  EXPECT_EQ(run.wait().code, 0);
}

}  // namespace
}  // namespace procgraph::e2e
