// hold_loop N PROGRAM [ARGS...]: keeps N copies running, as fast as the kernel allows: who ends is started
// again at once. SIGTERM: asks all to end, waits for them, and ends. The floor against which starting,
// restarting and stopping are measured.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unordered_set>

namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGCHLD);
  return set;
}

pid_t start(char** words) {
  const pid_t child = vfork();
  if (child == 0) {
    const sigset_t set = watched();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    execv(words[0], words);
    _exit(127);
  }
  if (child < 0) std::perror("vfork");
  return child;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: hold_loop N PROGRAM [ARGS...]\n", stderr);
    return 2;
  }
  const sigset_t set = watched();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::unordered_set<pid_t> running;
  for (long left = std::strtol(argv[1], nullptr, 10); left > 0; --left) running.insert(start(argv + 2));
  for (int signal = 0; sigwait(&set, &signal) == 0 && signal == SIGCHLD;) {
    for (pid_t ended = 0; (ended = waitpid(-1, nullptr, WNOHANG)) > 0;) {
      running.erase(ended);
      running.insert(start(argv + 2));
    }
  }
  for (const pid_t pid : running) kill(pid, SIGTERM);
  while (wait(nullptr) > 0) {
  }
}
