// Tree: the files of this source tree as text, for tests that hold them against the house rules. Knows
// nothing of C++.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "include_rules.h"

namespace procgraph::house {

// All files below `folders` (or the root's own files, for ".") whose name ends with one of `endings`, sorted
// by path.
[[nodiscard]] std::vector<Source> sources_in(const std::vector<std::string>& folders,
                                             const std::vector<std::string>& endings);

// One file, by its path from the root; fails the test when it cannot be read.
[[nodiscard]] std::string text_of(const std::string& path);

// "path:line: text" of every line that the test finds wrong.
[[nodiscard]] std::vector<std::string> lines_where(const std::vector<Source>& sources,
                                                   const std::function<bool(std::string_view line)>& wrong);

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace procgraph::house
