// Commands: a text is split into words as a POSIX shell would, then each word is expanded, so that a value
// never splits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/values.h"

namespace procgraph::config {

// A word with its quotes taken off and its ${…} still in it.
struct Word {
  std::string text;
  Mark mark;
  bool exact = false;
};

// Nothing if a problem was reported: a quote that is never closed, or something that only a shell could do.
[[nodiscard]] std::optional<std::vector<Word>> split_words(const Written& text, Problems& problems);

[[nodiscard]] std::optional<CommandSpec> read_command(Reader& reader, const Field& field);
[[nodiscard]] std::optional<CommandSpec> read_script(Reader& reader, const Field& field);

}  // namespace procgraph::config
