#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace procgraph {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kByteUnits{Unit{"", 1},
                                Unit{"B", 1},
                                Unit{"KB", 1'000},
                                Unit{"MB", 1'000'000},
                                Unit{"GB", 1'000'000'000},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"KiB", 1ULL << 10},
                                Unit{"MiB", 1ULL << 20},
                                Unit{"GiB", 1ULL << 30},
                                Unit{"TiB", 1ULL << 40}};

constexpr std::array kTimeUnits{Unit{"ns", 1},
                                Unit{"us", 1'000},
                                Unit{"ms", 1'000'000},
                                Unit{"s", 1'000'000'000},
                                Unit{"m", 60'000'000'000},
                                Unit{"h", 3'600'000'000'000},
                                Unit{"d", 86'400'000'000'000}};

// Splits "64KiB" into 64 and "KiB"; nothing if there is no digit in front or the number overflows.
std::optional<std::uint64_t> leading_number(std::string_view& text) {
  std::uint64_t number = 0;
  std::size_t used = 0;
  for (; used < text.size() && text[used] >= '0' && text[used] <= '9'; ++used) {
    if (__builtin_mul_overflow(number, 10U, &number)) return {};
    if (__builtin_add_overflow(number, static_cast<std::uint64_t>(text[used] - '0'), &number)) return {};
  }
  if (used == 0) return {};
  text.remove_prefix(used);
  return number;
}

template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::array<Unit, N>& units) {
  std::optional<std::uint64_t> number = leading_number(text);
  if (!number) return {};
  for (const Unit& unit : units) {
    if (unit.name != text) continue;
    std::uint64_t result = 0;
    if (__builtin_mul_overflow(*number, unit.factor, &result)) return {};
    return result;
  }
  return {};
}

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
  std::optional<std::uint64_t> value = scaled(text, kByteUnits);
  if (!value) return {};
  return Bytes{*value};
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  std::optional<std::uint64_t> value = scaled(text, kTimeUnits);
  if (!value || *value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
  return Duration(static_cast<std::int64_t>(*value));
}

std::string format(Bytes bytes) {
  for (auto unit = kByteUnits.rbegin(); unit->factor != 1'000'000'000'000;
       ++unit) {  // the binary ones, largest first
    bool divides = bytes.value != 0 && bytes.value % unit->factor == 0;
    if (divides) return fmt::format("{}{}", bytes.value / unit->factor, unit->name);
  }
  return fmt::format("{}", bytes.value);
}

std::string format_duration(Duration d) {
  std::int64_t left = d.count();
  if (left == 0) return "0s";
  if (left < 0) return "-" + format_duration(-d);
  if (left < 1'000) return fmt::format("{}ns", left);
  if (left < 1'000'000) return fmt::format("{}us", left / 1'000);
  if (left < 1'000'000'000) return fmt::format("{}ms", left / 1'000'000);
  if (left < 60'000'000'000) {
    std::int64_t tenths = left / 100'000'000;
    return tenths % 10 == 0 ? fmt::format("{}s", tenths / 10)
                            : fmt::format("{}.{}s", tenths / 10, tenths % 10);
  }
  std::string text;
  std::int64_t seconds = left / 1'000'000'000;
  if (seconds >= 3600) text += fmt::format("{}h", seconds / 3600);
  if (seconds / 60 % 60 != 0) text += fmt::format("{}m", seconds / 60 % 60);
  if (seconds % 60 != 0) text += fmt::format("{}s", seconds % 60);
  return text;
}

std::string format_count(std::uint64_t n) {
  std::string digits = fmt::format("{}", n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace procgraph
