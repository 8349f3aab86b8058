#include "report/rotating_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace procgraph {
namespace {

// In a folder that many may write somebody else may have made it, to read what we say there: as the kernel's
// fs.protected_regular, which not every machine has set.
bool may_be_ours(int folder, uid_t owner) {
  struct stat facts {};
  return owner == ::geteuid() || (::fstat(folder, &facts) == 0 && owner == facts.st_uid);
}

// The file for the length of one piece.
class Opened {
 public:
  Opened(int folder, const char* name)
      : fd_(::openat(folder, name,
                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666)) {
    struct stat facts {};
    if (fd_ < 0 || ::fstat(fd_, &facts) != 0) {
      error_ = errno;
    } else if (!S_ISREG(facts.st_mode)) {
      error_ = EINVAL;
    } else if (!may_be_ours(folder, facts.st_uid)) {
      error_ = EACCES;
    }
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // What was written of it: all, or whole lines of it, or nothing.
  std::size_t append(std::string_view lines, const WriteCall& write) {
    std::size_t written = 0;
    while (written < lines.size() && error_ == 0) {
      const long size = write(fd_, lines.data() + written, lines.size() - written);
      if (size > 0) {
        written += static_cast<std::size_t>(size);
      } else if (size == 0 || errno != EINTR) {
        error_ = size == 0 ? EIO : errno;
      }
    }
    std::size_t whole = written;
    if (written < lines.size()) {
      const std::size_t last = lines.substr(0, written).rfind('\n');
      whole = last == lines.npos ? 0 : last + 1;
      if (whole < written) (void)::ftruncate(fd_, static_cast<off_t>(size_ + whole));
    }
    size_ += whole;
    return whole;
  }

 private:
  int fd_;
  int error_ = 0;
  std::uint64_t size_ = 0;
};

// The lines that fit into so many bytes, at least the first one if `one`.
std::string_view that_fit(std::string_view lines, std::uint64_t room, bool one) {
  if (lines.size() <= room) return lines;
  const std::size_t last = room == 0 ? lines.npos : lines.rfind('\n', room - 1);
  if (last != lines.npos) return lines.substr(0, last + 1);
  return one ? lines.substr(0, lines.find('\n') + 1) : std::string_view();
}

}  // namespace

Folder::~Folder() {
  ::close(fd_);
}

RotatingFile::RotatingFile(std::shared_ptr<const Folder> folder, std::string name, Rotation rotation,
                           WriteCall write)
    : folder_(std::move(folder)), name_(std::move(name)), rotation_(rotation), write_(std::move(write)) {}

RotatingFile::Outcome RotatingFile::append(std::string_view lines) {
  Outcome outcome;
  while (outcome.written < lines.size()) {
    Opened file(folder_->fd(), name_.c_str());
    if (file.error() != 0) return {outcome.written, file.error()};
    const std::uint64_t room = rotation_.size - std::min(rotation_.size, file.size());
    const std::string_view piece = that_fit(lines.substr(outcome.written), room, file.size() == 0);
    outcome.written += file.append(piece, write_);
    if (file.error() != 0) return {outcome.written, file.error()};
    if (outcome.written == lines.size()) return outcome;
    if (const int error = rotate(); error != 0) return {outcome.written, error};
  }
  return outcome;
}

// From the oldest on, so that a death in between loses none but the one that goes.
int RotatingFile::rotate() const {
  const int folder = folder_->fd();
  const auto older = [&](unsigned n) { return n == 0 ? name_ : fmt::format("{}.{}", name_, n); };
  if (rotation_.keep == 0) return ::unlinkat(folder, name_.c_str(), 0) == 0 ? 0 : errno;
  for (unsigned n = rotation_.keep; n > 0; --n) {
    const bool moved = ::renameat(folder, older(n - 1).c_str(), folder, older(n).c_str()) == 0;
    if (!moved && errno != ENOENT) return errno;
  }
  return 0;
}

}  // namespace procgraph
