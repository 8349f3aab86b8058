// `schema`: the JSON schema of the file, or its reference as Markdown; both come from the keys table.
#include "config/schema.h"

#include <cstdio>
#include <memory>

#include "verbs/verb.h"

namespace procgraph {

Action declare_schema(Flags& flags, const Context&) {
  auto reference = std::make_shared<bool>(false);
  flags.toggle("--reference", *reference, "print docs/file.md, the reference for people, instead");
  return [reference] {
    std::string text = *reference ? file_reference_markdown() : schema_json();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return Outcome{};
  };
}

}  // namespace procgraph
