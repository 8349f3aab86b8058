// What processes say of themselves in sd_notify's datagrams, and who may.
#include "supervise/notice.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>

#include "os/objects.h"

namespace procgraph {
namespace {

using namespace std::chrono_literals;

// Sends `text`, with `extra` if there is one.
void say(const std::string& address, const std::string& text, int extra = -1) {
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  address.copy(to.sun_path, sizeof to.sun_path);
  to.sun_path[0] = '\0';
  iovec bytes{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char parts[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (extra >= 0) {
    message.msg_control = parts;
    message.msg_controllen = sizeof parts;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof extra);
    std::memcpy(CMSG_DATA(part), &extra, sizeof extra);
  }
  ASSERT_EQ(::sendmsg(socket.get(), &message, 0), static_cast<ssize_t>(text.size()));
}

TEST(Notice, IsLinesOfWhichTheUnknownAreLeftOut) {
  EXPECT_EQ(parse_notice("READY=1\nSTATUS=loaded = all\nMAINPID=7\nX\n=\n"),
            (Notice{.ready = true, .status = "loaded = all"}));
  EXPECT_EQ(parse_notice("WATCHDOG=1"), (Notice{.watchdog = true}));
  EXPECT_EQ(parse_notice("WATCHDOG=trigger\nEXTEND_TIMEOUT_USEC=2500000"),
            (Notice{.trigger = true, .extend = 2500ms}));
  EXPECT_EQ(parse_notice("READY=0\nready=1\nEXTEND_TIMEOUT_USEC=-1\nWATCHDOG=yes"), Notice{});
  EXPECT_EQ(parse_notice(""), Notice{});
}

TEST(Notice, ThatAsksForAgesGetsTenYears) {
  EXPECT_EQ(parse_notice("EXTEND_TIMEOUT_USEC=9223372036854775807").extend, Duration(std::chrono::years(10)));
  EXPECT_EQ(parse_notice("EXTEND_TIMEOUT_USEC=9223372036854775808").extend, std::nullopt);
}

TEST(NoticeSocket, HearsDatagramsOneByOneAndThenNothing) {
  auto socket = open_notice_socket();
  ASSERT_TRUE(socket);
  say(socket->address, "READY=1");
  say(socket->address, "STATUS=x");
  EXPECT_EQ(receive_notice(socket->fd.get()), (Notice{.ready = true}));
  EXPECT_EQ(receive_notice(socket->fd.get()), (Notice{.status = "x"}));
  EXPECT_EQ(receive_notice(socket->fd.get()), std::nullopt);
}

TEST(NoticeSocket, TakesADatagramThatIsTooLongForNone) {
  auto socket = open_notice_socket();
  ASSERT_TRUE(socket);
  say(socket->address, "READY=1\nSTATUS=" + std::string(5000, 'x'));
  EXPECT_EQ(receive_notice(socket->fd.get()), Notice{});
}

TEST(NoticeSocket, ClosesTheDescriptorOfABarrier) {
  auto socket = open_notice_socket();
  ASSERT_TRUE(socket);
  Kernel kernel;
  auto pipe = open_pipe(kernel, "barrier", Bytes{});
  ASSERT_TRUE(pipe);
  say(socket->address, "BARRIER=1", pipe->write.get());
  pipe->write.reset();
  pollfd barrier{pipe->read.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&barrier, 1, 0), 0) << "the message still holds it";
  EXPECT_EQ(receive_notice(socket->fd.get()), Notice{});
  EXPECT_EQ(::poll(&barrier, 1, 0), 1);
  EXPECT_EQ(barrier.revents & POLLHUP, POLLHUP);
}

TEST(NoticeSocket, HasANameOfItsOwnEachTime) {
  const auto one = open_notice_socket(), other = open_notice_socket();
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->address, other->address);
  EXPECT_GE(one->address.size(), 32U) << "nobody guesses it";
}

}  // namespace
}  // namespace procgraph
