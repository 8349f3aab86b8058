// What the verbs that look at a running graph, or act on it, have in common: how it is found, and how its
// refusals become words and exit codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/client.h"
#include "verbs/verb.h"

namespace procgraph {

struct RunningFlags {
  std::string graph;
  std::vector<std::string> processes;

  void declare(Flags& flags);
  void declare_processes(Flags& flags, std::string help);
};

struct Running {
  std::string name;
  Client client;
};

// The graph of that name, or the only one; nothing: there is none, or several, which was said.
[[nodiscard]] std::optional<Running> reach(std::string_view verb, const std::string& graph);
// Says what was refused; returns the exit code.
[[nodiscard]] int tell(std::string_view verb, const Problem& problem);
// Asks that graph, and hands what it answers to `show`.
[[nodiscard]] Outcome ask(std::string_view verb, const RunningFlags& flags, std::string_view method,
                          Json params, const std::function<void(const Json&)>& show = {});
// {"processes": […]}, or {} where none is named.
[[nodiscard]] Json with_processes(const RunningFlags& flags);

// A field of an answer, whatever a graph of another version has said.
[[nodiscard]] std::string text_of(const Json& object, const char* key);
[[nodiscard]] std::uint64_t number_of(const Json& object, const char* key);
[[nodiscard]] bool flag_of(const Json& object, const char* key);
[[nodiscard]] const Json& list_of(const Json& object, const char* key);

inline constexpr std::string_view kGreen = "\x1b[32m", kYellow = "\x1b[33m", kRed = "\x1b[31m",
                                  kDim = "\x1b[2m";

// Of the terminal at this descriptor; 0: it is none, and a line may be as long as it likes.
[[nodiscard]] std::size_t columns_of(int fd);

}  // namespace procgraph
