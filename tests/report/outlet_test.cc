#include "report/outlet.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>

#include "channels.h"

namespace procgraph {
namespace {

const std::string kMuch(1 << 20, 'x');

TEST(Outlet, AFullPipeNeitherBlocksNorLosesAnything) {
  const Sink sink = Sink::pipe();
  Outlet outlet(sink.writer());
  outlet.buffer() += kMuch;
  const int waits_for = outlet.pump();
  ASSERT_GE(waits_for, 0);
  EXPECT_GT(outlet.pending(), 0U);
  EXPECT_LT(outlet.pending(), kMuch.size());
  std::string got;
  while (outlet.pump() >= 0) got += sink.read();
  EXPECT_EQ(got + sink.read(), kMuch);
  EXPECT_EQ(outlet.pending(), 0U);
}

TEST(Outlet, TheDescriptorThatItWaitsForPollsAsWritableOnceThereIsRoom) {
  const Sink sink = Sink::pipe();
  Outlet outlet(sink.writer());
  outlet.buffer() += kMuch;
  pollfd poll{outlet.pump(), POLLOUT, 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 0);
  (void)sink.read();
  EXPECT_EQ(::poll(&poll, 1, 0), 1);
}

TEST(Outlet, TheSharedDescriptionStaysBlocking) {
  const Sink sink = Sink::pipe();
  Outlet outlet(sink.writer());
  outlet.buffer() += kMuch;
  (void)outlet.pump();
  EXPECT_EQ(::fcntl(sink.writer(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Outlet, AFullTerminalDoesNotBlock) {
  const Sink sink = Sink::terminal();
  Outlet outlet(sink.writer());
  EXPECT_TRUE(outlet.terminal());
  outlet.buffer() += kMuch;
  EXPECT_GE(outlet.pump(), 0);
}

TEST(Outlet, AFullSocketDoesNotBlock) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  Outlet outlet(ends[1]);
  outlet.buffer() += kMuch;
  EXPECT_GE(outlet.pump(), 0);
  ::close(ends[0]);
  EXPECT_EQ(outlet.pump(), -1);
  EXPECT_EQ(outlet.lost(), EPIPE);
  ::close(ends[1]);
}

TEST(Outlet, AFileGoesOnWhereOthersWriteToo) {
  std::string path = testing::TempDir() + "outletXXXXXX";
  const int fd = ::mkstemp(path.data());
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::write(fd, "before ", 7), 7);
  Outlet outlet(fd);
  outlet.buffer() += "after";
  EXPECT_EQ(outlet.pump(), -1);
  std::array<char, 32> text{};
  EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), 12);
  EXPECT_STREQ(text.data(), "before after");
  ::close(fd);
  ::unlink(path.c_str());
}

TEST(Outlet, AReaderThatLeavesIsALossAndWhatFollowsIsDropped) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  Sink sink = Sink::pipe();
  Outlet outlet(sink.writer());
  sink.close_reader();
  outlet.buffer() += "gone";
  EXPECT_EQ(outlet.pump(), -1);
  EXPECT_EQ(outlet.lost(), EPIPE);
  outlet.buffer() += "more";
  EXPECT_EQ(outlet.pump(), -1);
  EXPECT_EQ(outlet.pending(), 0U);
  ::signal(SIGPIPE, before);
}

TEST(Outlet, AReaderThatHadLeftBeforeIsALossToo) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  Sink sink = Sink::pipe();
  sink.close_reader();
  Outlet outlet(sink.writer());
  outlet.buffer() += "gone";
  outlet.flush();
  EXPECT_EQ(outlet.lost(), EPIPE);
  ::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace procgraph
