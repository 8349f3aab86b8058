#include "include_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace procgraph::house {
namespace {

using List = std::vector<std::string_view>;

struct Row {
  std::string_view folder;  // a path prefix
  List ours;                // prefixes of headers of ours that it may include, beside its own
  List third_party;         // prefixes of headers of others
};

// The table of CONTRIBUTING.md ("Who may include whom"). The first row whose folder matches counts.
// fmt stands for <format>, which GCC 12 lacks; JSON is wherever a verb has `--format json` to fill.
const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"sdk/", {"procgraph/", "area/", "queue/", "topic/"}, {}},
      {"nodes/", {"procgraph/"}, {}},
      {"runner/base/", {"procgraph/result.h"}, {"fmt/", "nlohmann/", "spdlog/", "re2/"}},
      {"runner/config/", {"base/"}, {"fmt/", "nlohmann/", "yaml-cpp/"}},
      {"runner/graph/", {"base/", "config/spec.h", "procgraph/result.h"}, {"fmt/", "nlohmann/"}},
      {"runner/plan/",
       {"base/", "graph/", "config/spec.h", "procgraph/result.h", "procgraph/protocol.h",
        "procgraph/admin.h"},
       {"fmt/", "nlohmann/"}},
      {"runner/channels/", {"base/", "graph/", "plan/", "procgraph/"}, {"fmt/"}},
      {"runner/os/", {"base/", "procgraph/result.h"}, {"fmt/", "boost/process/", "boost/asio"}},
      {"runner/launch/", {"base/", "plan/", "os/", "graph/channel_kind.h", "procgraph/result.h"}, {"fmt/"}},
      {"runner/report/", {"base/", "procgraph/result.h"}, {"fmt/", "nlohmann/"}},
      {"runner/supervise/",
       {"base/", "graph/graph.h", "graph/channel_kind.h", "graph/wording.h", "plan/", "launch/", "os/",
        "report/", "control/", "procgraph/result.h", "procgraph/admin.h", "procgraph/attach.h"},
       {"fmt/", "boost/asio", "boost/beast", "boost/system/"}},
      {"runner/control/",
       {"base/", "report/", "os/", "procgraph/result.h"},
       {"fmt/", "nlohmann/", "boost/asio", "boost/system/"}},
      {"runner/",  // verbs/ and main.cc
       {"base/", "config/", "graph/", "plan/", "channels/", "launch/", "supervise/", "report/", "control/",
        "os/", "verbs/", "procgraph/"},
       {"fmt/", "nlohmann/", "CLI/"}},
  };
  return kRows;
}

// Headers that one single file of the tree may include, so that the library behind them can be replaced
// there.
const List& lone_libraries() {
  static const List kLone = {"yaml-cpp/", "spdlog/", "boost/process/", "boost/beast", "re2/"};
  return kLone;
}

bool begins_with_any(std::string_view text, const List& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// Of the standard library, libc or the kernel.
bool is_system(std::string_view header) {
  static const List kFolders = {"sys/", "linux/", "asm/", "arpa/", "net/", "netinet/", "bits/"};
  return header.find('/') == std::string_view::npos || begins_with_any(header, kFolders);
}

// "base" of runner/base/text.h is where its own headers are written from; the SDK's sources include theirs by
// bare name.
bool is_own(std::string_view path, std::string_view header) {
  if (header.find('/') == std::string_view::npos) return !path.starts_with("runner/");
  if (!path.starts_with("runner/")) return false;
  const std::string_view inside = path.substr(std::string_view("runner/").size());
  const std::size_t slash = inside.find('/');
  return slash != std::string_view::npos && header.starts_with(inside.substr(0, slash + 1));
}

bool allowed(const Row& row, std::string_view path, const Include& include) {
  if (include.angled && is_system(include.header)) return true;
  if (!include.angled && is_own(path, include.header)) return true;
  return begins_with_any(include.header, row.ours) || begins_with_any(include.header, row.third_party);
}

}  // namespace

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> found;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view words = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    words.remove_prefix(std::min(words.find_first_not_of(" \t"), words.size()));
    if (!words.starts_with('#') || words.find("include") == std::string_view::npos) continue;
    const std::size_t open = words.find_first_of("\"<");
    const std::size_t close = words.find_last_of("\">");
    if (open == std::string_view::npos || close <= open) continue;
    found.push_back(
        {.line = line, .angled = words[open] == '<', .header = words.substr(open + 1, close - open - 1)});
  }
  return found;
}

std::vector<std::string> include_violations(std::span<const Source> sources) {
  std::vector<std::string> violations;
  std::map<std::string_view, std::set<std::string_view>> users;
  for (const Source& source : sources) {
    const auto row =
        std::ranges::find_if(rows(), [&](const Row& each) { return source.path.starts_with(each.folder); });
    if (row == rows().end()) continue;
    for (const Include& include : includes_of(source.text)) {
      const std::string place = source.path + ":" + std::to_string(include.line) + ": ";
      if (!allowed(*row, source.path, include)) {
        violations.push_back(place + std::string(row->folder) + " may not include " +
                             std::string(include.header));
      }
      for (std::string_view library : lone_libraries()) {
        if (!include.header.starts_with(library)) continue;
        users[library].insert(source.path);
        if (users[library].size() > 1)
          violations.push_back(place + std::string(library) + " is included by another file already");
      }
    }
  }
  return violations;
}

}  // namespace procgraph::house
