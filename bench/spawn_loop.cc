// spawn_loop N PROGRAM [ARGS...]: starts N copies as fast as the kernel allows (vfork, exec), then reaps them
// all. The floor against which the runner's starting is measured: no pipes, no logs, no sessions, no
// supervision.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: spawn_loop N PROGRAM [ARGS...]\n", stderr);
    return 2;
  }
  const long copies = std::strtol(argv[1], nullptr, 10);
  for (long i = 0; i < copies; ++i) {
    const pid_t child = vfork();
    if (child == 0) {
      execv(argv[2], argv + 2);
      _exit(127);
    }
    if (child < 0) {
      std::perror("vfork");
      return 71;
    }
  }
  int failures = 0;
  for (long i = 0; i < copies; ++i) {
    int status = 0;
    if (waitpid(-1, &status, 0) < 0 || status != 0) ++failures;
  }
  return failures == 0 ? 0 : 1;
}
