#include "contest.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "futex.h"

namespace bench {
namespace {

constexpr int kCannot = 77;

// The first two that this process may run on.
std::vector<int> cores() {
  cpu_set_t set;
  checked(sched_getaffinity(0, sizeof set, &set), "sched_getaffinity");
  std::vector<int> found;
  for (int core = 0; core < CPU_SETSIZE && found.size() < 2; ++core) {
    if (CPU_ISSET(core, &set)) found.push_back(core);
  }
  return found;
}

void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  checked(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

pid_t start(bool on_one_core, const std::function<void()>& side) {
  const pid_t parent = getpid(), child = fork();
  checked(child, "fork");
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) std::_Exit(1);
  if (on_one_core) pin(cores()[0]);
  side();
  std::exit(0);  // some libraries say goodbye to a daemon at exit
}

std::size_t depth_for(std::size_t size) {
  if (size <= 1024) return 1024;
  if (size <= 65536) return 64;
  return size <= (1 << 20) ? 16 : 2;
}

[[noreturn]] void usage() {
  std::fputs("usage: PEER throughput SIZE COUNT | PEER latency SIZE COUNT spin|sleep [one-core]\n", stderr);
  std::exit(2);
}

}  // namespace

void fail(const char* what, int error) {
  std::fprintf(stderr, "%s: %s%s%s\n", program_invocation_short_name, what, error != 0 ? ": " : "",
               error != 0 ? std::strerror(error) : "");
  std::_Exit(1);
}

void cannot(const char* why) {
  std::fprintf(stderr, "%s\n", why);
  std::_Exit(kCannot);
}

long checked(long result, const char* what) {
  if (result < 0) fail(what, errno);
  return result;
}

Terms terms_of(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() < 3) usage();
  Terms terms;
  terms.latency = words[0] == "latency";
  terms.size = std::strtoull(argv[2], nullptr, 10);
  terms.count = std::strtoull(argv[3], nullptr, 10);
  terms.spin = words.size() > 3 && words[3] == "spin";
  terms.one_core = words.size() > 4 && words[4] == "one-core";
  terms.depth = terms.latency ? 8 : depth_for(terms.size);
  terms.name = "procgraph-bench-" + std::to_string(getpid());
  const bool known =
      terms.latency ? words.size() > 3 && (terms.spin || words[3] == "sleep") : words[0] == "throughput";
  if (!known || terms.size < 8 || terms.count == 0) usage();
  if (terms.spin && terms.one_core) cannot("two that spin cannot share a core");
  if (!terms.one_core && cores().size() < 2) cannot("this machine has one core");
  return terms;
}

void* shared_memory(std::size_t size) {
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) fail("mmap", errno);
  return at;
}

void Stage::meet() {
  const std::uint32_t mine = arrivals_.fetch_add(1);
  const std::uint32_t both = (mine | 1) + 1;  // arrivals 2k and 2k + 1 make a pair
  procgraph::detail::futex_wake(arrivals_);
  for (std::uint32_t now = mine + 1; now < both; now = arrivals_.load()) {
    procgraph::detail::futex_wait(arrivals_, now, std::nullopt);
  }
}

void separate(const Terms& terms, int side) {
  if (!terms.one_core) pin(cores()[static_cast<std::size_t>(side)]);
}

void run_both(const Terms& terms, const std::function<void()>& first, const std::function<void()>& second) {
  const std::array<pid_t, 2> children{start(terms.one_core, first), start(terms.one_core, second)};
  for (int left = 2; left > 0; --left) {
    int status = 0;
    const pid_t ended = wait(&status);
    if (status == 0) continue;
    kill(ended == children[0] ? children[1] : children[0], SIGKILL);
    std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void print_throughput(const Terms& terms, const Stage& stage) {
  const auto count = static_cast<double>(terms.count);
  std::printf("messages/s %.0f\nsender-cpu-ns %.1f\nreceiver-cpu-ns %.1f\n", count / stage.seconds,
              stage.cpu[0] / count * 1e9, stage.cpu[1] / count * 1e9);
}

void halve(Stage& stage, std::vector<std::uint32_t>& trips) {
  std::sort(trips.begin(), trips.end());
  stage.p50 = trips[trips.size() / 2] / 2.0;
  stage.p99 = trips[trips.size() * 99 / 100] / 2.0;
}

void print_latency(const Stage& stage) {
  std::printf("p50-ns %.1f\np99-ns %.1f\n", stage.p50, stage.p99);
}

}  // namespace bench
