// LineSplitter: bytes as they arrive to lines, in bounded memory. Knows nothing of pipes or of what a line is
// for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace procgraph {

inline constexpr std::size_t kLongestLine = 64 << 10;  // bytes, without the newline

class LineSplitter {
 public:
  // Calls `line(text, cut)` for each line that is now complete. A line that is too long is handed out as soon
  // as that is known, `cut`; the rest of it is dropped. A line that lies wholly in `bytes` is not copied.
  template <class Line>
  void add(std::string_view bytes, Line line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const bool complete = end != bytes.npos;
      const std::string_view piece = bytes.substr(0, end);
      bytes.remove_prefix(complete ? end + 1 : bytes.size());
      take(piece, complete, line);
    }
  }
  // The stream is over: what is left is a line without a newline.
  template <class Line>
  void end(Line line) {
    if (!begun_.empty()) line(std::string_view(begun_), false);
    begun_.clear();
    dropping_ = false;
  }

 private:
  template <class Line>
  void take(std::string_view piece, bool complete, Line& line) {
    if (!dropping_ && begun_.size() + piece.size() > kLongestLine) {
      begun_ += piece.substr(0, kLongestLine - begun_.size());
      line(std::string_view(begun_), true);
      dropping_ = true;
    } else if (!dropping_ && !complete) {
      begun_ += piece;
      return;
    } else if (!dropping_) {
      if (!begun_.empty()) piece = begun_ += piece;
      line(piece, false);
    }
    begun_.clear();
    if (complete) dropping_ = false;
  }

  std::string begun_;      // of the line that is not complete yet
  bool dropping_ = false;  // the rest of a line that was cut
};

}  // namespace procgraph
