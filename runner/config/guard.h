// The first look at a file's bytes: what could mislead a person or the YAML library is refused here, with its
// place. Knows no YAML but the directive line.
#pragma once

#include <cstdint>

#include "base/mark.h"
#include "config/problems.h"

namespace procgraph::config {

inline constexpr std::size_t kMaxFileBytes = 16U << 20;

// Takes a leading byte order mark off. False: refused, with the reasons in `problems`; of each sort of reason
// the first place is shown.
[[nodiscard]] bool guard(Source& source, std::uint32_t file, Problems& problems);

}  // namespace procgraph::config
