// Stage: a run of procgraph whose processes are drivers: nodes of some language that do what a test says, one
// line after the other (docs/node-protocol.md). It knows no channel.
#pragma once

#include <sys/types.h>

#include <list>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace procgraph::conformance {

struct Driver {
  std::string language, command;
};
void PrintTo(const Driver& driver, std::ostream* out);  // gtest's way

// Those that know this kind of channel. PROCGRAPH_TEST_DRIVER, a command, is one more for each.
[[nodiscard]] std::vector<Driver> drivers_of(std::string_view kind);

// Its command as a value in a graph, for one that is not the DRIVER there.
[[nodiscard]] std::string in_yaml(const Driver& driver);

[[nodiscard]] std::string in_hex(std::string_view bytes);
[[nodiscard]] std::string from_hex(std::string_view hex);

// One driver, from its start to its end. When it goes out of scope the driver ends with code 0.
class Actor {
 public:
  explicit Actor(int fd);  // hears it say who it is
  Actor(Actor&& other) noexcept;
  Actor& operator=(Actor&&) = delete;
  ~Actor();

  [[nodiscard]] const std::string& name() const { return name_; }  // "parse", or "parse.1" of several
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Its answer; "gone" where it has ended.
  std::string ask(const std::string& line);
  // The two halves of ask(), for what takes until another one does something.
  void tell(const std::string& line);
  std::string answer();
  // By SIGKILL; back when all of its descriptors are closed.
  void kill();

 private:
  int fd_;
  std::string heard_, name_;
  pid_t pid_ = -1;
};

class Stage {
 public:
  // In `yaml` DRIVER stands for the command. The files lie beside it.
  Stage(const Driver& driver, std::string yaml,
        const std::vector<std::pair<std::string, std::string>>& files = {});
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  // The next life of that process: waits until it has started. Throws where the run has ended.
  [[nodiscard]] Actor actor(const std::string& name);
  // Waits for the end; all actors must be gone.
  [[nodiscard]] e2e::Ran wait() { return running_.wait(); }
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }

 private:
  void accept();

  e2e::Folder folder_;
  int listener_;
  std::list<Actor> come_;
  e2e::Running running_;
};

}  // namespace procgraph::conformance
