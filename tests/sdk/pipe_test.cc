// Connections, among themselves and with Python's multiprocessing.connection.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "procgraph/pipe.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using Access = Connection::Access;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read = ends[0];
    write = ends[1];
  }
  int read, write;
};

class IgnoreSigpipe {
 public:
  IgnoreSigpipe() : before_(signal(SIGPIPE, SIG_IGN)) {}
  ~IgnoreSigpipe() { signal(SIGPIPE, before_); }

 private:
  sighandler_t before_;
};

std::string text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Connection, FramesMessagesAsPythonDoes) {
  Pipe p;
  Connection(p.write, Access::kWrite, "pipe 'p'").send("[1, 2, 3, 4]");
  std::array<char, 64> raw{};
  ASSERT_EQ(read(p.read, raw.data(), raw.size()), 16);
  EXPECT_EQ(std::string(raw.data(), 16), std::string("\0\0\0\x0c[1, 2, 3, 4]", 16));
  close(p.read);
}

TEST(Connection, TellsTheEndBetweenMessagesFromOneInTheMiddle) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'");
  ASSERT_EQ(write(p.write, "\0\0\0\x02hi\0\0\0\x05hel", 13), 13);
  close(p.write);
  EXPECT_EQ(in.recv_text(), "hi");
  EXPECT_THROW((void)in.recv(), Truncated);

  Pipe clean;
  Connection ended(clean.read, Access::kRead, "pipe 'p'");
  close(clean.write);
  EXPECT_EQ(ended.recv(), std::nullopt);
  EXPECT_TRUE(ended.ended());
}

TEST(Connection, KeepsWhatHasArrivedWhenTheTimeIsOver) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'");
  EXPECT_FALSE(in.poll());
  ASSERT_EQ(write(p.write, "\0\0\0\x05hel", 7), 7);
  EXPECT_TRUE(in.poll());
  EXPECT_EQ(in.recv(1ms), std::nullopt);
  EXPECT_FALSE(in.ended());
  ASSERT_EQ(write(p.write, "lo", 2), 2);
  EXPECT_EQ(in.recv_text(), "hello");
  close(p.write);
}

TEST(Connection, ReceivesIntoMemoryOfTheCaller) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'"), out(p.write, Access::kWrite, "pipe 'p'");
  std::array<std::byte, 5> memory{};
  out.send("hello");
  EXPECT_EQ(in.recv_into(memory), 5u);
  EXPECT_EQ(static_cast<char>(memory[4]), 'o');
  out.send("");
  EXPECT_EQ(in.recv_into(memory), 0u);
  out.close();
  EXPECT_EQ(in.recv_into(memory), std::nullopt);
  EXPECT_TRUE(in.ended());
}

TEST(Connection, GoesOnWithWhatArrivedIntoMemoryBeforeTheTimeWasOver) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'");
  std::array<std::byte, 8> memory{};
  ASSERT_EQ(write(p.write, "\0\0\0\x05hel", 7), 7);
  EXPECT_EQ(in.recv_into(memory, 0ns), std::nullopt);
  EXPECT_FALSE(in.ended());
  memory.fill(std::byte{});
  ASSERT_EQ(write(p.write, "lo", 2), 2);
  EXPECT_EQ(in.recv_into(memory), 5u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(memory.data()), 5), "hello");
  close(p.write);
}

// It is dropped as it arrives, and the next one is received whole.
TEST(Connection, DropsAMessageThatIsTooLongAndNothingElse) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'"), out(p.write, Access::kWrite, "pipe 'p'");
  std::array<std::byte, 4> memory{};
  in.set_max_message(6);
  for (const char* text : {"too long", "fits", "seven77", "again"}) out.send(text);
  EXPECT_THROW((void)in.recv_into(memory), TooLarge);
  EXPECT_EQ(in.recv_into(memory), 4u);
  EXPECT_THROW((void)in.recv(), TooLarge);
  EXPECT_EQ(in.recv_text(), "again");
}

TEST(Connection, DropsTheRestOfATooLongMessageWhenItArrives) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'");
  in.set_max_message(2);
  ASSERT_EQ(write(p.write, "\0\0\0\x05he", 6), 6);
  EXPECT_THROW((void)in.recv(), TooLarge);
  EXPECT_EQ(in.recv(0ns), std::nullopt);
  ASSERT_EQ(write(p.write, "llo\0\0\0\x02hi", 9), 9);
  EXPECT_EQ(in.recv_text(), "hi");
  ASSERT_EQ(write(p.write, "\0\0\0\x05he", 6), 6);
  EXPECT_THROW((void)in.recv(), TooLarge);
  close(p.write);
  EXPECT_THROW((void)in.recv(), Truncated);
}

TEST(Connection, CarriesEmptyAndLargeMessages) {
  Pipe p;
  std::string large(5 << 20, 'x');
  pid_t sender = fork();
  if (sender == 0) {
    close(p.read);
    Connection out(p.write, Access::kWrite, "pipe 'p'");
    out.send("");
    out.send(large);
    out.close();
    _exit(0);
  }
  close(p.write);
  Connection in(p.read, Access::kRead, "pipe 'p'");
  EXPECT_EQ(in.recv_text(), "");
  EXPECT_EQ(in.recv_text(), large);
  EXPECT_EQ(in.recv_text(), std::nullopt);
  EXPECT_EQ(wait_for_end(sender), 0);
}

TEST(Connection, ReadsTheLongFormOfALength) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'");
  ASSERT_EQ(write(p.write, "\xff\xff\xff\xff\0\0\0\0\0\0\0\x02hi", 14), 14);
  EXPECT_EQ(in.recv_text(), "hi");
  ASSERT_EQ(write(p.write, "\x80\0\0\0", 4), 4);
  EXPECT_THROW((void)in.recv(), Truncated);
  close(p.write);
}

TEST(Connection, SendsNothingIntoAFullPipeWithinTheTime) {
  Pipe p;
  Connection out(p.write, Access::kWrite, "pipe 'p'");
  std::string message(1000, 'x');
  int sent = 0;
  while (out.send(message, 0s)) ++sent;
  EXPECT_GT(sent, 1);
  Connection in(p.read, Access::kRead, "pipe 'p'");
  for (int i = 0; i < sent; ++i) EXPECT_EQ(in.recv_text(), message);
  EXPECT_FALSE(in.poll());
}

TEST(Connection, IsClosedWhenTheTimeEndsInTheMiddleOfAMessage) {
  Pipe p;
  Connection out(p.write, Access::kWrite, "pipe 'p'");
  EXPECT_THROW((void)out.send(std::string(1 << 20, 'x'), 1ms), Truncated);
  EXPECT_THROW(out.send("x"), Closed);
  Connection in(p.read, Access::kRead, "pipe 'p'");
  EXPECT_THROW((void)in.recv(), Truncated);
}

TEST(Connection, RefusesToWriteOnAReadingEnd) {
  Pipe p;
  Connection in(p.read, Access::kRead, "pipe 'p'"), out(p.write, Access::kWrite, "pipe 'p'");
  try {
    in.send("x");
    FAIL();
  } catch (const NoSuchPort& e) {
    EXPECT_STREQ(e.what(), "pipe 'p' is the other end here: this process cannot write on it");
  }
  EXPECT_THROW((void)out.recv(), NoSuchPort);
}

// A Python program with nothing but the standard library at the other end of a socket.
pid_t start_python(int fd, const char* program) {
  std::fflush(nullptr);
  pid_t pid = fork();
  if (pid != 0) return pid;
  fcntl(fd, F_SETFD, 0);
  std::string number = std::to_string(fd);
  execlp("python3", "python3", "-c", program, number.c_str(), nullptr);
  _exit(127);
}

TEST(Connection, TalksToPythonsMultiprocessingConnection) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  pid_t python = start_python(ends[1], R"(
import sys
from multiprocessing.connection import Connection
c = Connection(int(sys.argv[1]))
while True:
    try:
        message = c.recv_bytes()
    except EOFError:
        break
    if message == b'object':
        c.send([1, 2, {'three': 4.0}])
        assert c.recv() == [1, 2, {'three': 4.0}]
    else:
        c.send_bytes(message[::-1])
c.close()
)");
  close(ends[1]);
  Connection c(ends[0], Access::kBoth, "pipe 'p'");
  c.send("[1, 2, 3, 4]");
  EXPECT_EQ(c.recv_text(), "]4 ,3 ,2 ,1[");
  c.send("");
  EXPECT_EQ(c.recv_text(), "");
  c.send(std::string(300'000, 'y') + "z");
  EXPECT_EQ(c.recv_text(), "z" + std::string(300'000, 'y'));
  c.send("object");
  auto pickled = c.recv();  // opaque here
  ASSERT_TRUE(pickled);
  c.send(*pickled);
  shutdown(ends[0], SHUT_WR);
  EXPECT_EQ(c.recv(), std::nullopt) << text(*pickled);
  EXPECT_EQ(wait_for_end(python), 0);
}

TEST(Connection, SendsToPythonOverAPipe) {
  Pipe p;
  pid_t python = start_python(p.read, R"(
import sys
from multiprocessing.connection import Connection
c = Connection(int(sys.argv[1]), writable=False)
assert c.recv_bytes() == b'[1, 2, 3, 4]'
try:
    c.recv_bytes()
except EOFError:
    sys.exit(0)
sys.exit(1)
)");
  close(p.read);
  Connection out(p.write, Access::kWrite, "pipe 'p'");
  out.send("[1, 2, 3, 4]");
  out.close();
  EXPECT_EQ(wait_for_end(python), 0);
}

}  // namespace
}  // namespace procgraph::testing
