// `graph`: draws a file's graph; svg through Graphviz's dot.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "graph/draw.h"
#include "verbs/front.h"

namespace procgraph {
namespace {

struct GraphFlags {
  FrontFlags front;
  std::string format = "ascii";
  std::string color = "auto";
};

Outcome print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return {};
}

// dot draws what it reads; it is a program of its own, so it may be missing.
Outcome print_svg(const Graph& graph) {
  std::fflush(stdout);
  std::FILE* dot = popen("command -v dot >/dev/null 2>&1 || exit 127; exec dot -Tsvg", "w");
  if (dot == nullptr) return {.code = kExitSystem};
  std::string text = draw_dot(graph);
  std::fwrite(text.data(), 1, text.size(), dot);
  int status = pclose(dot);
  if (status == 0) return {};
  fmt::print(stderr,
             "procgraph graph: --format svg needs Graphviz's dot (Debian: apt install graphviz); --format "
             "dot prints its input\n");
  return {.code = kExitMachine};
}

Outcome draw(const GraphFlags& flags, const Context& context) {
  Front front = prepare(flags.front, context, UpTo::kGraph);
  if (!front.ok()) {
    print_diagnostics(front, use_color(flags.color, STDERR_FILENO));
    return {.code = front.exit_code()};
  }
  if (flags.format == "dot") return print_text(draw_dot(front.graph));
  if (flags.format == "mermaid") return print_text(draw_mermaid(front.graph));
  if (flags.format == "json") return print_text(draw_json(front.graph));
  if (flags.format == "svg") return print_svg(front.graph);
  return print_text(draw_ascii(front.graph));
}

}  // namespace

Action declare_graph(Flags& flags, const Context& context) {
  auto own = std::make_shared<GraphFlags>();
  own->front.declare(flags);
  flags.choice("--format", own->format, {"ascii", "dot", "mermaid", "svg", "json"}, "how to draw it");
  declare_color(flags, own->color);
  return [own, context] { return draw(*own, context); };
}

}  // namespace procgraph
