// Who can write a channel's memory that has no leave to: what docs/channels.md says of a reader, of other
// processes of the same user, and of another user, tried. Beside it: protection_test.cc, of the runner
// itself; spawn_descriptors_test.cc, that a process has no descriptor but its own; door_test.cc, of those who
// come from outside.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "os/objects.h"
#include "os/process.h"

namespace procgraph {
namespace {

constexpr uid_t kOwner = 65534, kStranger = 65533;
constexpr std::size_t kSize = 4096;
constexpr char kWhole = 'o', kSpoilt = 'x';

void become(uid_t user) {
  if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(user, user, user) != 0 ||
                           ::setresuid(user, user, user) != 0))
    ::_exit(90);
  ::prctl(PR_SET_DUMPABLE, 1);  // as after an exec
}

// What an attacker knows: its own read-only end, if it has one, and its victim, who has the memory writable.
struct Target {
  int end;       // -1: none
  pid_t victim;  // who has a descriptor `writable` and a map
  int writable;
  char* map;  // in the victim
};

void scribble(int fd) {
  static_cast<void>(!::pwrite(fd, &kSpoilt, 1, 0));
}
void scribble_on(void* map) {
  if (map != MAP_FAILED) *static_cast<volatile char*>(map) = kSpoilt;
}
void* map_of(int fd, int protection, int flags) {
  return ::mmap(nullptr, kSize, protection, flags, fd, 0);
}
std::string file_of(pid_t pid, const std::string& file) {
  return "/proc/" + (pid == 0 ? std::string("self") : std::to_string(pid)) + "/" + file;
}
void open_anew(const std::string& path) {
  scribble(Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC)).get());
}
std::string range_of(const char* map) {
  char name[64];
  std::snprintf(name, sizeof name, "map_files/%lx-%lx", reinterpret_cast<unsigned long>(map),
                reinterpret_cast<unsigned long>(map) + kSize);
  return name;
}

void trace(const Target& t) {
  if (::ptrace(PTRACE_ATTACH, t.victim, nullptr, nullptr) != 0) return;
  int status = 0;
  ::waitpid(t.victim, &status, __WALL);
  long word = 0;
  std::fill_n(reinterpret_cast<char*>(&word), sizeof word, kSpoilt);
  ::ptrace(PTRACE_POKEDATA, t.victim, t.map, word);
  ::ptrace(PTRACE_DETACH, t.victim, nullptr, nullptr);
}
void write_into(const Target& t) {
  char byte = kSpoilt;
  const iovec here{&byte, 1}, there{t.map, 1};
  static_cast<void>(!::process_vm_writev(t.victim, &here, 1, &there, 1, 0));
}
void write_mem(const Target& t) {
  const Fd memory(::open(file_of(t.victim, "mem").c_str(), O_RDWR | O_CLOEXEC));
  static_cast<void>(
      !::pwrite(memory.get(), &kSpoilt, 1, static_cast<off_t>(reinterpret_cast<std::uintptr_t>(t.map))));
}
void take_descriptor(const Target& t) {
  const Result<Fd> process = open_pidfd(t.victim);
  if (process)
    scribble(Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process->get(), t.writable, 0))).get());
}
void splice_in(const Target& t) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0 || ::write(pipe[1], &kSpoilt, 1) != 1) return;
  off_t at = 0;
  static_cast<void>(!::splice(pipe[0], nullptr, t.end, &at, 1, 0));
}
void sync_private_copy(const Target& t) {
  void* const copy = map_of(t.end, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  scribble_on(copy);
  ::msync(copy, kSize, MS_SYNC | MS_INVALIDATE);
}
void unprotect(const Target& t) {
  void* const map = map_of(t.end, PROT_READ, MAP_SHARED);
  if (::mprotect(map, kSize, PROT_READ | PROT_WRITE) == 0) scribble_on(map);
}
void seal(const Target& t) {
  // Not a byte changes, but nobody could write any more.
  if (::fcntl(t.end, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0) ::_exit(1);
}

struct Attempt {
  std::string name;
  std::function<void(const Target&)> go;
};

// With what the reader has been given.
const std::vector<Attempt>& mistakes() {
  static const std::vector<Attempt> kWays{
      {"write", [](const Target& t) { scribble(t.end); }},
      {"mmap", [](const Target& t) { scribble_on(map_of(t.end, PROT_READ | PROT_WRITE, MAP_SHARED)); }},
      {"mprotect", unprotect},
      {"opening it anew", [](const Target& t) { open_anew(file_of(0, "fd/" + std::to_string(t.end))); }},
      {"ftruncate", [](const Target& t) { static_cast<void>(!::ftruncate(t.end, 0)); }},
      {"fallocate",
       [](const Target& t) { ::fallocate(t.end, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kSize); }},
      {"a seal", seal},
      {"splice", splice_in},
      {"msync", sync_private_copy},
  };
  return kWays;
}

// With what others have.
const std::vector<Attempt>& attempts() {
  static const std::vector<Attempt> kWays{
      {"pidfd_getfd", take_descriptor},
      {"ptrace", trace},
      {"process_vm_writev", write_into},
      {"/proc/PID/mem", write_mem},
      {"/proc/PID/fd",
       [](const Target& t) { open_anew(file_of(t.victim, "fd/" + std::to_string(t.writable))); }},
      {"/proc/PID/map_files", [](const Target& t) { open_anew(file_of(t.victim, range_of(t.map))); }},
  };
  return kWays;
}

const Attempt kChmod{"its mode, and opening it anew", [](const Target& t) {
                       ::fchmod(t.end, 0600);
                       open_anew(file_of(0, "fd/" + std::to_string(t.end)));
                     }};

// The memory of a channel as the runner makes it, of an ordinary user; a runner and a node that have it
// writable.
class Trespass : public ::testing::Test {
 protected:
  Trespass() {
    // It belongs to who makes it.
    const bool is_root = ::geteuid() == 0;
    EXPECT_EQ(is_root ? ::seteuid(kOwner) : 0, 0);
    memory_ = std::move(*open_memory(kernel_, "payload", Bytes{kSize}));
    EXPECT_EQ(is_root ? ::seteuid(0) : 0, 0);
    ::prctl(PR_SET_DUMPABLE, 1);
    end_ = std::move(*open_read_only(kernel_, "payload", memory_.get()));
    map_ = std::move(*Mapping::open(kernel_, "payload", memory_.get(), Bytes{kSize}));
    mend();
    runner_ = start(0);
    node_ = start(1);
  }
  ~Trespass() override {
    for (const pid_t pid : {runner_, node_}) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

  // Those that changed anything.
  std::set<std::string> successes(const std::vector<Attempt>& ways, uid_t user, bool is_reader,
                                  pid_t victim) {
    std::set<std::string> found;
    for (const Attempt& way : ways) {
      const pid_t attacker = ::fork();
      if (attacker == 0) {
        // What it has not been given is not there: its map of the memory, and the writable descriptor.
        char* const map = bytes();
        ::munmap(map, kSize);
        ::close(memory_.get());
        if (!is_reader) ::close(end_.get());
        become(user);
        way.go({is_reader ? end_.get() : -1, victim, memory_.get(), map});
        ::_exit(0);
      }
      int status = -1;
      ::waitpid(attacker, &status, 0);
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 90) << way.name;
      if (WEXITSTATUS(status) != 0 || !is_whole()) found.insert(way.name);
      mend();
    }
    return found;
  }

  pid_t runner_ = -1, node_ = -1;

 private:
  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(map_.bytes().data()); }
  bool is_whole() {
    return std::all_of(bytes(), bytes() + kSize, [](char c) { return c == kWhole; });
  }
  void mend() {
    std::fill_n(bytes(), kSize, kWhole);
    ::fchmod(memory_.get(), 0400);
  }
  pid_t start(int dumpable) {
    int line[2];
    EXPECT_EQ(::pipe2(line, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      become(kOwner);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::prctl(PR_SET_DUMPABLE, dumpable);
      static_cast<void>(!::write(line[1], ".", 1));
      for (;;) ::pause();
    }
    ::close(line[1]);
    char byte = 0;
    EXPECT_EQ(::read(line[0], &byte, 1), 1);
    ::close(line[0]);
    return pid;
  }

  Kernel kernel_;
  Fd memory_, end_;
  Mapping map_;
};

using Names = std::set<std::string>;

TEST_F(Trespass, AReaderCannotWriteWithWhatItHas) {
  EXPECT_EQ(successes(mistakes(), kOwner, true, node_), Names{});
}

// The manual says so.
TEST_F(Trespass, AReaderThatMeansToCanChangeTheMode) {
  EXPECT_EQ(successes({kChmod}, kOwner, true, node_), Names{kChmod.name});
}

TEST_F(Trespass, NobodyGetsThroughTheRunner) {
  EXPECT_EQ(successes(attempts(), kOwner, true, runner_), Names{});
  EXPECT_EQ(successes(attempts(), kOwner, false, runner_), Names{});
}

// The manual says that they are not protected from each other. Some machines do so nevertheless.
TEST_F(Trespass, NodesOfOneUserCanGetThroughEachOther) {
  const Names open{"pidfd_getfd", "ptrace", "process_vm_writev", "/proc/PID/mem"};
  const Names found = successes(attempts(), kOwner, false, node_);
  std::string scope = "0";
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  if (scope == "0") {
    EXPECT_EQ(found, open) << "and by no other way, as long as the mode is 0400";
  } else {
    EXPECT_TRUE(std::ranges::includes(open, found));
  }
}

// So that the other tests can fail.
TEST_F(Trespass, RootHasEveryWay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root is root";
  Names all;
  for (const Attempt& way : attempts()) all.insert(way.name);
  EXPECT_EQ(successes(attempts(), 0, false, runner_), all);
}

TEST_F(Trespass, AnotherUserHasNoWay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be two users";
  for (const pid_t victim : {runner_, node_}) {
    EXPECT_EQ(successes(attempts(), kStranger, false, victim), Names{});
    // Not even one that somebody has handed a read-only end.
    EXPECT_EQ(successes(mistakes(), kStranger, true, victim), Names{});
    EXPECT_EQ(successes({kChmod}, kStranger, true, victim), Names{});
  }
}

}  // namespace
}  // namespace procgraph
