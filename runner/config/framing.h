// Reading how messages are told apart in a stream of bytes.
#pragma once

#include <optional>

#include "config/values.h"

namespace procgraph::config {

// One of the row's words, {record: SIZE} or {chunks: SIZE}.
[[nodiscard]] std::optional<FramingSpec> read_framing(Reader& reader, const Field& field);

}  // namespace procgraph::config
