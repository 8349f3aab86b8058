#include "os/door.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
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
Name look_at(const Fd& folder, const std::string& name, int type) {
  struct stat is {};
  if (::fstatat(folder.get(), name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0) return Name::kFree;
  if (!S_ISSOCK(is.st_mode)) return Name::kTaken;
  const Fd probe(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return Name::kUnknown;
  const sockaddr_un address = address_of(folder, name);
  const bool refused =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  return refused ? Name::kLeft : Name::kTaken;
}

Name look_at_both(const Fd& folder, const std::string& name) {
  const Name guests = look_at(folder, name, SOCK_SEQPACKET);
  if (guests == Name::kTaken || guests == Name::kUnknown) return guests;
  return look_at(folder, name + std::string(kControlEnding), SOCK_STREAM);
}

// Of the file that bears the name; 0: none does, or it could not be looked at.
ino_t number_of(const Fd& folder, const std::string& name) {
  struct stat is {};
  return ::fstatat(folder.get(), name.c_str(), &is, AT_SYMLINK_NOFOLLOW) == 0 ? is.st_ino : 0;
}

}  // namespace

// Where a run that was killed has left its file, that is replaced.
Result<Door::Entry> Door::enter(const Fd& folder, const std::string& name, int type) {
  if (look_at(folder, name, type) == Name::kLeft) ::unlinkat(folder.get(), name.c_str(), 0);
  const auto refused = [&] { return Error{fmt::format("a socket '{}' for programs outside", name), errno}; };
  Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = address_of(folder, name);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return refused();
  if (::fchmodat(folder.get(), name.c_str(), 0600, 0) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    Error error = refused();
    ::unlinkat(folder.get(), name.c_str(), 0);
    return error;
  }
  return Entry{name, std::move(fd), number_of(folder, name)};
}

// While we hold the folder's lock no other run looks for a name there.
Result<Door> Door::take_name(Fd folder, const std::string& path, const std::string& wanted, bool guests) {
  const FolderLock lock(folder);
  for (unsigned i = 1; i <= kMostRuns; ++i) {
    std::string name = i == 1 ? wanted : fmt::format("{}-{}", wanted, i);
    const Name whose = look_at_both(folder, name);
    if (whose == Name::kTaken) continue;
    if (whose == Name::kUnknown) return Error{"a socket to look who bears a name", errno};
    Result<Entry> control = enter(folder, name + std::string(kControlEnding), SOCK_STREAM);
    if (!control) return control.error();
    Door door(std::move(folder), path, name, std::move(*control));
    if (guests) {
      Result<Entry> entry = enter(door.folder_, name, SOCK_SEQPACKET);
      if (!entry) return entry.error();
      door.guests_ = std::move(*entry);
    } else if (look_at(door.folder_, name, SOCK_SEQPACKET) == Name::kLeft) {
      ::unlinkat(door.folder_.get(), name.c_str(), 0);
    }
    return door;
  }
  return Error{fmt::format("{} graphs of the name '{}' run already", kMostRuns, wanted), 0};
}

Result<Door> Door::open(std::span<const std::string> folders, const std::string& name, bool guests) {
  if (name.find('/') != std::string::npos) return Error{fmt::format("'{}' is no name of a file", name), 0};
  Error why{"there is no folder for programs outside", 0};
  for (const std::string& path : folders) {
    Result<Fd> folder = open_user_folder(path);
    if (folder) return take_name(std::move(*folder), path, name, guests);
    why = folder.error();
  }
  return why;
}

Door::Door(Fd folder, std::string path, std::string name, Entry control)
    : folder_(std::move(folder)),
      path_(std::move(path)),
      name_(std::move(name)),
      control_(std::move(control)) {}

Door::~Door() {
  leave(guests_);
  leave(control_);
}

// Before nobody listens any more: then another run may already have taken the name over; as it may have where
// somebody has removed our file. Where no look can be had it is ours: nobody takes over what is listened to.
void Door::leave(const Entry& entry) const {
  if (!entry.listener) return;
  const ino_t now = number_of(folder_, entry.name);
  if (now == entry.file || now == 0 || entry.file == 0) ::unlinkat(folder_.get(), entry.name.c_str(), 0);
}

namespace {

bool is_there(const Fd& folder, const std::string& name) {
  return number_of(folder, name) != 0;
}

Fd connect_to(const Fd& folder, const std::string& name) {
  constexpr timeval kAnswerWithin{.tv_sec = 10, .tv_usec = 0};
  Fd line(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!line) return {};
  ::setsockopt(line.get(), SOL_SOCKET, SO_SNDTIMEO, &kAnswerWithin, sizeof kAnswerWithin);
  ::setsockopt(line.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerWithin, sizeof kAnswerWithin);
  const sockaddr_un address = address_of(folder, name + std::string(kControlEnding));
  int done = -1;
  do {
    done = ::connect(line.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (done != 0 && errno == EINTR);
  return done == 0 ? std::move(line) : Fd();
}

std::set<std::string> names_in(const Fd& folder) {
  std::set<std::string> names;
  const int copy = ::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), ::closedir);
  if (!entries) return names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(kControlEnding)) names.emplace(name.substr(0, name.size() - kControlEnding.size()));
  }
  return names;
}

}  // namespace

void clear_door(const std::string& folder, const std::string& name) {
  const Result<Fd> opened = find_user_folder(folder);
  const std::string control = name + std::string(kControlEnding);
  if (!opened || (!is_there(*opened, name) && !is_there(*opened, control))) return;
  const FolderLock lock(*opened, false);
  if (!lock.held()) return;
  if (look_at(*opened, name, SOCK_SEQPACKET) == Name::kLeft) ::unlinkat(opened->get(), name.c_str(), 0);
  if (look_at(*opened, control, SOCK_STREAM) == Name::kLeft) ::unlinkat(opened->get(), control.c_str(), 0);
}

// While it is bound the number of its file is nobody else's.
void remove_door(const Door::Files& files) {
  const Result<Fd> folder = find_user_folder(files.folder);
  if (!folder) return;
  const auto remove = [&](const std::string& name, ino_t file) {
    if (file != 0 && number_of(*folder, name) == file) ::unlinkat(folder->get(), name.c_str(), 0);
  };
  remove(files.name, files.guests);
  remove(files.name + std::string(kControlEnding), files.control);
}

std::optional<Knock> knock(std::span<const std::string> folders, const std::string& name) {
  if (name.find('/') != std::string::npos) return {};
  for (const std::string& path : folders) {
    const Result<Fd> folder = find_user_folder(path);
    if (!folder) continue;
    if (Fd line = connect_to(*folder, name)) return Knock{name, std::move(line)};
    clear_door(path, name);
  }
  return {};
}

std::vector<Knock> knock_everywhere(std::span<const std::string> folders) {
  std::vector<Knock> found;
  for (const std::string& path : folders) {
    const Result<Fd> folder = find_user_folder(path);
    if (!folder) continue;
    for (const std::string& name : names_in(*folder)) {
      if (std::ranges::find(found, name, &Knock::name) != found.end()) continue;
      if (Fd line = connect_to(*folder, name)) {
        found.push_back({name, std::move(line)});
      } else {
        clear_door(path, name);
      }
    }
  }
  return found;
}

}  // namespace procgraph
