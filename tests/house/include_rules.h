// The house rules about #include, as rows: which folder may include which, and where a third party's headers
// may appear. Knows text only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph::house {

struct Source {
  std::string path;  // from the tree's root: "runner/graph/build.cc"
  std::string text;
};

// Every include of `sources` that the rows do not allow, one line each, in the order given.
[[nodiscard]] std::vector<std::string> include_violations(std::span<const Source> sources);

// What a source includes, without the quotes or brackets, in order.
struct Include {
  int line = 0;
  bool angled = false;
  std::string_view header;
};
[[nodiscard]] std::vector<Include> includes_of(std::string_view text);

}  // namespace procgraph::house
