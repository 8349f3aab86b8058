// `schema`: the JSON schema of the file, or its reference as Markdown; both come from the keys table.
#include "config/schema.h"

#include <cstdio>
#include <memory>

#include "verbs/verb.h"

namespace procgraph {

Action declare_schema(Flags& flags, const Context&) {
  struct Own {
    bool reference = false;
    std::string options;
  };
  auto own = std::make_shared<Own>();
  flags.toggle("--reference", own->reference, "print docs/file.md, the reference for people, instead");
  flags.choice("--options", own->options, kinds_with_options(),
               "print the options of a kind of channel for people instead");
  return [own] {
    const std::string text = !own->options.empty() ? options_markdown(own->options)
                             : own->reference      ? file_reference_markdown()
                                                   : schema_json();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return Outcome{};
  };
}

}  // namespace procgraph
