// `nodes`: the node programs that a file's commands find by name, in the order of lookup, with what they say
// of themselves.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/path.h"
#include "base/text.h"
#include "config/manifests.h"
#include "verbs/front.h"

namespace procgraph {
namespace {

using NodeJson = nlohmann::ordered_json;

struct NodesFlags {
  std::string what;  // a node's name, or a file
  std::vector<std::string> nodes;
  std::string format = "text";
  std::string color = "auto";

  [[nodiscard]] bool is_file() const { return what.ends_with(".yaml") || what.ends_with(".yml"); }
};

struct NodeFolder {
  std::string title, path;
};

struct Found {
  std::string name, path;
  bool hidden = false;  // an earlier folder has one of this name
  const Manifest* manifest = nullptr;
};

std::vector<std::string> programs_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored) && access(entry.path().c_str(), X_OK) == 0)
      names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "in, out (optional)", with kinds "in: queue or topic".
std::string ports_text(const std::optional<std::vector<ManifestPort>>& ports) {
  if (!ports) return {};
  std::vector<std::string> all;
  for (const ManifestPort& port : *ports) {
    const std::string name = port.name.value == kAnyPort ? "any" : port.name.value;
    all.push_back(fmt::format("{}{}", name, port.optional ? "?" : ""));
  }
  return join(all, ", ");
}

std::string flow_text(const Manifest* manifest) {
  if (manifest == nullptr || !manifest->names_ports()) return {};
  const std::string in = ports_text(manifest->reads), out = ports_text(manifest->writes);
  return fmt::format("{}{}→{}{}", in, in.empty() ? "" : " ", out.empty() ? "" : " ", out);
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, width(text)), ' ');
}

void print_folder(const NodeFolder& folder, const std::vector<Found>& nodes) {
  fmt::print("{} ({})\n", escape(folder.path), folder.title);
  if (nodes.empty()) fmt::print("  none\n");
  std::size_t names = 0, flows = 0;
  for (const Found& node : nodes) {
    names = std::max(names, width(escape(node.name)));
    flows = std::max(flows, width(flow_text(node.manifest)));
  }
  for (const Found& node : nodes) {
    const std::string description = node.hidden ? "hidden: an earlier folder has one of this name"
                                    : node.manifest == nullptr ? std::string()
                                                               : escape(node.manifest->description);
    std::string line = fmt::format("  {}  {}  {}", padded(escape(node.name), names),
                                   padded(node.hidden ? "" : flow_text(node.manifest), flows), description);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

std::string_view word(Inputs inputs) {
  switch (inputs) {
    case Inputs::kUnknown:
      return "";
    case Inputs::kAny:
      return "any";
    case Inputs::kInOrder:
      return "in_order";
    case Inputs::kLockstep:
      return "lockstep";
  }
  return "";
}

std::string_view word(Output output) {
  return output == Output::kAtEnd ? "at_end" : output == Output::kWithInput ? "with_input" : "";
}

NodeJson to_json(const std::optional<std::vector<ManifestPort>>& ports) {
  NodeJson all = NodeJson::array();
  for (const ManifestPort& port : ports.value_or(std::vector<ManifestPort>{}))
    all.push_back({{"name", port.name.value},
                   {"description", port.description},
                   {"kinds", port.kinds},
                   {"optional", port.optional}});
  return all;
}

NodeJson to_json(const NodeFolder& folder, const Found& node) {
  NodeJson json{{"name", node.name}, {"path", node.path}, {"folder", folder.title}, {"hidden", node.hidden}};
  if (node.manifest == nullptr) return json;
  json["description"] = node.manifest->description;
  if (node.manifest->reads) json["reads"] = to_json(node.manifest->reads);
  if (node.manifest->writes) json["writes"] = to_json(node.manifest->writes);
  if (const auto inputs = word(node.manifest->inputs); !inputs.empty()) json["inputs"] = inputs;
  if (const auto output = word(node.manifest->output); !output.empty()) json["output"] = output;
  json["filters"] = node.manifest->filters;
  return json;
}

void print_ports(const char* verb, const std::optional<std::vector<ManifestPort>>& ports) {
  for (const ManifestPort& port : ports.value_or(std::vector<ManifestPort>{})) {
    fmt::print("  {} {}", verb, port.name.value == kAnyPort ? "a port of any name" : port.name.value);
    if (!port.kinds.empty()) fmt::print(", a {}", join(port.kinds, " or "));
    if (port.optional) fmt::print(", optional");
    fmt::print("{}{}\n", port.description.empty() ? "" : ": ", escape(port.description));
  }
}

void print_node(const Found& node) {
  fmt::print("{} ({})\n", escape(node.name), escape(node.path));
  if (node.manifest == nullptr) {
    fmt::print("  says nothing of itself: there is no {}{}\n", escape(node.name), kManifestEnding);
    return;
  }
  if (!node.manifest->description.empty()) fmt::print("  {}\n", escape(node.manifest->description));
  print_ports("reads", node.manifest->reads);
  print_ports("writes", node.manifest->writes);
  if (const auto inputs = word(node.manifest->inputs); !inputs.empty()) fmt::print("  inputs: {}\n", inputs);
  if (const auto output = word(node.manifest->output); !output.empty()) fmt::print("  output: {}\n", output);
  if (node.manifest->filters) fmt::print("  filters: true\n");
}

// What was asked for, in the folders in which it is looked up, and what people are told of it.
class Listing {
 public:
  Listing(const NodesFlags& flags, const World& world) : flags_(flags), manifests_(world, sources_) {
    const std::string beside = flags.is_file() ? folder(absolute(world.cwd, flags.what)) : world.cwd;
    add("beside the file", absolute(beside, "nodes"));
    for (const std::string& extra : world.nodes) add("--nodes or PROCGRAPH_NODE_PATH", extra);
    if (!world.installed_nodes.empty()) add("installed", world.installed_nodes);
  }

  Outcome print() {
    Diagnostics diagnostics;
    manifests_.tell(diagnostics);
    const std::string told =
        to_text(diagnostics, sources_, {.color = use_color(flags_.color, STDERR_FILENO)});
    std::fwrite(told.data(), 1, told.size(), stderr);
    if (flags_.format == "json") {
      print_json();
    } else if (wants_one()) {
      return print_one();
    } else {
      for (std::size_t i = 0; i < folders_.size(); ++i) {
        if (folders_[i].title == "installed") fmt::print("PATH\n  every program on it\n");
        print_folder(folders_[i], nodes_[i]);
      }
    }
    return {};
  }

 private:
  [[nodiscard]] bool wants_one() const { return !flags_.what.empty() && !flags_.is_file(); }

  void add(const char* title, const std::string& path) {
    folders_.push_back({title, path});
    std::vector<Found>& nodes = nodes_.emplace_back();
    for (const std::string& name : programs_in(path)) {
      names_.push_back(name);
      const bool first = seen_.insert(name).second;
      if (wants_one() && name != flags_.what) continue;
      const std::string program = absolute(path, name);
      nodes.push_back({name, program, !first, manifests_.find(program)});
    }
  }

  void print_json() const {
    NodeJson all = NodeJson::array();
    for (std::size_t i = 0; i < folders_.size(); ++i)
      for (const Found& node : nodes_[i]) all.push_back(to_json(folders_[i], node));
    fmt::print("{}\n", all.dump(2));
  }

  Outcome print_one() const {
    for (const auto& nodes : nodes_) {
      if (nodes.empty()) continue;
      print_node(nodes.front());
      return {};
    }
    const std::string near = did_you_mean(flags_.what, names_);
    fmt::print(stderr, "procgraph nodes: there is no node '{}'{}\n", escape(flags_.what),
               near.empty() ? "; procgraph nodes lists them" : "; " + near);
    return {.code = kExitUsage};
  }

  const NodesFlags& flags_;
  Sources sources_;
  Manifests manifests_;
  std::vector<NodeFolder> folders_;
  std::vector<std::vector<Found>> nodes_;  // by folder
  std::set<std::string> seen_;
  std::vector<std::string> names_;
};

Outcome print_nodes(const NodesFlags& flags) {
  Result<World> world = the_world(flags.nodes);
  if (world) return Listing(flags, *world).print();
  fmt::print(stderr, "procgraph: {}\n", world.error().text());
  return {.code = kExitSystem};
}

}  // namespace

Action declare_nodes(Flags& flags, const Context&) {
  auto own = std::make_shared<NodesFlags>();
  flags.list("--nodes", own->nodes, "DIR", "look up commands here before PATH; may be repeated");
  flags.choice("--format", own->format, {"text", "json"}, "for people, or for an editor or a script");
  declare_color(flags, own->color);
  flags.argument("FILE|NAME", own->what,
                 "a graph file, whose nodes/ folder counts (default: that in this folder), or a node to show",
                 false);
  return [own] { return print_nodes(*own); };
}

}  // namespace procgraph
