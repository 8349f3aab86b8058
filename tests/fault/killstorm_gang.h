// Gang: processes at the ends of one channel that are killed, stopped and started again at random.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "test_queue.h"

namespace procgraph::testing {

class Gang {
 public:
  struct Worker {
    std::uint16_t number = 0;
    bool writes = false;
    std::uint32_t reader = 0;  // of a topic
    pid_t pid = 0;
    std::uint64_t killed = 0;          // how often
    std::uint64_t killed_in_hand = 0;  // of these, between a message's effect and its acknowledgement
  };

  // `start` makes a worker's process, which ends with 0 if it ends by itself; `reap` gives back what the dead
  // one of that number held.
  Gang(std::function<pid_t(const Worker&)> start, std::function<void(std::uint16_t)> reap)
      : start_(std::move(start)), reap_(std::move(reap)) {}

  // At the ends of one queue or topic. `body` is what a worker does in its process.
  Gang(const TestQueue& channel, const std::function<int(Node&, const Worker&)>& body)
      : Gang(
            [&channel, body](const Worker& w) {
              return channel.start(
                  w.number, w.writes ? "write" : "read", [&](Node& node) { return body(node, w); }, w.reader);
            },
            [&channel](std::uint16_t number) { channel.reap(number); }) {}

  // Asked before the dead one is reaped: has it done what it does with a message, and not acknowledged it?
  void tell_in_hand(std::function<bool(const Worker&)> is_in_hand) { is_in_hand_ = std::move(is_in_hand); }

  std::vector<Worker>& workers() { return workers_; }
  void add(Worker worker) {
    workers_.push_back(worker);
    start(workers_.back());
  }

  // As long as `go_on` says, or PROCGRAPH_TEST_STORM_SECONDS, by default 1.5 s.
  void rage(const std::function<bool()>& go_on) {
    const char* seconds = std::getenv("PROCGRAPH_TEST_STORM_SECONDS");
    auto time =
        seconds != nullptr ? std::chrono::seconds(std::atoi(seconds)) : std::chrono::milliseconds(1500);
    std::mt19937 random(static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed()));
    for (auto end = std::chrono::steady_clock::now() + time;
         std::chrono::steady_clock::now() < end && go_on();) {
      usleep(static_cast<useconds_t>(200 + random() % 1500));
      Worker& w = workers_[random() % workers_.size()];
      if (random() % 8 == 0) {
        pause(w, std::chrono::microseconds(random() % 3000));
      } else {
        strike(w);
      }
      replace_the_finished();
    }
  }

  // Those end by themselves.
  void expect_good_ends(bool of_writers) {
    for (Worker& w : workers_) {
      if (w.writes != of_writers) continue;
      EXPECT_EQ(bury(w), 0);
    }
  }

  [[nodiscard]] std::uint64_t killed(bool writers) const {
    std::uint64_t sum = 0;
    for (const Worker& w : workers_) sum += w.writes == writers ? w.killed : 0;
    return sum;
  }
  [[nodiscard]] std::uint64_t killed_in_hand() const {
    std::uint64_t sum = 0;
    for (const Worker& w : workers_) sum += w.killed_in_hand;
    return sum;
  }

 private:
  void start(Worker& w) { w.pid = start_(w); }

  // Waits for a worker that is about to end, and gives back what it held.
  int bury(Worker& w) {
    int code = wait_for_end(w.pid);
    if (is_in_hand_ && is_in_hand_(w)) ++w.killed_in_hand;
    reap_(w.number);
    w.pid = 0;
    return code;
  }

  void strike(Worker& w) {
    kill(w.pid, SIGKILL);
    int code = bury(w);
    if (code == 128 + SIGKILL) {
      ++w.killed;
    } else {
      EXPECT_EQ(code, 0);
    }
    start(w);
  }

  void pause(Worker& w, std::chrono::microseconds time) {
    kill(w.pid, SIGSTOP);
    usleep(static_cast<useconds_t>(time.count()));
    kill(w.pid, SIGCONT);
  }

  void replace_the_finished() {
    for (Worker& w : workers_) {
      siginfo_t info{};
      if (waitid(P_PID, static_cast<id_t>(w.pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          info.si_pid == 0)
        continue;
      EXPECT_EQ(bury(w), 0);
      start(w);
    }
  }

  std::function<pid_t(const Worker&)> start_;
  std::function<void(std::uint16_t)> reap_;
  std::function<bool(const Worker&)> is_in_hand_;
  std::vector<Worker> workers_;
};

}  // namespace procgraph::testing
