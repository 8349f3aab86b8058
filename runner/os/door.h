// Door: a unix socket under a run's name, in a folder that is the user's alone, where programs come in that
// the graph did not start. Knows nothing of what they say. The one owner: at its end the name is gone.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

class Door {
 public:
  // In the first of the folders that can be had. Under `name`, or "name-2" and so on where another run bears
  // it; what a run that was killed has left behind is replaced. May wait for another run that is just
  // doing the same.
  static Result<Door> open(std::span<const std::string> folders, const std::string& name);
  Door(Door&&) noexcept = default;
  Door& operator=(Door&&) = delete;
  ~Door();

  [[nodiscard]] int fd() const { return listener_.get(); }  // does not block
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Door(Fd folder, Fd listener, std::string name);

  Fd folder_, listener_;
  std::string name_;
  ino_t file_;
};

}  // namespace procgraph
