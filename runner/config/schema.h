// What the keys table says to others than the parser: an editor (JSON schema) and a reader of the manual.
#pragma once

#include <string>

namespace procgraph {

// JSON schema, draft 7, of what this release accepts, for editors with a YAML language server.
[[nodiscard]] std::string schema_json();
// docs/file.md.
[[nodiscard]] std::string file_reference_markdown();

}  // namespace procgraph
