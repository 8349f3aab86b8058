// Files of variables: the `.env` beside the first file, and those of `env_file`. NAME=value, one to a line.
#pragma once

#include <cstdint>
#include <vector>

#include "base/mark.h"
#include "config/problems.h"
#include "config/spec.h"

namespace procgraph::config {

// Takes comments ('#' at the beginning of a line or behind a blank), an `export ` in front, values in single
// quotes (as they are) and in double quotes (with \n \t \" \\ \$). Nothing in it is expanded. In the order of
// the text: of a name that stands twice the last counts.
[[nodiscard]] std::vector<EnvironmentEntry> parse_dotenv(const Source& source, std::uint32_t file,
                                                         Problems& problems);

}  // namespace procgraph::config
