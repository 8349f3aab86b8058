#include "graph/wording.h"

#include <algorithm>

#include "base/units.h"

namespace procgraph {

std::string quoted(std::string_view name) {
  return cat('\'', name, '\'');
}

std::string quoted_list(std::span<const std::string> names) {
  constexpr std::size_t kShown = 8;
  const std::size_t shown = names.size() > kShown + 1 ? kShown : names.size();
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += quoted(names[i]);
  }
  if (shown < names.size()) out += cat(" and ", names.size() - shown, " more");
  return out;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  if (n == 1) return cat("one ", one);
  return n == 2 ? cat("two ", many) : cat(format_count(n), ' ', many);
}

}  // namespace procgraph
