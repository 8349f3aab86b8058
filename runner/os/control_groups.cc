#include "os/control_groups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "os/fd.h"
#include "os/kernel_text.h"
#include "os/open_folder.h"

namespace procgraph {
namespace {

constexpr std::array<std::string_view, 3> kControllers{"memory", "pids", "cpu"};

bool is_folder(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

bool may_write(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

// "cpuset cpu io memory pids" has the word.
bool lists(const std::string& file, std::string_view controller) {
  std::ifstream words(file);
  for (std::string word; words >> word;)
    if (word == controller) return true;
  return false;
}

// A group that is not to be seen from here lies in the mount's own folder: so it is in a container.
std::string visible(const std::string& mount, const std::string& path) {
  return is_folder(mount + path) ? mount + path : mount;
}

// Beside those of version 1 it is mounted one level deeper.
std::string mount_of_version_2(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  return is_folder(mount + "/unified") ? mount + "/unified" : mount;
}

GroupPlace find_in_version_1(const std::string& mount, const std::string& path) {
  const std::string folder = visible(mount, path);
  if (may_write(folder)) return {1, folder, {}};
  return {0, {}, fmt::format("'{}' may not be written", folder)};
}

GroupPlace find_in_version_2(const std::string& mount, const std::string& path, std::string_view controller) {
  std::string folder = visible(mount, path);
  if (!lists(mount + "/cgroup.controllers", controller) && !lists(folder + "/cgroup.controllers", controller))
    return {0, {}, fmt::format("'{}' has no controller '{}'", folder, controller)};
  for (;;) {
    const bool hands_on = lists(folder + "/cgroup.subtree_control", controller);
    if (hands_on && may_write(folder) && may_write(folder + "/cgroup.procs")) return {2, folder, {}};
    if (folder == mount) break;
    folder.erase(folder.rfind('/'));
  }
  return {0,
          {},
          fmt::format("none from '{}' upward both hands the controller '{}' on and may be written",
                      visible(mount, path), controller)};
}

Result<void> write_text(const std::string& path, std::string_view text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return Error{fmt::format("open '{}'", path), errno};
  if (::write(file.get(), text.data(), text.size()) < 0)
    return Error{fmt::format("write '{}' into '{}'", text, path), errno};
  return {};
}

std::vector<std::string> inner_folders(const std::string& path) {
  std::vector<std::string> inner;
  const OpenFolder folder = folder_to_read(path);
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") inner.emplace_back(name);
  }
  return inner;
}

// A folder of cgroups goes by rmdir, once it has no processes and no groups in it; its files are the
// kernel's.
void remove_group(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return;
  for (const std::string& name : inner_folders(path)) remove_group(fmt::format("{}/{}", path, name));
  ::rmdir(path.c_str());
}

constexpr std::string_view kRunPrefix = "procgraph-";

std::string folder_of(const GroupPlace& place, pid_t runner) {
  return fmt::format("{}/{}{}", place.folder, kRunPrefix, runner);
}

// Of a run, in every place where it can have one.
std::vector<std::string> run_folders(pid_t runner) {
  std::vector<std::string> folders;
  const auto add = [&](const GroupPlace& place) {
    if (place.version != 0) folders.push_back(folder_of(place, runner));
  };
  for (const std::string_view controller : kControllers) add(find_group_place("", controller));
  add(find_run_place(""));
  return folders;
}

Fd open_folder(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool lock(const Fd& folder, int how) {
  int done = 0;
  while ((done = ::flock(folder.get(), how)) != 0 && errno == EINTR) {
  }
  return done == 0;
}

bool is_of_a_run(std::string_view name) {
  if (!name.starts_with(kRunPrefix) || name.size() == kRunPrefix.size()) return false;
  return name.find_first_not_of("0123456789", kRunPrefix.size()) == name.npos;
}

// Runs that died with their guard have left theirs, and hold no lock on them any more. One in which somebody
// lives cannot be removed.
void sweep(const std::string& place) {
  for (const std::string& name : inner_folders(place)) {
    if (!is_of_a_run(name)) continue;
    const std::string path = fmt::format("{}/{}", place, name);
    const Fd folder = open_folder(path);
    if (folder && lock(folder, LOCK_EX | LOCK_NB)) remove_group(path);
  }
}

bool is_still(const Fd& folder, const std::string& path) {
  struct stat opened {
  }, there{};
  return ::fstat(folder.get(), &opened) == 0 && ::stat(path.c_str(), &there) == 0 &&
         opened.st_ino == there.st_ino;
}

// Between its making and its lock another run may take it for a dead one's.
Result<Fd> make_locked(const std::string& path) {
  for (;;) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
      return Error{fmt::format("mkdir '{}'", path), errno};
    Fd folder = open_folder(path);
    if (!folder && errno != ENOENT) return Error{fmt::format("open '{}'", path), errno};
    if (!folder) continue;
    if (!lock(folder, LOCK_EX)) return Error{fmt::format("flock '{}'", path), errno};
    if (is_still(folder, path)) return folder;
  }
}

}  // namespace

std::optional<std::string> own_group(const std::string& root, std::string_view controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  // A line is "4:cpu,memory:/a/b", in version 2 "0::/a/b".
  for (std::string line; std::getline(file, line);) {
    const auto names_start = line.find(':') + 1;
    const auto names_end = line.find(':', names_start);
    if (names_start == 0 || names_end == std::string::npos) continue;
    const std::string names = "," + line.substr(names_start, names_end - names_start) + ",";
    if (names.find(std::string(",").append(controller).append(",")) == std::string::npos) continue;
    std::string path = line.substr(names_end + 1);
    return path == "/" ? "" : path;
  }
  return std::nullopt;
}

GroupPlace find_group_place(const std::string& root, std::string_view controller) {
  const std::string mount = root + "/sys/fs/cgroup";
  if (const auto path = own_group(root, controller))
    return find_in_version_1(fmt::format("{}/{}", mount, controller), *path);
  const auto path = own_group(root, "");
  if (!path) return {0, {}, "this kernel has none"};
  return find_in_version_2(mount_of_version_2(root), *path, controller);
}

GroupPlace find_run_place(const std::string& root) {
  const auto path = own_group(root, "");
  if (!path) return {0, {}, "this kernel has none of version 2"};
  const std::string mount = mount_of_version_2(root);
  const std::string folder = visible(mount, *path);
  if (::access((folder + "/cgroup.procs").c_str(), F_OK) != 0)
    return {0, {}, fmt::format("those of version 2 are not mounted at '{}'", mount)};
  if (std::string type; std::ifstream(folder + "/cgroup.type") >> type && type != "domain")
    return {0, {}, fmt::format("'{}' is a group of threads", folder)};
  if (may_write(folder) && may_write(folder + "/cgroup.procs")) return {2, folder, {}};
  return {0, {}, fmt::format("'{}' may not be written", folder)};
}

ControlGroups::~ControlGroups() {
  for (const auto& [folder, lock] : folders_) remove_group(folder);
}

Result<std::string> ControlGroups::run_folder(const ControlGroup& group) {
  std::string folder = folder_of(group.place, runner_);
  if (!folders_.contains(folder)) {
    sweep(group.place.folder);
    Result<Fd> locked = make_locked(folder);
    if (!locked) return locked.error();
    folders_.emplace(folder, std::move(*locked));
  }
  if (group.place.version == 1) return folder;
  for (const std::string& controller : group.controllers) {
    auto handed_on = write_text(folder + "/cgroup.subtree_control", "+" + controller);
    if (!handed_on) return handed_on.error();
  }
  return folder;
}

Result<std::string> ControlGroups::make(const ControlGroup& group, const std::string& name) {
  Result<std::string> folder = run_folder(group);
  if (!folder) return folder;
  std::string path = *folder + "/" + name;
  if (::mkdir(path.c_str(), 0755) != 0) return Error{fmt::format("mkdir '{}'", path), errno};
  for (const GroupSetting& setting : group.settings) {
    const std::string file = path + "/" + setting.file;
    if (setting.optional && ::access(file.c_str(), F_OK) != 0) continue;
    if (auto written = write_text(file, setting.value); !written) return written.error();
  }
  return path;
}

void kill_group(const std::string& folder) {
  (void)write_text(folder + "/cgroup.kill", "1");
}

void kill_control_groups(pid_t runner) {
  for (const std::string& folder : run_folders(runner)) kill_group(folder);
}

void remove_control_groups(pid_t runner) {
  for (const std::string& folder : run_folders(runner)) remove_group(folder);
}

std::uint64_t killed_for_memory(const std::string& group) {
  constexpr std::string_view kCount = "oom_kill";
  if (const auto count = read_field(group + "/memory.events", kCount)) return *count;
  return read_field(group + "/memory.oom_control", kCount).value_or(0);
}

}  // namespace procgraph
