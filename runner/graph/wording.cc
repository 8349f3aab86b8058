#include "graph/wording.h"

#include "base/text.h"

namespace procgraph {

std::string quoted(std::string_view name) {
  return cat('\'', name, '\'');
}

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiou").find(noun[0]) != std::string_view::npos;
  return cat(vowel ? "an " : "a ", noun);
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

std::string padded(std::string text, std::size_t columns) {
  const std::size_t has = width(text);
  if (has < columns) text.append(columns - has, ' ');
  return text;
}

std::string rough(Bytes bytes) {
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes.value < 1024) return cat(bytes.value, " bytes");
  std::uint64_t scaled = bytes.value;
  std::size_t unit = 0;
  while (scaled >= 1024 * 1024) {
    scaled /= 1024;
    ++unit;
  }
  const std::uint64_t tenths = scaled * 10 / 1024;
  const std::string fraction = tenths % 10 == 0 ? "" : cat('.', tenths % 10);
  return cat(tenths / 10, fraction, ' ', kUnits[unit]);
}

}  // namespace procgraph
