// Tracee: a child that runs one instruction at a time under ptrace.
#pragma once

#include <sys/types.h>

#include <functional>

namespace procgraph::testing {

class Tracee {
 public:
  // `setup` runs freely; then the child stops, and `body` runs step by step.
  Tracee(const std::function<void()>& setup, const std::function<void()>& body);
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  ~Tracee();  // kills it

  // One instruction; false: the body has ended.
  [[nodiscard]] bool step();
  // Lets it run to the end of the body.
  void finish();
  [[nodiscard]] bool has_failed() const { return failed_; }  // died of something else than us

 private:
  [[nodiscard]] bool wait_for_stop();

  pid_t pid_;
  bool ended_ = false, failed_ = false;
};

}  // namespace procgraph::testing
