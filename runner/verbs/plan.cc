// `plan`: the decided run as text or JSON; starts nothing.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "verbs/front.h"

namespace procgraph {
namespace {

struct PlanFlags {
  FrontFlags front;
  std::string format = "text";
  std::string color = "auto";
};

Outcome print_plan(const PlanFlags& flags, const Context& context) {
  Front front = prepare(flags.front, context, UpTo::kPlan);
  print_diagnostics(front, use_color(flags.color, STDERR_FILENO));
  if (!front.ok()) return {.code = front.exit_code()};
  std::string text = flags.format == "json" ? to_json(front.plan) : to_text(front.plan);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return {};
}

}  // namespace

Action declare_plan(Flags& flags, const Context& context) {
  auto own = std::make_shared<PlanFlags>();
  own->front.declare(flags);
  flags.choice("--format", own->format, {"text", "json"}, "for people, or for a script");
  declare_color(flags, own->color);
  return [own, context] { return print_plan(*own, context); };
}

}  // namespace procgraph
