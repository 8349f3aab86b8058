#include "os/door.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "os/user_folder.h"

namespace procgraph {
namespace {

constexpr unsigned kMostRuns = 1000;  // of one name

// By the folder's descriptor, so that it is the one that was looked at, and short enough for an address.
sockaddr_un address_of(const Fd& folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fmt::format("/proc/self/fd/{}/{}", folder.get(), name).copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

enum class Name { kFree, kTaken, kLeft, kUnknown };

// Whose the name is. Only a socket to which nobody listens any more is taken away.
Name look_at(const Fd& folder, const std::string& name) {
  struct stat is {};
  if (::fstatat(folder.get(), name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0) return Name::kFree;
  if (!S_ISSOCK(is.st_mode)) return Name::kTaken;
  const Fd probe(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return Name::kUnknown;
  const sockaddr_un address = address_of(folder, name);
  const bool refused =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  return refused ? Name::kLeft : Name::kTaken;
}

Result<Fd> listen_at(const Fd& folder, const std::string& name) {
  const auto refused = [&] { return Error{fmt::format("a socket '{}' for programs outside", name), errno}; };
  Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = address_of(folder, name);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return refused();
  if (::fchmodat(folder.get(), name.c_str(), 0600, 0) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    Error error = refused();
    ::unlinkat(folder.get(), name.c_str(), 0);
    return error;
  }
  return fd;
}

// While we hold the folder's lock no other run looks for a name there.
Result<std::pair<Fd, std::string>> take_name(const Fd& folder, const std::string& wanted) {
  for (unsigned i = 1; i <= kMostRuns; ++i) {
    std::string name = i == 1 ? wanted : fmt::format("{}-{}", wanted, i);
    const Name whose = look_at(folder, name);
    if (whose == Name::kTaken) continue;
    if (whose == Name::kUnknown) return Error{"a socket to look who bears a name", errno};
    if (whose == Name::kLeft) ::unlinkat(folder.get(), name.c_str(), 0);
    Result<Fd> listener = listen_at(folder, name);
    if (!listener) return listener.error();
    return std::pair(std::move(*listener), std::move(name));
  }
  return Error{fmt::format("{} graphs of the name '{}' run already", kMostRuns, wanted), 0};
}

// Of the file that bears the name; 0: none does, or it could not be looked at.
ino_t number_of(const Fd& folder, const std::string& name) {
  struct stat is {};
  return ::fstatat(folder.get(), name.c_str(), &is, AT_SYMLINK_NOFOLLOW) == 0 ? is.st_ino : 0;
}

}  // namespace

Result<Door> Door::open(std::span<const std::string> folders, const std::string& name) {
  if (name.find('/') != std::string::npos) return Error{fmt::format("'{}' is no name of a file", name), 0};
  Error why{"there is no folder for programs outside", 0};
  for (const std::string& path : folders) {
    Result<Fd> folder = open_user_folder(path);
    if (!folder) {
      why = folder.error();
      continue;
    }
    auto taken = [&] {
      const FolderLock lock(*folder);
      return take_name(*folder, name);
    }();
    if (!taken) return taken.error();
    return Door(std::move(*folder), std::move(taken->first), std::move(taken->second));
  }
  return why;
}

Door::Door(Fd folder, Fd listener, std::string name)
    : folder_(std::move(folder)),
      listener_(std::move(listener)),
      name_(std::move(name)),
      file_(number_of(folder_, name_)) {}

// Before nobody listens any more: then another run may already have taken the name over; as it may have where
// somebody has removed our file. Where no look can be had it is ours: nobody takes over what is listened to.
Door::~Door() {
  if (!listener_) return;
  const ino_t now = number_of(folder_, name_);
  if (now == file_ || now == 0 || file_ == 0) ::unlinkat(folder_.get(), name_.c_str(), 0);
}

}  // namespace procgraph
