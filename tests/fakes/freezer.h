// Freezer: a control group in which processes hang in the kernel (state D) and outlive a KILL, as in a call
// that does not end. Nothing unprivileged makes one of these, so where cgroup v1's freezer may not be written
// (usable() is false) only the simulated world has them.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace procgraph {

class Freezer {
 public:
  Freezer() : path_("/sys/fs/cgroup/freezer/procgraph-test-" + std::to_string(::getpid())) {
    std::error_code error;
    usable_ = std::filesystem::is_directory("/sys/fs/cgroup/freezer", error) &&
              std::filesystem::create_directory(path_, error);
  }
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;
  ~Freezer() {
    if (!usable_) return;
    thaw();
    std::error_code error;
    while (!std::filesystem::remove(path_, error) && error == std::errc::device_or_resource_busy) {
    }
  }

  [[nodiscard]] bool usable() const { return usable_; }
  // Whoever writes its pid here is a member.
  [[nodiscard]] std::string members() const { return path_ + "/cgroup.procs"; }
  void freeze() const {
    const std::string state = path_ + "/freezer.state";
    std::ofstream(state) << "FROZEN";
    for (std::string now; now != "FROZEN";) std::ifstream(state) >> now;
  }
  void thaw() const { std::ofstream(path_ + "/freezer.state") << "THAWED"; }

 private:
  std::string path_;
  bool usable_ = false;
};

}  // namespace procgraph
