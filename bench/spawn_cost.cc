// What it costs to start a process out of one that holds much memory, in ns from the call to its return,
// which is after the exec: by the runner's spawn(), by a bare vfork, and by fork, as most libraries do it.
//   spawn_cost BYTES COUNT   BYTES of memory that was written to; COUNT starts of /bin/true by each way
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <variant>
#include <vector>

#include "os/spawn.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kProgram = "/bin/true";

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::_Exit(71);
}

void reap(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) fail("the child failed");
}

std::int64_t ours() {
  const procgraph::SpawnRequest request{.program = kProgram, .argv = {kProgram}, .env = {}};
  const auto begin = Clock::now();
  auto started = procgraph::spawn(request);
  const auto cost = Clock::now() - begin;
  const auto* child = std::get_if<procgraph::Child>(&started);
  if (child == nullptr) fail("spawn");
  reap(child->pid);
  return cost.count();
}

void exec() {
  execl(kProgram, kProgram, nullptr);
  _exit(127);
}

std::int64_t bare() {
  const auto begin = Clock::now();
  const pid_t pid = vfork();
  if (pid == 0) exec();
  const auto cost = Clock::now() - begin;
  if (pid < 0) fail("vfork");
  reap(pid);
  return cost.count();
}

// The exec is over when the pipe's other end has closed, which is how such libraries learn of its failure.
std::int64_t by_fork() {
  int done[2];
  if (pipe2(done, O_CLOEXEC) != 0) fail("pipe2");
  const auto begin = Clock::now();
  const pid_t pid = fork();
  if (pid == 0) exec();
  close(done[1]);
  char byte = 0;
  while (read(done[0], &byte, 1) > 0) {
  }
  const auto cost = Clock::now() - begin;
  close(done[0]);
  if (pid < 0) fail("fork");
  reap(pid);
  return cost.count();
}

std::int64_t median(std::vector<std::int64_t> costs) {
  std::sort(costs.begin(), costs.end());
  return costs[costs.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t bytes = argc == 3 ? std::strtoull(argv[1], nullptr, 10) : 0;
  const long count = argc == 3 ? std::strtol(argv[2], nullptr, 10) : 0;
  if (count <= 0) {
    std::fputs("usage: spawn_cost BYTES COUNT\n", stderr);
    return 2;
  }
  if (bytes > 0) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    std::memset(memory, 1, bytes);
  }
  std::vector<std::int64_t> spawned, vforked, forked;
  for (long i = 0; i < count; ++i) {  // in turns: what disturbs one disturbs both
    spawned.push_back(ours());
    vforked.push_back(bare());
  }
  // Apart: after a fork, whoever comes next pays for each page that it writes to.
  for (long i = 0; i < count; ++i) forked.push_back(by_fork());
  std::printf("spawn=%lld vfork=%lld fork=%lld\n", static_cast<long long>(median(spawned)),
              static_cast<long long>(median(vforked)), static_cast<long long>(median(forked)));
}
