// Where a command's first word leads: product.md's order of folders, asked of a World. Remembers answers, for
// replicas ask alike.
#pragma once

#include <map>
#include <optional>
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
  [[nodiscard]] std::variant<std::string, NotFound> judge(const Wanted& wanted);
  [[nodiscard]] NotFound missing(const Wanted& wanted, const std::vector<std::string>& folders);
  // The nearest name that would run from one of these folders.
  [[nodiscard]] std::optional<std::string> neighbour(const std::string& name,
                                                     const std::vector<std::string>& folders);
  [[nodiscard]] const std::vector<std::string>& names(const std::string& folder);

  const World& world_;
  std::unordered_map<std::string, FileFacts> looked_;
  std::map<std::string, std::variant<std::string, NotFound>> found_;
  std::unordered_map<std::string, std::vector<std::string>> names_;  // by folder
  int suggestions_left_ = 20;
};

}  // namespace procgraph
