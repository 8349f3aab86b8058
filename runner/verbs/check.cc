// `check`: every error and warning of a file; starts nothing.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/text.h"
#include "verbs/front.h"

namespace procgraph {
namespace {

struct CheckFlags {
  FrontFlags front;
  std::string format = "text";
  std::string color = "auto";
  bool strict = false;
};

Outcome check_file(const CheckFlags& flags, const Context& context) {
  Front front = prepare(flags.front, context, UpTo::kPlan);
  bool json = flags.format == "json" && !front.usage;
  if (json) {
    std::string text = to_json(front.diagnostics, front.sources);
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    print_diagnostics(front, use_color(flags.color, STDERR_FILENO));
  }
  if (front.ok() && flags.strict && front.diagnostics.warnings() > 0) return {.code = kExitInput};
  return {.code = front.exit_code()};
}

}  // namespace

Action declare_check(Flags& flags, const Context& context) {
  auto own = std::make_shared<CheckFlags>();
  own->front.declare(flags);
  flags.choice("--format", own->format, {"text", "json"}, "for people, or for an editor or a script");
  flags.toggle("--strict", own->strict, "warnings fail too");
  declare_color(flags, own->color);
  return [own, context] { return check_file(*own, context); };
}

}  // namespace procgraph
