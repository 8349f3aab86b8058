#include "run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace pool {
namespace {

constexpr int kSignalled = 128;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// The message, or a batch: then each is a line. Closed where it cannot be had; errno says why.
Descriptor input_of(const Task& task) {
  Descriptor file(memfd_create("message", MFD_CLOEXEC));
  if (!file.is_open()) return file;
  const bool batch = task.messages.size() > 1;
  for (const procgraph::Message& message : task.messages) {
    const std::string_view text = message.text();
    if (!write_all(file.get(), text)) return {};
    if (batch && !text.ends_with('\n') && !write_all(file.get(), "\n")) return {};
  }
  if (lseek(file.get(), 0, SEEK_SET) < 0) return {};
  return file;
}

int code_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : kSignalled + info.si_status;
}

}  // namespace

std::string Ending::text() const {
  if (too_large) return "its result is too large";
  if (overdue) return "it ran out of time";
  if (code <= kSignalled) return "exit code " + std::to_string(code);
  const char* name = strsignal(code - kSignalled);
  return "killed by signal " + std::to_string(code - kSignalled) + " (" + name + ")";
}

Run::~Run() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  waitid(P_PIDFD, static_cast<id_t>(process_.get()), nullptr, WEXITED);
}

Run::Failure Run::start(Command& command, Task& task, std::size_t place,
                        std::optional<std::chrono::milliseconds> timeout) {
  task.result.clear();
  const Descriptor input = input_of(task);
  if (!input.is_open()) return {errno, false};
  std::array<int, 2> ends{-1, -1};
  if (most_ && pipe2(ends.data(), O_CLOEXEC) != 0) return {errno, false};
  Descriptor output(ends[0]);
  const Descriptor theirs(ends[1]);
  if (most_) fcntl(output.get(), F_SETFL, O_NONBLOCK);
  const Occasion occasion{.message = task.messages.front().text(),
                          .number = task.number(),
                          .delivery = task.delivery(),
                          .place = place};
  Child child = command.start(occasion, input.get(), most_ ? theirs.get() : STDOUT_FILENO);
  if (child.error != 0) return {child.error, child.at_fault};
  task_ = &task;
  pid_ = child.pid;
  process_ = std::move(child.process);
  output_ = std::move(output);
  if (timeout) deadline_ = Clock::now() + *timeout;
  return {};
}

void Run::collect() {
  static std::array<std::byte, 64U << 10> buffer;
  while (output_.is_open()) {
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;  // nothing now
    if (got == 0) {
      output_.reset();
      return;
    }
    const auto size = static_cast<std::size_t>(got);
    if (task_->result.size() + size > *most_) {
      too_large_ = true;
      output_.reset();
      signal(SIGKILL);
      return;
    }
    task_->result.insert(task_->result.end(), buffer.data(), buffer.data() + size);
  }
}

void Run::expire() {
  overdue_ = true;
  deadline_ = Clock::time_point::max();
  signal(SIGKILL);
}

void Run::signal(int number) const {
  kill(-pid_, number);
}

// Its process group cannot be anybody else's before it is waited for.
Ending Run::finish() {
  signal(SIGKILL);
  collect();
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED);
  pid_ = -1;
  return {.code = code_of(info), .overdue = overdue_, .too_large = too_large_};
}

}  // namespace pool
