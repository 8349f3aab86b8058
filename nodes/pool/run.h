// Run: one process that works on one task. Never waits for it: its input is a file in memory, so it may read
// as little and as late as it likes, and its output is taken as far as it is there.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "descriptor.h"
#include "task.h"

namespace pool {

using Clock = std::chrono::steady_clock;

// How a run ended.
struct Ending {
  int code = 0;  // by a signal: 128 and its number
  bool overdue = false, too_large = false;

  [[nodiscard]] std::string text() const;  // "exit code 3", "killed by signal 9 (Killed)"
};

class Run {
 public:
  // Not started yet; takes at most `most` bytes of its output; without, its output is this process's.
  explicit Run(std::optional<std::size_t> most) : most_(most) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  // Kills what is left of it.
  ~Run();

  // 0, or why not; at_fault: because of the message.
  struct Failure {
    int error = 0;
    bool at_fault = false;
  };
  [[nodiscard]] Failure start(Command& command, Task& task, std::size_t place,
                              std::optional<std::chrono::milliseconds> timeout);

  [[nodiscard]] Task& task() { return *task_; }
  [[nodiscard]] int process() const { return process_.get(); }  // readable: it has ended
  [[nodiscard]] int output() const { return output_.get(); }  // readable: collect(); negative: no more comes
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }

  // What there is of its output goes into the task's result. One that writes too much is killed.
  void collect();
  // It has had its time.
  void expire();
  void signal(int number) const;
  // It has ended: what it left behind is killed, the rest of its output taken.
  [[nodiscard]] Ending finish();

 private:
  std::optional<std::size_t> most_;
  Task* task_ = nullptr;
  pid_t pid_ = -1;
  Descriptor process_, output_;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool overdue_ = false, too_large_ = false;
};

}  // namespace pool
