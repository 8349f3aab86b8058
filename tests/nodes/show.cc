// show FILE: writes to FILE everything that a program finds when it starts, one "key value" a line.
#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace {

// Before anything else: what this program opens itself must not be in the list.
void show_descriptors(std::ostream& out) {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) std::abort();
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fd == ::dirfd(folder)) continue;
    struct stat facts {};
    ::fstat(fd, &facts);
    out << "fd " << fd << ' ' << facts.st_ino << '\n';
  }
  ::closedir(folder);
}

// "SigBlk:\t0000…" and its like.
void show_signals(std::ostream& out) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const std::string_view text = line;
    if (text.starts_with("SigBlk:")) out << "blocked " << text.substr(8) << '\n';
    if (text.starts_with("SigIgn:")) out << "ignored " << text.substr(8) << '\n';
  }
}

void show_session(std::ostream& out) {
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  out << "pid " << ::getpid() << "\nparent " << ::getppid() << "\nsession " << ::getsid(0) << "\ngroup "
      << ::getpgrp() << "\ndeath_signal " << death_signal << '\n';
}

// As taskset counts: bit n for CPU n; of the first 64.
unsigned long cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  unsigned long bits = 0;
  for (unsigned cpu = 0; cpu < 64; ++cpu)
    if (CPU_ISSET(cpu, &set)) bits |= 1UL << cpu;
  return bits;
}

void show_limits(std::ostream& out) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  char* folder = ::getcwd(nullptr, 0);
  out << "files " << files.rlim_cur << "\nhard_files " << files.rlim_max << "\ncpus " << cpus() << "\nnice "
      << ::getpriority(PRIO_PROCESS, 0) << "\numask " << std::oct << mask << std::dec << "\ncwd " << folder
      << '\n';
  std::free(folder);
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  std::ostringstream out;
  show_descriptors(out);
  show_signals(out);
  show_session(out);
  show_limits(out);
  for (char** entry = ::environ; *entry != nullptr; ++entry) out << "env " << *entry << '\n';
  std::ofstream(words[1]) << out.str();
}
