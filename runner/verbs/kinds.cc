// `kinds`: the manual of the kinds of channels, from their rows.
#include <fmt/format.h>

#include <string>

#include "verbs/verb.h"

namespace procgraph {
namespace {

std::string ends(std::uint32_t most, std::string_view noun) {
  if (most == 0) return fmt::format("any number of {}s", noun);
  return most == 1 ? fmt::format("one {}", noun) : fmt::format("at most {} {}s", most, noun);
}

Outcome print_kinds(const Context& context) {
  for (const ChannelKind* kind : context.kinds) {
    fmt::print("{} (under `{}:`)\n  {}\n  ends: {}, {}\n  survives: {}\n\n", kind->name, kind->key,
               kind->summary, ends(kind->max_writers, kind->served ? "client" : "writer"),
               ends(kind->max_readers, kind->served ? "server" : "reader"), kind->survives);
  }
  fmt::print("The options of each: procgraph schema --options queue, and so on.\n");
  return {};
}

}  // namespace

Action declare_kinds(Flags&, const Context& context) {
  return [context] { return print_kinds(context); };
}

}  // namespace procgraph
