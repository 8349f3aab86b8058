#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/path.h"
#include "os/fd.h"
#include "os/machine.h"
#include "os/open_folder.h"
#include "os/pid_namespace.h"

namespace procgraph {
namespace {

// A graph's text is far smaller; the front end refuses it by this very limit.
constexpr std::size_t kLargestText = std::size_t{16} << 20U;
// More than any folder of programs has; a hint is not worth more.
constexpr std::size_t kMostNames = 8192;

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> all;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    // Of a name that stands twice the first counts, as for getenv.
    if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

Result<std::string> current_folder() {
  const std::unique_ptr<char, decltype(&std::free)> path(::getcwd(nullptr, 0), &std::free);
  if (!path) return Error{"getcwd", errno};
  return std::string(path.get());
}

// An empty element never means the current folder.
void add_folders(std::vector<std::string>& folders, const std::string& cwd, std::string_view list) {
  while (!list.empty()) {
    const auto colon = list.find(':');
    const std::string_view element = list.substr(0, colon);
    if (!element.empty()) folders.push_back(absolute(cwd, element));
    list = colon == std::string_view::npos ? "" : list.substr(colon + 1);
  }
}

FileFacts look(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  FileFacts facts;
  facts.type = S_ISREG(status.st_mode)   ? FileFacts::Type::kRegular
               : S_ISDIR(status.st_mode) ? FileFacts::Type::kDirectory
                                         : FileFacts::Type::kOther;
  if (S_ISREG(status.st_mode)) facts.size = Bytes{static_cast<std::uint64_t>(status.st_size)};
  facts.readable = ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
  facts.executable = ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
  return facts;
}

std::vector<std::string> list(const std::string& path) {
  std::vector<std::string> names;
  const OpenFolder folder = folder_to_read(path);
  if (!folder) return names;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (names.size() == kMostNames) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  std::string part(64 * 1024, '\0');
  for (;;) {
    const ssize_t size = ::read(fd, part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Error{fmt::format("read '{}'", path), errno};
    if (size == 0) return text;
    text.append(part, 0, static_cast<std::size_t>(size));
    if (text.size() > kLargestText)
      return Error{fmt::format("read '{}': it is larger than {}", path, format(Bytes{kLargestText}))};
  }
}

Result<std::string> read_file(const std::string& path) {
  // O_NONBLOCK: a fifo must not make us wait before it can be refused.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return Error{fmt::format("open '{}'", path), errno};
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Error{fmt::format("fstat '{}'", path), errno};
  if (S_ISDIR(status.st_mode)) return Error{fmt::format("read '{}'", path), EISDIR};
  if (!S_ISREG(status.st_mode)) return Error{fmt::format("read '{}': it is not a regular file", path)};
  return read_all(file.get(), path);
}

}  // namespace

Result<World> real_world(const std::vector<std::string>& nodes, std::string installed_nodes) {
  Result<std::string> cwd = current_folder();
  if (!cwd) return cwd.error();
  World world;
  world.environment = environment();
  world.cwd = *cwd;
  for (const std::string& folder : nodes) world.nodes.push_back(absolute(world.cwd, folder));
  if (const auto path = world.environment.find("PROCGRAPH_NODE_PATH"); path != world.environment.end())
    add_folders(world.nodes, world.cwd, path->second);
  world.installed_nodes = std::move(installed_nodes);
  world.machine = read_machine();
  world.look = look;
  world.read_file = read_file;
  world.list = list;
  world.why_no_pid_namespace = why_no_pid_namespace;
  return world;
}

}  // namespace procgraph
