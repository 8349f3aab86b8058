#include "graph_text.h"

#include "channels/kinds.h"
#include "config/load.h"
#include "config/manifests.h"

namespace procgraph::test {

FakeWorld::FakeWorld() {
  value.cwd = "/w";
  value.environment = {{"HOME", "/home/u"}, {"PATH", "/usr/bin:/bin"}, {"SECRET", "s"}};
  value.machine.memory_available = Bytes{1ULL << 30};
  value.machine.memory_limit_source = "the machine";
  file("/w/g.yaml").folder("/").folder("/w").folder("/tmp").program("/usr/bin/n").program("/bin/sh");
}

// The functions hold copies, so that a World outlives the FakeWorld that made it.
FakeWorld& FakeWorld::file(const std::string& path, FileFacts facts) {
  files_[path] = facts;
  value.look = [files = files_](const std::string& wanted) {
    const auto found = files.find(wanted);
    return found == files.end() ? FileFacts{} : found->second;
  };
  value.list = [files = files_](const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : files) {
      const std::string& name = entry.first;
      const auto slash = name.rfind('/');
      if (name.substr(0, slash) == folder && name != folder) names.push_back(name.substr(slash + 1));
    }
    return names;
  };
  return *this;
}

FakeWorld& FakeWorld::text(const std::string& path, const std::string& contents) {
  texts_[path] = contents;
  value.read_file = [texts = texts_](const std::string& wanted) -> Result<std::string> {
    const auto found = texts.find(wanted);
    if (found == texts.end()) return Error{"open '" + wanted + "'", 2};
    return found->second;
  };
  return file(path);
}

Text::Text(std::string_view yaml, World given) : world(std::move(given)) {
  world.read_file = [text = std::string(yaml),
                     others = world.read_file](const std::string& path) -> Result<std::string> {
    if (path == "/w/g.yaml") return text;
    if (others) return others(path);
    return Error{"open '" + path + "'", 2};
  };
  spec = load({{"g.yaml"}, {}, {}}, world, sources, diagnostics);
  if (diagnostics.has_errors()) return;
  describe(spec, world, sources, diagnostics);
  graph = build(spec, all_kinds(), diagnostics);
  check(graph, world, diagnostics);
}

Graph Text::selected(const Selection& selection) {
  return select(graph, spec, selection, diagnostics);
}

std::string told(std::string_view yaml) {
  FakeWorld world;
  world.value.machine.files_max = 4096;
  return Text(yaml, world.value).told();
}

}  // namespace procgraph::test
