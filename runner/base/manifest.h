// Manifest: what a node says of itself in NAME.node.yaml beside its program: its ports, and how it reads and
// writes, as far as it says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mark.h"

namespace procgraph {

// How a program reads several inputs: whichever has something; one to its end before the next; a piece of
// each in turn.
enum class Inputs : std::uint8_t { kUnknown, kAny, kInOrder, kLockstep };
// When a program writes first: unknown; once it has read something; once all of its input has ended.
enum class Output : std::uint8_t { kUnknown, kWithInput, kAtEnd };

struct ManifestPort {
  Text name;  // "*": whatever the graph calls it
  std::string description;
  std::vector<std::string> kinds;  // of channels that it can be; empty: any
  bool optional = false;

  bool operator==(const ManifestPort&) const = default;
};

struct Manifest {
  Mark mark;  // of its first line
  std::string description;
  std::optional<std::vector<ManifestPort>> reads, writes;  // absent: nothing is said of them
  Inputs inputs = Inputs::kUnknown;
  Output output = Output::kUnknown;
  bool filters = false;  // may write less than it reads, or nothing

  [[nodiscard]] bool names_ports() const { return reads || writes; }
  bool operator==(const Manifest&) const = default;
};

inline constexpr std::string_view kManifestEnding = ".node.yaml";
inline constexpr std::string_view kAnyPort = "*";

}  // namespace procgraph
