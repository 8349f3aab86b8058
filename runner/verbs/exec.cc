// `exec`: a graph on one line.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "config/expression.h"
#include "verbs/run.h"

namespace procgraph {
namespace {

struct ExecFlags {
  std::shared_ptr<RunFlags> run = std::make_shared<RunFlags>();
  std::string expression;
  bool print = false;
};

Outcome exec(ExecFlags& flags, const Context& context) {
  Front front;
  front.sources.push_back({"<expression>", flags.expression});
  auto file = file_of_expression(front.sources.front(), 0, front.diagnostics);
  if (!file) {
    print_diagnostics(front, use_color(flags.run->color, STDERR_FILENO));
    return {.code = kExitUsage};
  }
  if (flags.print) {
    std::fwrite(file->text.data(), 1, file->text.size(), stdout);
    return {};
  }
  flags.run->front.files = {"-"};
  flags.run->front.text = std::move(file->text);
  flags.run->front.written = {std::move(front.sources.front()), std::move(file->places)};
  return run(flags.run, context);
}

}  // namespace

Action declare_exec(Flags& flags, const Context& context) {
  auto own = std::make_shared<ExecFlags>();
  flags.argument(
      "EXPRESSION", own->expression,
      "commands with ' ! ' between them; ' *4' behind one runs four copies, which share its input by "
      "lines",
      true);
  flags.toggle("--print", own->print, "print the file that says the same, run nothing");
  flags.list("--nodes", own->run->front.nodes, "DIR", "look up commands here before PATH; may be repeated");
  own->run->declare(flags);
  return [own, context]() -> Outcome { return exec(*own, context); };
}

}  // namespace procgraph
