// show_env: prints what a process was given, sorted: its open descriptors with what they are, then its
// environment.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

extern char** environ;

namespace {

const char* kind_of(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return "?";
  switch (info.st_mode & S_IFMT) {
    case S_IFIFO:
      return "pipe";
    case S_IFSOCK:
      return "socket";
    case S_IFCHR:
      return "device";
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    default:
      return "other";
  }
}

const char* access_of(int fd) {
  switch (fcntl(fd, F_GETFL) & O_ACCMODE) {
    case O_RDONLY:
      return "read";
    case O_WRONLY:
      return "write";
    default:
      return "both";
  }
}

std::vector<int> open_descriptors() {
  std::vector<int> result;
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return result;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    if (int fd = std::stoi(entry->d_name); fd != dirfd(folder)) result.push_back(fd);
  }
  closedir(folder);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

int main() {
  for (int fd : open_descriptors())
    std::cout << "fd " << fd << ' ' << kind_of(fd) << ' ' << access_of(fd) << '\n';
  std::vector<std::string> variables;
  for (char** v = environ; *v != nullptr; ++v) variables.emplace_back(*v);
  std::sort(variables.begin(), variables.end());
  for (const std::string& v : variables) std::cout << "env " << v << '\n';
}
