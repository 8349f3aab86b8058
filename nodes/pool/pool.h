// Pool: one process with one thread that runs a command for every message of a queue, several at a time, and
// never waits for one of them alone.
//
// A message is acknowledged once its result is where it is to be. One whose run fails goes back to the queue.
// Where results leave in order it stays in hand instead and is tried again here, since a queue knows no
// message for which others wait: so the oldest of the window is always ours, and nothing has to be sorted.
#pragma once

#include <procgraph/node.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "descriptor.h"
#include "options.h"
#include "outlet.h"
#include "run.h"
#include "task.h"

namespace pool {

class Pool {
 public:
  Pool(procgraph::Node& node, const Options& options);

  // Until the data has ended and all is done. Dies of a signal that asked for its end, once its runs have
  // heard of it and ended; ends with 126 or 127 where the command cannot be run. What is in hand then is
  // not acknowledged.
  void work();
  // Of this process, after that: of `procgraph each` it tells whether a run has failed, or none came in time.
  [[nodiscard]] int code() const;

 private:
  [[nodiscard]] bool is_ordered() const { return options_.window != 0; }
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool has_had_all() const;
  void end_if_asked();

  void fill();
  [[nodiscard]] bool may_take() const;
  void begin_batch(procgraph::Message message);
  void queue_batch();
  [[nodiscard]] bool start(Task& task);
  void blame(Task& task, const Run::Failure& failure);

  void wait();
  [[nodiscard]] std::chrono::nanoseconds time_left() const;
  void look();
  void hear_signals();
  void end_what_is_overdue();
  void be_patient();
  void lose_patience();

  void end(std::size_t place);
  void judge(Task& task, const Ending& ending);
  void fail(Task& task, const std::string& why);
  void give_back(Task& task);
  void let_go();
  [[nodiscard]] Task* first_to_leave();
  void drop(Task& task);

  const Options options_;
  procgraph::Node& node_;
  procgraph::Reader in_;
  Outlet out_;
  Command command_;
  Descriptor events_, signals_;
  std::vector<std::unique_ptr<Run>> runs_;  // by place; null: free
  std::size_t running_ = 0;
  std::list<Task> tasks_;       // in hand, in the order in which they were taken
  std::size_t messages_ = 0;    // of these
  std::deque<Task*> to_start_;  // of these
  std::deque<Task*> leaving_;   // of these, done; empty where results leave in order
  std::optional<Task> batch_;   // that is being gathered
  Clock::time_point batch_due_{};
  bool ended_ = false;    // there is nothing to take any more, unless something comes back
  bool starved_ = false;  // the machine has no room for another run beside those that there are
  bool blocked_ = false;  // there is no room for the result that is to leave
  int stopped_by_ = 0;    // the signal that asked for our end
  int broken_ = 0;        // the exit code, once no run can be started any more
  // Of `procgraph each`:
  std::uint64_t taken_ = 0;
  bool failed_ = false;  // a run has
  bool gave_up_ = false;
  Clock::time_point patience_ends_ = Clock::time_point::max();
};

}  // namespace pool
