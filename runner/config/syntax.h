// What to tell a person where the YAML library gives up: its few words become a sentence with a cure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/builder.h"
#include "config/places.h"
#include "config/problems.h"

namespace procgraph::config {

// The usual cause of trouble in a `{…}` that has a command: YAML took a part of the command for its own.
inline constexpr std::string_view kQuoteTheCommand =
    "quote the command, or write the process over several lines";

// Reports the library's `complaint` at a byte offset. `builder` knows what was read before.
void report_syntax(std::string_view complaint, std::size_t offset, const TreeBuilder& builder, Places& places,
                   Problems& problems);

// Reports what stands behind the end of the document: a second one, or more likely something that the library
// took for one.
void report_second_document(std::size_t offset, Places& places, Problems& problems);

}  // namespace procgraph::config
