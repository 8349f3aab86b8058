// The files of a graph: finds, guards and parses those of the command line and all that they include, each
// once, and collects what
// ${…} can mean. Knows the keys `vars` and `include`, and no other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/world.h"
#include "config/load.h"
#include "config/values.h"

namespace procgraph::config {

// One file, parsed: its root is a map.
struct File {
  std::uint32_t index = 0;  // into Sources
  std::string path;         // absolute
  std::string folder;       // absolute
  const YamlNode* root = nullptr;
};

class Files {
 public:
  Files(const LoadRequest& request, const World& world, Sources& sources, Problems& problems)
      : request_(request),
        world_(world),
        sources_(sources),
        problems_(problems),
        variables_(world.environment, request.set),
        expander_(variables_, problems) {}

  // In the order in which they are read: an included file comes behind the one that includes it.
  std::vector<File> read_all();

  [[nodiscard]] Tree& tree() { return tree_; }
  [[nodiscard]] Budget& budget() { return budget_; }
  [[nodiscard]] Expander& expander() { return expander_; }
  [[nodiscard]] const Variables& variables() const { return variables_; }
  // Of a file: for messages about the whole of it.
  [[nodiscard]] Reader reader(const File& file);
  // The variables of a file that a process of `folder` names, in the order of its text; what is wrong with it
  // is said. However many name it, it is read once, but each takes its size from the budget.
  [[nodiscard]] std::vector<EnvironmentEntry> read_variables(const std::string& folder, const Text& path);
  // A file that is no part of the graph, of at most so many bytes: a map, or nothing, and why is said.
  [[nodiscard]] std::optional<File> read_other(const std::string& shown, const std::string& path, Bytes most);

 private:
  struct Wanted {
    std::string shown;  // as a person would type it
    std::string path;
    Mark mark;  // of the include; unknown for the command line
    std::string_view use = "include";
  };
  // A file of variables, once it has been read.
  struct VariableFile {
    Source source;
    std::vector<EnvironmentEntry> entries{};
    bool parsed = false;
  };

  void add(const Wanted& wanted);
  std::optional<File> parse(const Wanted& wanted, std::string_view what, std::string_view hint);
  void add_dotenv(const std::string& folder);
  std::vector<EnvironmentEntry> parse_variables(Source source);
  bool in_a_circle(const Wanted& wanted);
  bool open(const Wanted& wanted, Source& source);
  bool spend(const Wanted& wanted, const Source& source);
  bool refuse(const Wanted& wanted, std::string message);
  void define_vars(Reader& reader, const YamlNode& root);
  void define(Reader& reader, const Entry& entry);
  void include(Reader& reader, const YamlNode& root, const Wanted& from);

  const LoadRequest& request_;
  const World& world_;
  Sources& sources_;
  Problems& problems_;
  Variables variables_;
  Expander expander_;
  Tree tree_;
  Budget budget_;
  std::vector<File> files_;
  std::vector<Wanted> chain_;         // of includes, from the command line to the file being read
  std::vector<std::string> seen_;     // paths
  std::map<std::string, Mark> vars_;  // where each was defined
  std::map<std::string, VariableFile> variable_files_;  // by path
};

}  // namespace procgraph::config
