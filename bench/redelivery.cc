// A node that dies of its first delivery and measures the second: two of them read a queue in which lies one
// message. Who gets it kills itself; who gets it then, out of its sleep, prints how long that took, in ns.
//   redelivery FILE   FILE: where the first leaves the time of its death
#include <fcntl.h>
#include <procgraph/node.h>
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

[[noreturn]] void die(int file) {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until the other one is asleep
  const std::int64_t killed = now();
  (void)!pwrite(file, &killed, sizeof killed, 0);
  raise(SIGKILL);
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  procgraph::Node node;
  if (argc != 2) {  // the one that puts the message
    node.writer("work").put("a message");
    return 0;
  }
  const int file = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return 1;
  for (procgraph::Message& message : node.reader("work")) {
    const std::int64_t got = now();
    if (message.deliveries() == 1) die(file);
    std::int64_t killed = 0;
    if (pread(file, &killed, sizeof killed, 0) != sizeof killed) return 1;
    std::printf("%lld\n", static_cast<long long>(got - killed));
  }
}
