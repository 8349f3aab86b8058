#include "graph/traits.h"

#include <algorithm>
#include <string_view>

namespace procgraph {
namespace {

// What its words beside options may be, so that it reads its standard input and nothing else.
enum class Operands : std::uint8_t { kUnknown, kNone, kNoFiles };

// A program that everybody has, that reads stdin and writes stdout, and that never looks at PROCGRAPH_PORTS.
struct Plain {
  std::string_view name;
  Inputs inputs = Inputs::kUnknown;
  Output output = Output::kUnknown;
  bool filters = true;
  Operands operands = Operands::kUnknown;
};

constexpr auto kInOrder = Inputs::kInOrder, kLockstep = Inputs::kLockstep;
constexpr auto kWithInput = Output::kWithInput, kAtEnd = Output::kAtEnd;
constexpr auto kNone = Operands::kNone, kNoFiles = Operands::kNoFiles;
constexpr auto kOne = Inputs::kUnknown;  // input, of those that have an output to tell of

constexpr Plain kPlainPrograms[] = {
    {"awk"},
    {"base64", kOne, kWithInput, false, kNone},
    {"bc"},
    {"bzip2"},
    {"cat", kInOrder, kWithInput, false, kNone},
    {"column"},
    {"comm", kLockstep, kWithInput},
    {"cp"},
    {"curl"},
    {"cut", kOne, kWithInput, false},
    {"date"},
    {"dd"},
    {"diff", kInOrder, kAtEnd},
    {"echo"},
    {"egrep", kInOrder, kWithInput},
    {"expand", kInOrder, kWithInput, false, kNone},
    {"false"},
    {"ffmpeg"},
    {"fgrep", kInOrder, kWithInput},
    {"fmt"},
    {"fold", kInOrder, kWithInput, false, kNone},
    {"gawk"},
    {"grep", kInOrder, kWithInput},
    {"gunzip"},
    {"gzip"},
    {"head"},
    {"iconv"},
    {"join", kLockstep, kWithInput},
    {"jq"},
    {"less"},
    {"ls"},
    {"mawk"},
    {"md5sum"},
    {"nc"},
    {"nl", kInOrder, kWithInput, false, kNone},
    {"od"},
    {"paste", kLockstep, kWithInput, false},
    {"pr"},
    {"printf"},
    {"pv"},
    {"rev", kInOrder, kWithInput, false, kNone},
    {"rg"},
    {"sed"},
    {"seq"},
    {"sha1sum"},
    {"sha256sum"},
    {"shuf"},
    {"sleep"},
    {"sort", kInOrder, kAtEnd, false, kNone},
    {"split"},
    {"strings"},
    {"tac", kInOrder, kAtEnd, false, kNone},
    {"tail"},
    {"tee"},
    {"tr", kOne, kWithInput, true, kNoFiles},
    {"true"},
    {"tsort"},
    {"uniq"},
    {"wc", kInOrder, kAtEnd, true, kNone},
    {"wget"},
    {"xargs"},
    {"xxd"},
    {"xz"},
    {"yes"},
    {"zcat"},
    {"zstd"},
};

const Plain* find(const CommandSpec& command) {
  if (command.shell || command.words.empty()) return nullptr;
  const std::string& word = command.words[0].value;
  const std::string_view program = std::string_view(word).substr(word.rfind('/') + 1);
  const auto* found = std::ranges::find(kPlainPrograms, program, &Plain::name);
  return found == std::end(kPlainPrograms) ? nullptr : found;
}

bool names_descriptor(std::string_view word) {
  return word == "-" || word.starts_with("/dev/fd/") || word.starts_with("/proc/self/fd/");
}

// A file among its words is there from the start.
bool reads_only_ports(const Plain& plain, const CommandSpec& command) {
  if (plain.operands == Operands::kNoFiles) return true;
  if (plain.operands == Operands::kUnknown) return false;
  return std::all_of(command.words.begin() + 1, command.words.end(), [](const Text& word) {
    return names_descriptor(word.value) || (word.value.starts_with('-') && word.value != "--");
  });
}

// Where the command names this descriptor: "-" for 0, else /dev/fd/N.
std::size_t place_of(const CommandSpec& command, int fd) {
  const std::string ending = "/fd/" + std::to_string(fd);
  const auto found = std::ranges::find_if(command.words, [&](const Text& word) {
    return (fd == 0 && word.value == "-") || (names_descriptor(word.value) && word.value.ends_with(ending));
  });
  return static_cast<std::size_t>(found - command.words.begin());
}

std::size_t place_of(const Manifest& manifest, const Port& port) {
  const auto& ports = *manifest.reads;
  const auto found =
      std::ranges::find_if(ports, [&](const ManifestPort& each) { return each.name.value == port.name; });
  return static_cast<std::size_t>(found - ports.begin());
}

}  // namespace

bool is_plain_program(const CommandSpec& command) {
  return find(command) != nullptr;
}

Traits traits_of(const Process& process) {
  if (process.manifest)
    return {process.manifest->inputs, process.manifest->output, process.manifest->filters};
  const Plain* plain = process.per ? nullptr : find(process.command);
  if (plain == nullptr) return {};
  return {plain->inputs, reads_only_ports(*plain, process.command) ? plain->output : Output::kUnknown,
          plain->filters};
}

std::vector<PortId> in_order(const Graph& graph, const Process& process, const std::vector<PortId>& inputs) {
  if (traits_of(process).inputs != Inputs::kInOrder) return {};
  if (process.manifest && !process.manifest->reads) return {};
  std::vector<std::pair<std::size_t, PortId>> places;
  for (const PortId id : inputs) {
    const Port& port = graph.at(id);
    const std::size_t place = process.manifest ? place_of(*process.manifest, port)
                                               : place_of(process.command, port.fd.value_or(-1));
    const std::size_t end = process.manifest ? process.manifest->reads->size() : process.command.words.size();
    if (place == end) return {};
    places.emplace_back(place, id);
  }
  std::ranges::sort(places, {}, [](const auto& each) { return each.first; });
  std::vector<PortId> order;
  for (const auto& [place, id] : places) order.push_back(id);
  return order;
}

}  // namespace procgraph
