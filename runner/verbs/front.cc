#include "verbs/front.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>

#include "base/path.h"
#include "base/text.h"
#include "config/manifests.h"
#include "graph/rewrite.h"
#include "os/machine.h"

namespace procgraph {
namespace {

// The nodes that come with procgraph: beside an installed program, or in its build tree.
std::string installed_nodes() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  for (const char* place : {"../libexec/procgraph/nodes", "../nodes"}) {
    std::string path = absolute(program.parent_path().string(), place);
    if (std::filesystem::is_directory(path, error)) return path;
  }
  return {};
}

std::string read_stdin() {
  std::string text;
  char block[65536];
  while (std::size_t got = std::fread(block, 1, sizeof block, stdin)) text.append(block, got);
  return text;
}

// "k=v" from the command line; nothing and a usage error if there is no '='.
std::optional<std::map<std::string, std::string>> assignments(const std::vector<std::string>& set,
                                                              Front& front) {
  std::map<std::string, std::string> values;
  for (const std::string& one : set) {
    std::size_t at = one.find('=');
    if (at == std::string::npos || at == 0) {
      front.usage = fmt::format("procgraph: --set {}: write it as NAME=VALUE", escape(one));
      return {};
    }
    values[one.substr(0, at)] = one.substr(at + 1);
  }
  return values;
}

std::optional<LoadRequest> request(const FrontFlags& flags, Front& front) {
  LoadRequest result{.files = flags.files};
  if (result.files.empty()) result.files = {"procgraph.yaml"};
  auto values = assignments(flags.set, front);
  if (!values) return {};
  result.set = std::move(*values);
  for (const std::string& file : result.files) {
    if (file == "-" && !result.stdin_text) result.stdin_text = flags.text ? *flags.text : read_stdin();
  }
  if (flags.files.empty() &&
      front.world.look(absolute(front.world.cwd, "procgraph.yaml")).type == FileFacts::Type::kMissing) {
    front.usage = "procgraph: there is no procgraph.yaml here; name the file: procgraph run FILE";
    return {};
  }
  return result;
}

void say_where_it_comes_from(const FrontFlags::Written& written, Front& front) {
  const auto text = std::ranges::find(front.sources, "<stdin>", &Source::name);
  if (text == front.sources.end()) return;
  *text = written.from;
  const auto file = static_cast<std::uint32_t>(text - front.sources.begin());
  front.diagnostics.move([&](Mark& mark) {
    if (mark.file != file || !mark.known() || mark.line > written.places.size()) return;
    mark = written.places[mark.line - 1];
    mark.file = file;
  });
}

}  // namespace

Result<World> the_world(const std::vector<std::string>& nodes) {
  return real_world(nodes, installed_nodes());
}

void FrontFlags::declare(Flags& flags) {
  flags.list("--set", set, "NAME=VALUE",
             "a value for ${NAME} in the file; the strongest source; may be repeated");
  flags.list("--nodes", nodes, "DIR", "look up commands here before PATH; may be repeated");
  flags.list("--only", only, "PROCESS",
             "only this process, with what it needs through `after`; may be repeated");
  flags.list("--except", except, "PROCESS", "leave this process out; may be repeated");
  flags.arguments("FILE", files, "graph files, which add up; - is standard input; default procgraph.yaml");
}

int Front::exit_code() const {
  if (usage) return kExitUsage;
  if (!diagnostics.has_errors()) return 0;
  return machine ? kExitMachine : kExitInput;
}

namespace {

Front prepare_file(const FrontFlags& flags, const Context& context, UpTo up_to) {
  Front front;
  Result<World> world = the_world(flags.nodes);
  if (!world) {
    front.usage = "procgraph: " + world.error().text();
    return front;
  }
  front.world = std::move(*world);
  std::optional<LoadRequest> what = request(flags, front);
  if (!what) return front;

  front.spec = load(*what, front.world, front.sources, front.diagnostics);
  if (!front.ok()) return front;
  describe(front.spec, front.world, front.sources, front.diagnostics);  // what its programs say of themselves
  front.graph = build(front.spec, context.kinds, front.diagnostics);    // every name is an id, or an error
  check(front.graph, front.world, front.diagnostics);                   // it makes sense
  if (!front.ok()) return front;
  front.graph = select(std::move(front.graph), front.spec, {flags.only, flags.except}, front.diagnostics);
  if (!front.ok()) return front;
  front.graph = rewrite(std::move(front.graph), front.spec, context.kinds);  // with the nodes of ours
  if (up_to == UpTo::kGraph) return front;
  PlanErrors errors;
  // Every object, descriptor and command is decided.
  front.plan = make_plan(front.graph, front.world, front.diagnostics, errors);
  front.machine = errors.machine;
  return front;
}

}  // namespace

Front prepare(const FrontFlags& flags, const Context& context, UpTo up_to) {
  Front front = prepare_file(flags, context, up_to);
  if (flags.written) say_where_it_comes_from(*flags.written, front);
  return front;
}

void print_diagnostics(const Front& front, bool color) {
  if (front.usage) {
    fmt::print(stderr, "{}\n", *front.usage);
    return;
  }
  std::string text = to_text(front.diagnostics, front.sources, {.color = color});
  std::fwrite(text.data(), 1, text.size(), stderr);
}

bool use_color(const std::string& choice, int fd) {
  if (choice == "always") return true;
  if (choice == "never") return false;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

void declare_color(Flags& flags, std::string& choice) {
  flags.choice("--color", choice, {"auto", "always", "never"},
               "colours: by default on a terminal, unless NO_COLOR is set");
}

}  // namespace procgraph
