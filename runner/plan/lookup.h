// Where a command's first word leads: product.md's order of folders, asked of a World. Remembers answers, for
// replicas ask alike.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/world.h"

namespace procgraph {

struct Wanted {
  std::string word;      // as typed
  std::string folder;    // absolute folder of the file in which it stands
  std::string path;      // the PATH that the process will get
  bool builtin = false;  // a node of ours: only where procgraph itself is installed
};

struct NotFound {
  std::string reason;  // "was not found", "is a folder: '/x'" … follows the program's name
  std::string hint;
};

class Lookup {
 public:
  explicit Lookup(const World& world) : world_(world) {}

  [[nodiscard]] std::variant<std::string, NotFound> find(const Wanted& wanted);
  [[nodiscard]] const FileFacts& look(const std::string& path);

 private:
  [[nodiscard]] std::vector<std::string> folders(const Wanted& wanted) const;
  [[nodiscard]] std::variant<std::string, NotFound> judge(const std::string& path);
  [[nodiscard]] NotFound missing(const Wanted& wanted, const std::vector<std::string>& folders);

  const World& world_;
  std::unordered_map<std::string, FileFacts> looked_;
  std::map<std::string, std::variant<std::string, NotFound>> found_;
  int suggestions_left_ = 20;
};

}  // namespace procgraph
