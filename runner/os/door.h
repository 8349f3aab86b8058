// Door: the unix sockets of a run, in a folder that is the user's alone: one under the run's name, where
// programs come in that use its channels, one under "NAME.control", where others look at it and act on it.
// Knows nothing of what they say. The one owner: at its end the names are gone.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

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

 private:
  struct Entry {
    std::string name;
    Fd listener;
    ino_t file = 0;
  };

  Door(Fd folder, std::string name, Entry guests, Entry control);
  static Result<Door> take_name(Fd folder, const std::string& wanted, bool guests);
  static Result<Entry> enter(const Fd& folder, const std::string& name, int type);
  void leave(const Entry& entry) const;

  Fd folder_;
  std::string name_;
  Entry guests_, control_;
};

}  // namespace procgraph
