#include "config/places.h"

#include <algorithm>

namespace procgraph::config {
namespace {

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

}  // namespace

std::uint32_t code_points(std::string_view valid_utf8) {
  return static_cast<std::uint32_t>(std::count_if(valid_utf8.begin(), valid_utf8.end(), begins_code_point));
}

Mark Places::at(std::size_t offset, std::uint32_t length) {
  offset = std::min(offset, text_.size());
  if (offset < offset_) back(offset);
  forward(offset);
  return {.file = file_, .line = line_, .column = column_, .length = std::max(length, 1U)};
}

std::string_view Places::line(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const std::size_t newline = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(text_.find('\n', offset), text_.size());
  return text_.substr(begin, end - begin);
}

void Places::forward(std::size_t offset) {
  for (; offset_ < offset; ++offset_) {
    const char passed = text_[offset_];
    if (passed == '\n') {
      ++line_;
      column_ = 1;
    } else if (begins_code_point(passed)) {
      ++column_;
    }
  }
}

void Places::back(std::size_t offset) {
  while (offset_ > offset) {
    const char passed = text_[--offset_];
    if (passed == '\n') {
      --line_;
      column_ = code_points(line(offset_)) + 1;
    } else if (begins_code_point(passed)) {
      --column_;
    }
  }
}

}  // namespace procgraph::config
