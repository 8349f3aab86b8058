// LastWords: the last lines that a process printed, kept for the report of its failure, in bounded memory.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace procgraph {

class LastWords {
 public:
  static constexpr std::size_t kLines = 20;
  static constexpr std::size_t kBytesOfALine = 400;  // of a longer one the beginning

  void add(std::string_view line) {
    std::string kept;
    if (lines_.size() == kLines) {  // the oldest one's memory serves the newest
      kept = std::move(lines_.front());
      lines_.pop_front();
    }
    kept = line.substr(0, kBytesOfALine);
    if (line.size() > kBytesOfALine) kept += "…";
    lines_.push_back(std::move(kept));
  }

  [[nodiscard]] bool empty() const { return lines_.empty(); }
  // One text, with newlines between.
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const std::string& line : lines_) {
      if (!all.empty()) all += '\n';
      all += line;
    }
    return all;
  }

 private:
  std::deque<std::string> lines_;
};

}  // namespace procgraph
