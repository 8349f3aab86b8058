// What the keys table says to others than the parser: an editor (JSON schema) and a reader of the manual.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

// JSON schema, draft 7, of what this release accepts, for editors with a YAML language server.
[[nodiscard]] std::string schema_json();
// docs/file.md.
[[nodiscard]] std::string file_reference_markdown();
// What `options_markdown` knows.
[[nodiscard]] std::vector<std::string> kinds_with_options();
// The table of a kind's options, as it stands there and in docs/channels.md; empty: there is no such kind.
[[nodiscard]] std::string options_markdown(std::string_view kind);

}  // namespace procgraph
