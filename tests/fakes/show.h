// Shown: what tests/nodes/show.cc wrote about itself.
#pragma once

#include <map>
#include <set>
#include <sstream>
#include <string>

namespace procgraph {

struct Shown {
  std::map<int, std::string> fds;  // number to inode
  std::set<std::string> env;
  std::map<std::string, std::string> facts;  // all else

  [[nodiscard]] std::set<int> fd_numbers() const {
    std::set<int> numbers;
    for (const auto& [fd, inode] : fds) numbers.insert(fd);
    return numbers;
  }
};

inline Shown parse_shown(const std::string& text) {
  Shown shown;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    const std::string key = line.substr(0, space), value = line.substr(space + 1);
    if (key == "fd") {
      const auto second = value.find(' ');
      shown.fds[std::stoi(value)] = value.substr(second + 1);
    } else if (key == "env") {
      shown.env.insert(value);
    } else {
      shown.facts[key] = value;
    }
  }
  return shown;
}

}  // namespace procgraph
