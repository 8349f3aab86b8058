#include "killstep_tracee.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>

namespace procgraph::testing {
namespace {

constexpr int kBeginning = SIGUSR1, kEnd = SIGUSR2;  // the tracer sees them; they are never delivered

}  // namespace

Tracee::Tracee(const std::function<void()>& setup, const std::function<void()>& body)
    : Tracee(setup, body, 60) {}

Tracee::Tracee(const std::function<void()>& setup, const std::function<void()>& body, unsigned seconds) {
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(seconds);
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    setup();
    raise(kBeginning);
    body();
    raise(kEnd);
    _exit(0);
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != kBeginning)
    throw std::runtime_error("the child did not get ready");
}

Tracee::~Tracee() {
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) > 0 && !WIFSIGNALED(status) && !WIFEXITED(status)) {
  }
}

bool Tracee::wait_for_stop() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  signal_ = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
  bool stepped = WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
  ended_ = !stepped;
  failed_ = ended_ && !(WIFSTOPPED(status) && WSTOPSIG(status) == kEnd);
  return stepped;
}

bool Tracee::step() {
  if (ended_) return false;
  ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr);
  return wait_for_stop();
}

bool Tracee::step_to_call() {
  if (ended_) return false;
  ptrace(PTRACE_SYSCALL, pid_, nullptr, nullptr);
  return wait_for_stop();
}

void Tracee::finish() {
  go();
  wait();
}

void Tracee::go() {
  if (!ended_) ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
}

void Tracee::wait() {
  if (ended_) return;
  while (wait_for_stop()) ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
}

}  // namespace procgraph::testing
