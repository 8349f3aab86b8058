#include "base/path.h"

#include <filesystem>

namespace procgraph {

std::string absolute(std::string_view base, std::string_view path) {
  std::filesystem::path joined = std::filesystem::path(base) / std::filesystem::path(path);
  std::string text = joined.lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string folder(std::string_view path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string stem(std::string_view path) {
  return std::filesystem::path(path).stem().string();
}

}  // namespace procgraph
