#include "verbs/background.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "os/fd.h"
#include "verbs/verb.h"

namespace procgraph {
namespace {

struct Pipe {
  Fd read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  return {Fd(ends[0]), Fd(ends[1])};
}

void become_nobody(int fd) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null) ::dup2(null.get(), fd);
}

// What lies there, or comes first; false: nothing will any more.
bool take(int fd, std::string& to) {
  std::array<char, 4096> piece{};
  const ssize_t got = ::read(fd, piece.data(), piece.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  to.append(piece.data(), static_cast<std::size_t>(got));
  return got > 0;
}

void pass_on(std::string& words) {
  std::fwrite(words.data(), 1, words.size(), stderr);
  words.clear();
}

Outcome end_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return {.signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status)};
}

// What it says comes before its name.
Outcome watch(pid_t child, Pipe told, Pipe said) {
  told.write.reset();
  said.write.reset();
  std::string name, words;
  for (bool tells = true, says = true; tells || says;) {
    std::array<pollfd, 2> ends{pollfd{tells ? told.read.get() : -1, POLLIN, 0},
                               pollfd{says ? said.read.get() : -1, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0) continue;
    if (ends[1].revents != 0) says = take(said.read.get(), words);
    pass_on(words);
    if (ends[1].revents != 0 || ends[0].revents == 0) continue;
    tells = take(told.read.get(), name);
    if (!name.ends_with('\n')) continue;
    fmt::print("{}", name);
    return {};
  }
  return end_of(child);
}

}  // namespace

Outcome in_background(const std::function<Outcome(std::function<void(const std::string&)>)>& run) {
  Pipe told = make_pipe(), said = make_pipe();
  std::fflush(nullptr);
  const pid_t child = told.write && said.write ? ::fork() : -1;
  if (child < 0) {
    fmt::print(stderr, "procgraph run: it cannot go to the background: {}\n", std::strerror(errno));
    return {.code = kExitSystem};
  }
  if (child > 0) return watch(child, std::move(told), std::move(said));
  ::setsid();
  become_nobody(STDIN_FILENO);
  become_nobody(STDOUT_FILENO);
  ::dup2(said.write.get(), STDERR_FILENO);
  told.read.reset();
  said = {};
  return run([&told](const std::string& name) {
    const std::string line = name + '\n';
    become_nobody(STDERR_FILENO);
    [[maybe_unused]] const ssize_t written = ::write(told.write.get(), line.data(), line.size());
    told.write.reset();
  });
}

}  // namespace procgraph
