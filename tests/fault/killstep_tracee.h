// Tracee: a child that runs one instruction at a time under ptrace.
#pragma once

#include <sys/types.h>

#include <functional>

namespace procgraph::testing {

class Tracee {
 public:
  // `setup` runs freely; then the child stops, and `body` runs step by step.
  Tracee(const std::function<void()>& setup, const std::function<void()>& body);
  // The same, but it may live for `seconds`; 0: until we end it.
  Tracee(const std::function<void()>& setup, const std::function<void()>& body, unsigned seconds);
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  ~Tracee();  // kills it

  // One instruction; false: the body has ended.
  [[nodiscard]] bool step();
  // To where it enters or leaves a call of the kernel; false: the body has ended.
  [[nodiscard]] bool step_to_call();
  // Lets it run to the end of the body: go() and wait().
  void finish();
  void go();
  void wait();
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] int signal() const { return signal_; }  // which stopped it last
  // Its registers have been set to where it was before its end.
  void begin_again() { ended_ = failed_ = false; }
  [[nodiscard]] bool has_failed() const { return failed_; }  // died of something else than us

 private:
  [[nodiscard]] bool wait_for_stop();

  pid_t pid_;
  int signal_ = 0;
  bool ended_ = false, failed_ = false;
};

}  // namespace procgraph::testing
