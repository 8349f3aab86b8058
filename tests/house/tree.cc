#include "tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace procgraph::house {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = PROCGRAPH_TREE;

bool ends_with_any(const std::string& name, const std::vector<std::string>& endings) {
  return std::ranges::any_of(endings, [&](const std::string& ending) { return name.ends_with(ending); });
}

template <typename Iterator>
void collect(Iterator entries, const std::vector<std::string>& endings, std::vector<Source>& into) {
  for (const fs::directory_entry& entry : entries) {
    const std::string path = entry.path().lexically_relative(kRoot).generic_string();
    if (path == ".git") continue;  // a file in a linked work tree
    if (entry.is_regular_file() && ends_with_any(path, endings)) into.push_back({path, text_of(path)});
  }
}

}  // namespace

std::string text_of(const std::string& path) {
  std::ifstream file(kRoot / path, std::ios::binary);
  EXPECT_TRUE(file) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Source> sources_in(const std::vector<std::string>& folders,
                               const std::vector<std::string>& endings) {
  std::vector<Source> found;
  for (const std::string& folder : folders) {
    if (folder == ".") {
      collect(fs::directory_iterator(kRoot), endings, found);
    } else if (fs::exists(kRoot / folder)) {
      collect(fs::recursive_directory_iterator(kRoot / folder), endings, found);
    }
  }
  std::ranges::sort(found, {}, &Source::path);
  return found;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> lines_where(const std::vector<Source>& sources,
                                     const std::function<bool(std::string_view line)>& wrong) {
  std::vector<std::string> found;
  for (const Source& source : sources) {
    int number = 0;
    for (std::string_view line : lines_of(source.text)) {
      ++number;
      if (wrong(line)) found.push_back(source.path + ":" + std::to_string(number) + ": " + std::string(line));
    }
  }
  return found;
}

}  // namespace procgraph::house
