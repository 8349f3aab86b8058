// Listening sockets, and the files that they leave.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "fakes/failing_kernel.h"
#include "fakes/temporary_folder.h"
#include "os/named_files.h"
#include "os/objects.h"

namespace procgraph {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

SocketAddress tcp(std::uint16_t port) {
  return {.family = SocketAddress::Family::kTcp, .host = "127.0.0.1", .port = port, .path = {}};
}

SocketAddress at(const std::string& path) {
  return {.family = SocketAddress::Family::kUnix, .host = {}, .path = path};
}

Fd connect_to(const SocketAddress& address) {
  sockaddr_in four{};
  sockaddr_un path{};
  const bool is_tcp = address.family == SocketAddress::Family::kTcp;
  Fd fd(::socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  four.sin_family = AF_INET;
  four.sin_port = htons(address.port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  path.sun_family = AF_UNIX;
  address.path.copy(path.sun_path, kLongestSocketPath);
  const auto* where = is_tcp ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&path);
  if (::connect(fd.get(), where, is_tcp ? sizeof four : sizeof path) != 0) return {};
  return fd;
}

TEST(Listener, IsOpenForConnectionsBeforeAnybodyAccepts) {
  const TemporaryFolder folder;
  Kernel kernel;
  for (SocketAddress address : {tcp(0), at(folder / "s")}) {
    const auto listener = open_listener(kernel, "s", address);
    ASSERT_TRUE(listener) << listener.error().text();
    EXPECT_NE(::fcntl(listener->get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(::fcntl(listener->get(), F_GETFL) & O_NONBLOCK, 0);
    const Fd client = connect_to(address);
    ASSERT_TRUE(client);
    ASSERT_EQ(::write(client.get(), "x", 1), 1);
    const Fd server(::accept(listener->get(), nullptr, nullptr));
    char byte = 0;
    EXPECT_EQ(::read(server.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
  }
}

TEST(Listener, KnowsThePortThatTheKernelChose) {
  Kernel kernel;
  SocketAddress four = tcp(0), six = tcp(0);
  six.host = "::1";
  const auto first = open_listener(kernel, "s", four);
  ASSERT_TRUE(first);
  EXPECT_GT(four.port, 0);
  if (const auto second = open_listener(kernel, "s", six)) {  // a machine may have no IPv6
    EXPECT_GT(six.port, 0);
  }
}

TEST(Listener, AnAddressThatSomebodyHasIsAnErrorWithACure) {
  const TemporaryFolder folder;
  Kernel kernel;
  SocketAddress address = tcp(0), path = at(folder / "s"), elsewhere = tcp(1);
  const auto first = open_listener(kernel, "s", address), second = open_listener(kernel, "s", path);
  EXPECT_EQ(open_listener(kernel, "t", address).error().text(),
            "bind of socket 't' at " + format(address) +
                " (`ss -ltnp` shows who listens there): Address already in use");
  EXPECT_EQ(open_listener(kernel, "t", path).error().text(),
            "bind of socket 't' at " + path.path + " (somebody listens there): Address already in use");
  elsewhere.host = "192.0.2.1";
  EXPECT_THAT(open_listener(kernel, "t", elsewhere).error().text(),
              HasSubstr("(it is no address of this machine)"));
}

TEST(Listener, ReplacesAFileThatNobodyListensOnAndNoOther) {
  const TemporaryFolder folder;
  Kernel kernel;
  SocketAddress address = at(folder / "s"), file = at(folder.write("file", "text"));
  { const auto killed = open_listener(kernel, "s", address); }
  ASSERT_TRUE(std::filesystem::exists(address.path));
  const auto again = open_listener(kernel, "s", address);
  ASSERT_TRUE(again);
  EXPECT_TRUE(connect_to(address));
  EXPECT_EQ(
      open_listener(kernel, "s", file).error().text(),
      "bind of socket 's' at " + file.path + " (a file that is no socket is there): Address already in use");
  EXPECT_EQ(folder.read("file"), "text");
}

TEST(Listener, ThatCannotListenLeavesNoFile) {
  const TemporaryFolder folder;
  FailingKernel kernel("listen", 1, ENOBUFS);
  SocketAddress address = at(folder / "s");
  EXPECT_THAT(open_listener(kernel, "s", address).error().text(), StartsWith("listen of socket 's' at "));
  EXPECT_FALSE(std::filesystem::exists(address.path));
}

TEST(NamedFiles, AreInAFolderThatNobodyElseMayEnterAndGoAtTheEnd) {
  const TemporaryFolder folder;
  Kernel kernel;
  std::string made;
  const std::string other = folder.write("other", ""), kept = folder.write("kept", "");
  {
    NamedFiles files;
    ASSERT_TRUE(files.make_folder(kernel, folder / "run-XXXXXX"));
    made = files.folder();
    EXPECT_THAT(made, StartsWith(folder / "run-"));
    struct stat facts {};
    ASSERT_EQ(::stat(made.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
    ASSERT_EQ(::symlink(kept.c_str(), (made + "/link").c_str()), 0);
    files.add(other);
  }
  EXPECT_FALSE(std::filesystem::exists(made));
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_TRUE(std::filesystem::exists(kept));
}

TEST(NamedFiles, AFolderThatCannotBeMadeIsAnError) {
  Kernel kernel;
  NamedFiles files;
  EXPECT_EQ(files.make_folder(kernel, "/missing/run-XXXXXX").error().text(),
            "mkdtemp '/missing/run-XXXXXX': No such file or directory");
}

}  // namespace
}  // namespace procgraph
