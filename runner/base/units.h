// Sizes and durations as people write them: 64KiB, 16MiB, 1GB, 4096; 250ms, 10s, 5m, 1h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace procgraph {

using Duration = std::chrono::nanoseconds;

struct Bytes {
  std::uint64_t value = 0;

  auto operator<=>(const Bytes&) const = default;
};

// Decimal digits and one of "", B, KB, MB, GB, TB, KiB, MiB, GiB, TiB; nothing on overflow, sign, fraction or
// other text.
[[nodiscard]] std::optional<Bytes> parse_bytes(std::string_view text);
// Decimal digits and one of ns, us, ms, s, m, h, d; a bare "0" too; nothing on overflow or other text.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

[[nodiscard]] std::string format(
    Bytes bytes);  // exact where a unit divides it ("64KiB"), else bytes ("1000")
[[nodiscard]] std::string format_duration(Duration d);    // "250ms", "10s", "1m30s"
[[nodiscard]] std::string format_count(std::uint64_t n);  // "1,204"

}  // namespace procgraph
