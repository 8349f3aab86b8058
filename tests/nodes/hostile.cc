// hostile BEHAVIOUR: refuses to die in one of the ways that programs have, says "." on stdout once it is so,
// and waits for ever. Whoever reads the other end of its stdout sees the end of data exactly when all that it
// has started is gone.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

namespace {

void say_ready() {
  if (::write(STDOUT_FILENO, ".", 1) != 1) std::_Exit(3);
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

void ignore_signals() {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_IGN);
}

void outlive_parent() {
  ::prctl(PR_SET_PDEATHSIG, 0);
}

bool in_child() {
  return ::fork() == 0;
}

void leave_grandchild() {
  if (in_child()) ignore_signals();
}

void leave_session() {
  if (!in_child()) return;
  ::setsid();
  ignore_signals();
}

// The classic daemon: two forks with a new session between; the first two processes end or stay.
void become_daemon(bool parents_end) {
  for (int generation = 0; generation < 2; ++generation) {
    if (!in_child()) {
      if (parents_end) std::_Exit(0);
      wait_for_ever();
    }
    ::setsid();
  }
  ignore_signals();
}

void stop() {
  say_ready();
  ::raise(SIGSTOP);
}

// Each process lives only as long as it takes to start the next one: whoever looks for it comes too late.
[[noreturn]] void hop() {
  ignore_signals();
  say_ready();
  for (;;)
    if (!in_child()) std::_Exit(0);
}

const std::map<std::string_view, std::function<void()>> kBehaviours{
    {"plain", [] {}},
    {"ignore", ignore_signals},
    {"clear", outlive_parent},
    {"grandchild", leave_grandchild},
    {"daemon", [] { become_daemon(false); }},
    {"daemon_and_exit", [] { become_daemon(true); }},
    {"stop", stop},
    {"setsid", leave_session},
    {"hop", hop},
};

}  // namespace

int main(int count, char** words) {
  if (count != 2 || !kBehaviours.contains(words[1])) return 2;
  kBehaviours.at(words[1])();
  say_ready();
  wait_for_ever();
}
