#include "supervise/logs.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

#include "supervise/line_splitter.h"

namespace procgraph {
namespace {

// Small, for an unprivileged user's pipes shrink once 64 MiB of them are in use, in all his programs.
constexpr Bytes kPipe{16 << 10};
constexpr std::size_t kMostAhead = 1 << 20;  // bytes of one pipe

}  // namespace

struct Logs::Pipe {
  Pipe(boost::asio::io_context& io, Fd fd, SpawnId of, LogStream goes_to, Label from)
      : end(io, fd.release()), spawn(of), stream(goes_to), label(std::move(from)) {}

  boost::asio::posix::stream_descriptor end;
  SpawnId spawn;
  LogStream stream;
  Label label;
  LineSplitter lines;
  std::size_t ahead = 0;  // bytes that were read while its output was held
};

Logs::Logs(boost::asio::io_context& io, const Plan& plan, Reporter& reporter)
    : io_(io),
      plan_(plan),
      reporter_(reporter),
      pipes_(plan.spawns.size()),
      last_words_(plan.spawns.size()),
      awaited_(plan.spawns.size()),
      buffer_(kPipe.value) {}

Logs::~Logs() = default;

Result<Logs::Pipes> Logs::open(SpawnId id) const {
  const Spawn& spawn = plan_.at(id);
  Pipes pipes;
  Kernel kernel;
  for (const auto& [fd, ends] : {std::pair(1, &pipes.out), std::pair(2, &pipes.err)}) {
    if (spawn.streams[static_cast<std::size_t>(fd)] != StreamKind::kLog) continue;
    Result<Ends> opened = open_pipe(kernel, spawn.label + (fd == 1 ? ".stdout" : ".stderr"), kPipe);
    if (!opened) return opened.error();
    *ends = std::move(*opened);
    ::fcntl(ends->read.get(), F_SETFL, O_NONBLOCK);
  }
  return pipes;
}

void Logs::follow(SpawnId id, Pipes pipes) {
  const Spawn& spawn = plan_.at(id);
  const Label label{spawn.label, spawn.process.value};
  last_words_[id.value] = {};  // those of a former life are not its own
  const auto begin = [&](Fd end, LogStream stream) {
    if (!end) return;
    auto pipe = std::make_shared<Pipe>(io_, std::move(end), id, stream, label);
    pipes_[id.value][static_cast<std::size_t>(stream)] = pipe;
    wait(pipe);
  };
  begin(std::move(pipes.out.read), LogStream::kOut);
  begin(std::move(pipes.err.read), LogStream::kErr);
}

// One piece for each time that it is readable: whoever floods waits its turn like everybody else.
void Logs::wait(const std::shared_ptr<Pipe>& pipe) {
  pipe->end.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [this, pipe](boost::system::error_code error) {
                         if (error || !pipe->end.is_open()) return;
                         if (rests(*pipe)) {
                           resting_[static_cast<std::size_t>(pipe->stream)].push_back(pipe);
                         } else if (read(*pipe, buffer_.size())) {
                           wait(pipe);
                         }
                       });
}

bool Logs::rests(const Pipe& pipe) const {
  const bool ahead = awaited_[pipe.spawn.value] && pipe.ahead < kMostAhead;
  return held_[static_cast<std::size_t>(pipe.stream)] && !ahead;
}

// False: it is at its end and closed.
bool Logs::read(Pipe& pipe, std::size_t most) {
  const ssize_t size = ::read(pipe.end.native_handle(), buffer_.data(), std::min(most, buffer_.size()));
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) {
    close(pipe);
    return false;
  }
  pipe.ahead = held_[static_cast<std::size_t>(pipe.stream)] ? pipe.ahead + static_cast<std::size_t>(size) : 0;
  pipe.lines.add({buffer_.data(), static_cast<std::size_t>(size)},
                 [&](std::string_view text, bool cut) { line(pipe, text, cut); });
  tell_();
  return true;
}

void Logs::close(Pipe& pipe) {
  pipe.lines.end([&](std::string_view text, bool cut) { line(pipe, text, cut); });
  pipe.end.close();
  pipes_[pipe.spawn.value][static_cast<std::size_t>(pipe.stream)].reset();
  tell_();
}

void Logs::line(Pipe& pipe, std::string_view text, bool cut) {
  ++lines_;
  last_words_[pipe.spawn.value].add(text);
  reporter_.line(pipe.label, pipe.stream, text, cut);
  if (tell_line_) tell_line_(pipe.spawn, text);
}

// A daemon that holds the pipe may write for ever.
bool Logs::drain(Pipe& pipe) {
  int left = 0;
  ::ioctl(pipe.end.native_handle(), FIONREAD, &left);
  bool is_open = true;
  while (left > 0 && is_open) {
    is_open = read(pipe, static_cast<std::size_t>(left));
    left -= static_cast<int>(buffer_.size());
  }
  return is_open;
}

void Logs::catch_up(SpawnId id) {
  const Both both = pipes_[id.value];
  for (const std::shared_ptr<Pipe>& pipe : both) {
    if (pipe) drain(*pipe);
  }
}

void Logs::finish(SpawnId id) {
  // The array lets go of a pipe that reaches its end meanwhile.
  const Both both = pipes_[id.value];
  for (const std::shared_ptr<Pipe>& pipe : both) {
    if (!pipe) continue;
    if (drain(*pipe)) close(*pipe);
  }
}

void Logs::await_line(SpawnId id, bool awaited) {
  awaited_[id.value] = awaited;
  if (!awaited) return;
  for (auto& resting : resting_) {
    const auto its = std::ranges::find(resting, id, [](const auto& pipe) { return pipe->spawn; });
    if (its == resting.end()) continue;
    const std::shared_ptr<Pipe> pipe = *its;
    resting.erase(its);
    if (pipe->end.is_open()) wait(pipe);
  }
}

void Logs::hold(LogStream stream, bool held) {
  const auto index = static_cast<std::size_t>(stream);
  held_[index] = held;
  if (held) return;
  for (const std::shared_ptr<Pipe>& pipe : std::exchange(resting_[index], {})) {
    if (pipe->end.is_open()) wait(pipe);
  }
}

}  // namespace procgraph
