// An area without a graph: its regions as the runner makes them, and nodes in processes of their own.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include "area/memory.h"
#include "procgraph/admin.h"
#include "procgraph/node.h"
#include "test_queue.h"

namespace procgraph::testing {

// What an exception of that type says; "accepted" where there is none.
template <class E, class Call>
std::string refused(Call call) {
  try {
    call();
  } catch (const E& e) {
    return e.what();
  }
  return "accepted";
}

// Until a condition in shared memory holds.
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) sched_yield();
}

class TestArea {
 public:
  explicit TestArea(const AreaShape& shape)
      : control_(area_sizes(shape)->control), data_(area_sizes(shape)->data), roster_(roster_size()) {
    if (!init_roster(roster_.bytes()) || !init_area(control_.bytes(), shape))
      throw std::runtime_error("init");
  }

  [[nodiscard]] std::span<std::byte> control() const { return control_.bytes(); }
  [[nodiscard]] std::span<std::byte> data() const { return data_.bytes(); }
  [[nodiscard]] detail::AreaMemory memory() const { return *detail::AreaMemory::attach(control(), data()); }
  [[nodiscard]] detail::AreaControl& words() const { return memory().control(); }
  void reap(std::uint16_t participant) const { reap_area(control(), participant); }

  // A port of this area as PROCGRAPH_PORTS has it, with descriptors opened for it.
  [[nodiscard]] std::string port(const std::string& name, const std::string& access) const {
    return "port=" + name + ",channel=" + name + ",kind=shared_memory,access=" + access +
           ",control=" + std::to_string(control_.descriptor(true)) +
           ",payload=" + std::to_string(data_.descriptor(access == "write"));
  }
  // The environment of a process that reads or writes the area "a", with descriptors opened for it.
  void enter(std::uint16_t participant, const std::string& access) const {
    setenv("PROCGRAPH_GRAPH", "test", 1);
    setenv("PROCGRAPH_PROCESS", "p", 1);
    setenv("PROCGRAPH_PID", std::to_string(getpid()).c_str(), 1);
    setenv("PROCGRAPH_PARTICIPANT", std::to_string(participant).c_str(), 1);
    setenv("PROCGRAPH_ROSTER", std::to_string(roster_.descriptor(true)).c_str(), 1);
    setenv("PROCGRAPH_PORTS", port("a", access).c_str(), 1);
  }

  // Forks a node; the child's exit code is what `body` returns, 100 for an exception.
  [[nodiscard]] pid_t start(std::uint16_t participant, const std::string& access,
                            const std::function<int(Node&, SharedMemory&)>& body) const {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int code = 100;
    try {
      enter(participant, access);
      Node node;
      SharedMemory area = node.shared_memory("a");
      code = body(node, area);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    std::fflush(nullptr);
    _exit(code);
  }

  // Runs it to its end.
  [[nodiscard]] int run(std::uint16_t participant, const std::string& access,
                        const std::function<int(Node&, SharedMemory&)>& body) const {
    return wait_for_end(start(participant, access, body));
  }

 private:
  Region control_, data_, roster_;
};

}  // namespace procgraph::testing
