#include "base/resources.h"

#include <array>
#include <charconv>

namespace procgraph {
namespace {

std::optional<unsigned> parse_cpu(std::string_view digits) {
  constexpr unsigned kLargest = 65'535;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number > kLargest) return std::nullopt;
  return number;
}

std::string format(CpuRange range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

}  // namespace

std::string_view name(Resource resource) {
  constexpr std::array<std::string_view, 4> kNames{"cpu", "files", "file_size", "core"};
  return kNames.at(static_cast<std::size_t>(resource));
}

std::optional<CpuRange> parse_cpu_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_cpu(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_cpu(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return CpuRange{*first, *last};
}

std::string format_cpus(const std::vector<unsigned>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    CpuRange range{cpus[i], cpus[i]};
    while (++i < cpus.size() && cpus[i] == range.last + 1) ++range.last;
    text += (text.empty() ? "" : ", ") + format(range);
  }
  return text;
}

}  // namespace procgraph
