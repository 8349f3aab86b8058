#include "plan/run_folder.h"

#include "graph/wording.h"

namespace procgraph {
namespace {

bool needs_folder(const Channel& channel) {
  const SocketAddress& address = channel.socket.address;
  return channel.kind->served && address.family == SocketAddress::Family::kUnix && address.path.empty();
}

std::string temporary_folder(const World& world, Lookup& lookup) {
  for (const char* variable : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const auto found = world.environment.find(variable);
    if (found == world.environment.end() || !found->second.starts_with('/')) continue;
    const FileFacts& facts = lookup.look(found->second);
    if (facts.type == FileFacts::Type::kDirectory && facts.executable) return found->second;
  }
  return "/tmp";
}

}  // namespace

std::string choose_run_folder(const Graph& graph, const World& world, Lookup& lookup,
                              Diagnostics& diagnostics, PlanErrors& errors) {
  std::string folder;
  for (const Channel& channel : graph.channels) {
    if (!needs_folder(channel)) continue;
    if (folder.empty()) folder = cat(temporary_folder(world, lookup), "/procgraph-XXXXXX");
    const std::size_t size = folder.size() + 1 + channel.name.size();
    if (size <= kLongestSocketPath) continue;
    errors.machine = true;
    diagnostics.error(channel.mark,
                      cat("the path of ", title(graph, channel), ", ", quoted(cat(folder, '/', channel.name)),
                          ", has ", size, " bytes; that of a unix socket has at most ", kLongestSocketPath),
                      "let XDG_RUNTIME_DIR name a folder with a shorter path, or write 'listen: unix:PATH'");
  }
  return folder;
}

}  // namespace procgraph
