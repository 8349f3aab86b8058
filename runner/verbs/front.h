// Front: the pure half of the straight line, shared by run, check, plan, graph and nodes: the flags that say
// which file, and the passes from text to Graph and Plan, each stopping where an earlier one found errors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "config/load.h"
#include "graph/build.h"
#include "plan/plan.h"
#include "verbs/verb.h"

namespace procgraph {

struct FrontFlags {
  std::vector<std::string> files;
  std::vector<std::string> set;
  std::vector<std::string> nodes;
  std::vector<std::string> only, except;
  std::optional<std::string> text;  // of the file "-", instead of what standard input says
  // Where that was written from something else: what is said of its lines is said there.
  struct Written {
    Source from;
    std::vector<Mark> places;  // of its lines, from the first
  };
  std::optional<Written> written;

  void declare(Flags& flags);
};

struct Front {
  World world;
  Sources sources;
  Diagnostics diagnostics;
  Spec spec;
  Graph graph;
  Plan plan;
  std::optional<std::string> usage;  // the flags themselves are wrong
  bool machine = false;              // what is wrong is this machine's lack, not the text

  [[nodiscard]] bool ok() const { return !usage && !diagnostics.has_errors(); }
  [[nodiscard]] int exit_code() const;  // 0, kExitUsage, kExitInput or kExitMachine
};

// The world as it is, with the nodes that are installed beside this program.
[[nodiscard]] Result<World> the_world(const std::vector<std::string>& nodes);

enum class UpTo { kGraph, kPlan };

[[nodiscard]] Front prepare(const FrontFlags& flags, const Context& context, UpTo up_to);
// The diagnostics, or the usage error, to stderr.
void print_diagnostics(const Front& front, bool color);

// --color, then NO_COLOR, then whether `fd` is a terminal that understands colours.
[[nodiscard]] bool use_color(const std::string& choice, int fd);
void declare_color(Flags& flags, std::string& choice);

}  // namespace procgraph
