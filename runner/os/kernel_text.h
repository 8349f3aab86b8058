// Numbers in the text files in which the kernel shows itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace procgraph {

// The first number of a file; nothing for "max" and for a file that is not there.
[[nodiscard]] std::optional<std::uint64_t> read_number(const std::string& path);
// The number after `key` at the start of a line: "MemAvailable:   123 kB", "inactive_file 456".
[[nodiscard]] std::optional<std::uint64_t> read_field(const std::string& path, std::string_view key);

}  // namespace procgraph
