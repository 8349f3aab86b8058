#include "os/objects.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "fakes/failing_kernel.h"
#include "fakes/temporary_folder.h"

namespace procgraph {
namespace {

bool closes_at_exec(int fd) {
  return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

// Runs `test` in a process of its own, for it changes a limit.
void in_a_process(const std::function<void()>& test) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    test();
    std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

void limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard) {
  const rlimit both{soft, hard};
  ASSERT_EQ(::setrlimit(resource, &both), 0);
}

TEST(Memory, CannotChangeItsSize) {
  Kernel kernel;
  const auto memory = open_memory(kernel, "q.control", Bytes{8192});
  ASSERT_TRUE(memory);
  EXPECT_TRUE(closes_at_exec(memory->get()));
  EXPECT_EQ(::ftruncate(memory->get(), 0), -1);
  EXPECT_EQ(::ftruncate(memory->get(), 65536), -1);
  EXPECT_EQ(::fcntl(memory->get(), F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  struct stat facts {};
  ::fstat(memory->get(), &facts);
  EXPECT_EQ(facts.st_size, 8192);
  EXPECT_EQ(facts.st_mode & 0777U, 0400U);
}

TEST(Memory, AReadOnlyEndCanNeitherBeWrittenNorMappedWritable) {
  Kernel kernel;
  const auto memory = open_memory(kernel, "q.payload", Bytes{4096});
  const auto reader = open_read_only(kernel, "q.payload", memory->get());
  ASSERT_TRUE(reader);
  EXPECT_TRUE(closes_at_exec(reader->get()));
  EXPECT_EQ(::write(reader->get(), "x", 1), -1);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader->get(), 0), MAP_FAILED);
  void* map = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, reader->get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  EXPECT_EQ(::mprotect(map, 4096, PROT_READ | PROT_WRITE), -1);
  ::munmap(map, 4096);
}

// Nor may its own user open it anew to write without changing its mode first; root, who may do anything,
// becomes somebody else for this.
TEST(Memory, CannotBeOpenedAnewByAnotherUser) {
  Kernel kernel;
  const auto memory = open_memory(kernel, "q.payload", Bytes{4096});
  const auto reader = open_read_only(kernel, "q.payload", memory->get());
  in_a_process([&] {
    constexpr uid_t kNobody = 65534;
    const bool root = ::geteuid() == 0;
    if (root) {
      ASSERT_EQ(::setuid(kNobody), 0);
      ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1), 0);  // else /proc/self is root's
    }
    const std::string path = "/proc/self/fd/" + std::to_string(reader->get());
    EXPECT_EQ(::open(path.c_str(), O_RDWR), -1);
    EXPECT_EQ(errno, EACCES);
    if (root) {
      EXPECT_EQ(::open(path.c_str(), O_RDONLY), -1);
    }
  });
}

TEST(Memory, AMapIsSharedWithEveryEndAndStartsAsZeros) {
  Kernel kernel;
  const auto memory = open_memory(kernel, "q", Bytes{4096});
  auto map = Mapping::open(kernel, "q", memory->get(), Bytes{4096});
  ASSERT_TRUE(map);
  EXPECT_EQ(map->bytes()[0], std::byte{0});
  map->bytes()[7] = std::byte{42};
  char byte = 0;
  EXPECT_EQ(::pread(memory->get(), &byte, 1, 7), 1);
  EXPECT_EQ(byte, 42);
}

TEST(Memory, BeyondTheFileSizeLimitItIsAnErrorNotASignal) {
  in_a_process([] {
    limit(RLIMIT_FSIZE, 1 << 20, 1 << 20);
    Kernel kernel;
    EXPECT_EQ(open_memory(kernel, "q.payload", Bytes{16 << 20}).error().text(),
              "memory 'q.payload' of 16MiB (`ulimit -f` allows 1MiB): File too large");
  });
}

TEST(Memory, BeginsAsAFileThatFits) {
  const TemporaryFolder folder;
  Kernel kernel;
  const auto memory = open_memory(kernel, "a.data", Bytes{8});
  ASSERT_TRUE(fill_memory(kernel, "a.data", memory->get(), Bytes{8}, folder.write("four", "four")));
  char bytes[8] = {};
  EXPECT_EQ(::read(memory->get(), bytes, sizeof bytes), 8);
  EXPECT_EQ(std::string(bytes, 8), std::string("four\0\0\0\0", 8));
  EXPECT_EQ(fill_memory(kernel, "a.data", memory->get(), Bytes{8}, folder.write("nine", "123456789"))
                .error()
                .text(),
            "copy '" + folder.path() + "/nine' to 'a.data': it has 9 bytes, not at most 8");
  EXPECT_EQ(fill_memory(kernel, "a.data", memory->get(), Bytes{8}, folder / "none").error().text(),
            "open '" + folder.path() + "/none': No such file or directory");
}

TEST(Pipe, HasTheCapacityThatWasAskedFor) {
  Kernel kernel;
  const auto pipe = open_pipe(kernel, "words", Bytes{256 << 10});
  ASSERT_TRUE(pipe);
  EXPECT_EQ(::fcntl(pipe->write.get(), F_GETPIPE_SZ), 256 << 10);
  EXPECT_TRUE(closes_at_exec(pipe->read.get()) && closes_at_exec(pipe->write.get()));
}

TEST(Pipe, ACapacityThatTheKernelRefusesNamesItsLimit) {
  FailingKernel kernel("fcntl", 1, EPERM);
  EXPECT_EQ(open_pipe(kernel, "words", Bytes{1 << 30}).error().text(),
            "F_SETPIPE_SZ 1GiB for 'words' (more than /proc/sys/fs/pipe-max-size, or than "
            "fs.pipe-user-pages-soft or -hard has "
            "left): Operation not permitted");
}

TEST(Pipe, WithoutFreeDescriptorsTheLimitIsNamed) {
  in_a_process([] {
    // As the kernel refuses it; really taking all descriptors away would blind UBSan, which looks at objects
    // through a pipe of its own.
    limit(RLIMIT_NOFILE, 99, 100);
    FailingKernel kernel("pipe2", 1, EMFILE);
    EXPECT_EQ(open_pipe(kernel, "words", {}).error().text(),
              "pipe2 for 'words' (`ulimit -n` is 99): Too many open files");
  });
}

TEST(SocketPair, CarriesBytesBothWays) {
  Kernel kernel;
  const auto pair = open_socket_pair(kernel, "p");
  ASSERT_TRUE(pair);
  char byte = 0;
  EXPECT_EQ(::write(pair->read.get(), "a", 1), 1);
  EXPECT_EQ(::read(pair->write.get(), &byte, 1), 1);
  EXPECT_EQ(::write(pair->write.get(), "b", 1), 1);
  EXPECT_EQ(::read(pair->read.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'b');
}

TEST(File, IsMadeTruncatedOrAppendedTo) {
  const TemporaryFolder folder;
  Kernel kernel;
  const std::string path = folder.write("out", "old");
  const auto append = open_file(kernel, path, FileUse::kAppend);
  ASSERT_TRUE(append);
  ASSERT_EQ(::write(append->get(), "+", 1), 1);
  EXPECT_EQ(folder.read("out"), "old+");
  ASSERT_TRUE(open_file(kernel, path, FileUse::kTruncate));
  EXPECT_EQ(folder.read("out"), "");
  const mode_t before = ::umask(0022);
  const auto made = open_file(kernel, folder / "new", FileUse::kTruncate);
  ::umask(before);
  struct stat facts {};
  ASSERT_EQ(::fstat(made->get(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0644U);
  EXPECT_TRUE(closes_at_exec(made->get()));
  EXPECT_EQ(::fcntl(made->get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(File, WhatAStreamCannotUseIsAnErrorAtOnce) {
  const TemporaryFolder folder;
  Kernel kernel;
  const std::string fifo = folder / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(open_file(kernel, folder / "missing", FileUse::kRead).error().text(),
            "open '" + folder.path() + "/missing': No such file or directory");
  EXPECT_EQ(open_file(kernel, folder.path(), FileUse::kRead).error().text(),
            "open '" + folder.path() + "': Is a directory");
  EXPECT_EQ(open_file(kernel, folder.path(), FileUse::kTruncate).error().text(),
            "open '" + folder.path() + "': Is a directory");
  EXPECT_EQ(open_file(kernel, fifo, FileUse::kRead).error().text(),
            "open '" + fifo + "': it is a fifo; let a shell read it ('< " + fifo + "')");
  EXPECT_EQ(open_file(kernel, fifo, FileUse::kTruncate).error().text(),
            "open '" + fifo + "' (a fifo that nobody reads, or a socket): No such device or address");
}

TEST(FileLimit, RisesToWhatIsNeededAndNamesTheHardLimitBeyond) {
  in_a_process([] {
    limit(RLIMIT_NOFILE, 64, 128);
    Kernel kernel;
    EXPECT_TRUE(raise_file_limit(kernel, 100));
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    EXPECT_EQ(now.rlim_cur, 100U);
    EXPECT_TRUE(raise_file_limit(kernel, 10));
    ::getrlimit(RLIMIT_NOFILE, &now);
    EXPECT_EQ(now.rlim_cur, 100U);
    EXPECT_EQ(raise_file_limit(kernel, 200).error().text(),
              "the run needs 200 open files (`ulimit -Hn` is 128): Too many open files");
  });
}

TEST(StandardStreams, AreFilledWhereTheyAreClosed) {
  in_a_process([] {
    ::close(0);
    ::close(2);
    fill_standard_streams();
    struct stat facts {};
    EXPECT_EQ(::fstat(0, &facts), 0);
    EXPECT_TRUE(S_ISCHR(facts.st_mode));
    EXPECT_EQ(::fstat(2, &facts), 0);
  });
}

}  // namespace
}  // namespace procgraph
