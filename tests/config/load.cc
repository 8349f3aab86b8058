#include "load.h"

#include "base/path.h"

namespace procgraph::testing {

World world_with(const Texts& files, std::map<std::string, std::string> environment) {
  Texts absolute_files;
  for (const auto& [name, text] : files) absolute_files[absolute(kFolder, name)] = text;
  World world;
  world.environment = std::move(environment);
  world.cwd = kFolder;
  world.machine.cpus = 6;
  world.look = [absolute_files](const std::string& path) {
    if (path == kFolder)
      return FileFacts{.type = FileFacts::Type::kDirectory, .readable = true, .executable = true};
    if (!absolute_files.contains(path)) return FileFacts{};
    return FileFacts{.type = FileFacts::Type::kRegular, .readable = true};
  };
  world.read_file = [absolute_files](const std::string& path) -> Result<std::string> {
    return absolute_files.at(path);
  };
  return world;
}

Loaded load_in(const World& world, const LoadRequest& request) {
  Loaded loaded;
  loaded.spec = load(request, world, loaded.sources, loaded.diagnostics);
  return loaded;
}

Loaded load_text(const std::string& text) {
  return load_files({{"g.yaml", text}}, {"g.yaml"});
}

Loaded load_files(const Texts& files, std::vector<std::string> names) {
  return load_in(world_with(files), {.files = std::move(names), .stdin_text = {}, .set = {}});
}

}  // namespace procgraph::testing
