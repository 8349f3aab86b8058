// here FIFO: writes when it runs (CLOCK_MONOTONIC, nanoseconds) and its process id into FIFO, as 16 bytes at
// once, and waits for ever. So whoever reads the other end knows when a supervisor's process was really
// there.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <ctime>

int main(int argc, char** argv) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t record[2] = {now.tv_sec * 1'000'000'000LL + now.tv_nsec, getpid()};
  const int fifo = argc == 2 ? open(argv[1], O_WRONLY | O_CLOEXEC) : -1;
  if (fifo < 0 || write(fifo, record, sizeof record) != sizeof record) {
    std::perror("usage: here FIFO");
    return 2;
  }
  close(fifo);
  for (;;) pause();
}
