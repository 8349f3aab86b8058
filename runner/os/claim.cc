#include "os/claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>

#include "os/user_folder.h"

namespace procgraph {
namespace {

// No name of a run begins with a dot. What is too long, or has characters that no file name has, is told
// apart by its hash: FNV-1a of 64 bits (Fowler, Noll and Vo 1991).
std::string file_of(const std::string& name) {
  constexpr std::size_t kLongest = 200;
  if (name.size() <= kLongest && name.find('/') == std::string::npos) return fmt::format(".{}.single", name);
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return fmt::format(".{:016x}.single", hash);
}

// The whole content of the file, which whoever has the lock wrote.
pid_t pid_in(const Fd& file) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  pid_t pid = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
  return pid;
}

bool write_pid(const Fd& file, pid_t pid) {
  const std::string text = fmt::format("{}\n", pid);
  return ::ftruncate(file.get(), 0) == 0 &&
         ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

// The folder is ours alone, so nobody else's link or device can be there.
Result<Claim> claim_in(const Fd& folder, const std::string& name, pid_t pid) {
  const std::string path = file_of(name);
  Fd file(::openat(folder.get(), path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file) return Error{fmt::format("open '{}'", path), errno};
  Claim claim;
  // Until it is said who has it nobody may look.
  const FolderLock lock(folder);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Error{fmt::format("flock '{}'", path), errno};
    claim.taken = true;
    claim.holder = pid_in(file);
    return claim;
  }
  if (!write_pid(file, pid)) return Error{fmt::format("write '{}'", path), errno};
  claim.locks.push_back(std::move(file));
  return claim;
}

}  // namespace

Result<Claim> claim(std::span<const std::string> folders, const std::string& name, pid_t pid) {
  Claim all;
  Error why{"there is no folder to say in that this is the only run of its name", 0};
  for (const std::string& path : folders) {
    Result<Fd> folder = open_user_folder(path);
    if (!folder) {
      why = folder.error();
      continue;
    }
    Result<Claim> one = claim_in(*folder, name, pid);
    if (!one || one->taken) return one;
    all.locks.push_back(std::move(one->locks.front()));
  }
  if (all.locks.empty()) return why;
  return all;
}

}  // namespace procgraph
