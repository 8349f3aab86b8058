// The floor under any redelivery: a process that kills itself, and another one that sleeps until its pidfd
// says so. Prints the time between the two, in ns.
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace {

std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

int main() {
  void* memory =
      mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  auto* killed = static_cast<std::int64_t*>(memory);
  const pid_t child = fork();
  if (child == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // until the other one is asleep
    *killed = now();
    raise(SIGKILL);
  }
  pollfd notice{.fd = static_cast<int>(syscall(SYS_pidfd_open, child, 0)), .events = POLLIN};
  if (child < 0 || notice.fd < 0 || poll(&notice, 1, -1) != 1) return 1;
  std::printf("%lld\n", static_cast<long long>(now() - *killed));
  waitpid(child, nullptr, 0);
}
