// Door: the unix sockets of a run, in a folder that is the user's alone: one under the run's name, where
// programs come in that use its channels, one under "NAME.control", where others look at it and act on it.
// Knows nothing of what they say. The one owner: at its end the names are gone.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

inline constexpr std::string_view kControlEnding = ".control";

class Door {
 public:
  // In the first of the folders that can be had. Under `name`, or "name-2" and so on where another run bears
  // it; what a run that was killed has left behind is replaced. May wait for another run that is just
  // doing the same. Without `guests` nobody is let in to channels.
  static Result<Door> open(std::span<const std::string> folders, const std::string& name, bool guests = true);
  Door(Door&&) noexcept = default;
  Door& operator=(Door&&) = delete;
  ~Door();

  // Neither blocks.
  [[nodiscard]] int fd() const { return guests_.listener.get(); }  // packets; -1: without guests
  [[nodiscard]] int control() const { return control_.listener.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }
  // What it has in the file system.
  struct Files {
    std::string folder, name;
    ino_t guests = 0, control = 0;  // their numbers; 0: there is none
  };
  [[nodiscard]] Files files() const { return {path_, name_, guests_.file, control_.file}; }

 private:
  struct Entry {
    std::string name;
    Fd listener;
    ino_t file = 0;
  };

  Door(Fd folder, std::string path, std::string name, Entry control);
  static Result<Door> take_name(Fd folder, const std::string& path, const std::string& wanted, bool guests);
  static Result<Entry> enter(const Fd& folder, const std::string& name, int type);
  void leave(const Entry& entry) const;

  Fd folder_;
  std::string path_, name_;
  Entry guests_, control_;
};

// Takes away what a run that is gone has left of its door, if it has left any. Never waits: where another run
// is just looking for a name in that folder, it stays, and the next one replaces it.
void clear_door(const std::string& folder, const std::string& name);
// The door of a run that is still there, and that is to be found no more.
void remove_door(const Door::Files& files);

// A line to the control socket of a run that is there.
struct Knock {
  std::string name;
  Fd line;
};
// To the run of this name, and to all that there are, each name once, in order; what is left of others is
// taken away. They wait at most so long for a runner that is stopped.
[[nodiscard]] std::optional<Knock> knock(std::span<const std::string> folders, const std::string& name);
[[nodiscard]] std::vector<Knock> knock_everywhere(std::span<const std::string> folders);

}  // namespace procgraph
