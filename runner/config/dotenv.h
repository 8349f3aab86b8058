// The `.env` file beside the first file: NAME=value, one to a line.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/mark.h"
#include "config/problems.h"

namespace procgraph::config {

// Takes comments ('#' at the beginning of a line or behind a blank), an `export ` in front, values in single
// quotes (as they are) and in double quotes (with \n \t \" \\ \$). Nothing in it is expanded.
[[nodiscard]] std::map<std::string, std::string> parse_dotenv(const Source& source, std::uint32_t file,
                                                              Problems& problems);

}  // namespace procgraph::config
