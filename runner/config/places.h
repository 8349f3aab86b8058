// Places: from byte offsets into a text to marks. Cheap where the offsets grow, as a parser's do, however
// long the lines are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/mark.h"

namespace procgraph::config {

[[nodiscard]] std::uint32_t code_points(std::string_view valid_utf8);

class Places {
 public:
  Places(std::string_view text, std::uint32_t file) : text_(text), file_(file) {}

  // Offsets past the end mean the end.
  [[nodiscard]] Mark at(std::size_t offset, std::uint32_t length = 1);
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::uint32_t file() const { return file_; }
  // The line around an offset, without its newline.
  [[nodiscard]] std::string_view line(std::size_t offset) const;

 private:
  void forward(std::size_t offset);
  void back(std::size_t offset);

  std::string_view text_;
  std::uint32_t file_;
  std::size_t offset_ = 0;  // what line_ and column_ belong to
  std::uint32_t line_ = 1, column_ = 1;
};

}  // namespace procgraph::config
