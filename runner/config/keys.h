// The keys table: one row per key of the file. The parser, `procgraph schema`, docs/file.md and "did you
// mean" all read it; nothing about a key is said twice. Knows no Spec.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph::config {

// Where a key stands: the map around it.
enum class Place : std::uint8_t {
  kTop,
  kDefaults,
  kProcess,
  kQueue,
  kPipe,
  kTopic,
  kSharedMemory,
  kSocket,
  kPort,
  kStream,
  kStop,
  kRestart,
  kReady,
  kHealth,
  kLimits,
  kPer,
  kOrdered,
  kDeadlock,
  kContainment,
  kLogs,
  kDeadLetter,
  kHttp,
  kFraming,
  kManifest,
  kManifestPort,
  kPlaces
};

// What a key takes; phrase(key) has the words for it.
enum class Type : std::uint8_t {
  kText,
  kName,
  kFlag,
  kWhole,
  kBytes,
  kDuration,
  kMode,
  kSignal,
  kWord,
  kPath,
  kCommand,
  kScript,
  kPorts,
  kServes,
  kConnects,
  kInput,
  kOutput,
  kReplicas,
  kEnvironment,
  kAfter,
  kCodes,
  kVariables,
  kPaths,
  kMap,
  kProcesses,
  kChannels,
  kPipelines,
  kAddress,
  kNames,
  kDurations,
  kLetters,
  kRestart,
  kIntensity,
  kReady,
  kHealth,
  kEndpoint,
  kUrl,
  kStatus,
  kPattern,
  kInteger,
  kBytesOrZero,
  kPercent,
  kCpus,
  kFraming,
  kPer,
  kOrdered,
  kManifestPorts,
  kKinds,
  kOther
};

struct Key {
  Place place;
  std::string_view name;
  Type type;
  std::string_view otherwise;  // what holds without the key; for a required one "required"
  std::string_view help;       // one sentence
  bool supported = true;
  Place inner = Place::kPlaces;       // the place of a map's, a list's or a channel's own keys
  std::string_view words{};           // of kWord: the words, with blanks between
  std::string_view later_words{};     // those that are refused for now
  std::uint64_t least = 0, most = 0;  // of kWhole
  int lowest = 0, highest = 0;        // of kInteger

  // The row with one thing changed, so that a table of rows stays a table.
  [[nodiscard]] constexpr Key later() const {
    Key k = *this;
    k.supported = false;
    return k;
  }
  [[nodiscard]] constexpr Key holding(Place place_inside) const {
    Key k = *this;
    k.inner = place_inside;
    return k;
  }
  [[nodiscard]] constexpr Key of(std::string_view now, std::string_view afterwards = {}) const {
    Key k = *this;
    k.words = now;
    k.later_words = afterwards;
    return k;
  }
  [[nodiscard]] constexpr Key from(int low, int high) const {
    Key k = *this;
    k.lowest = low;
    k.highest = high;
    return k;
  }
  [[nodiscard]] constexpr Key between(std::uint64_t low, std::uint64_t high) const {
    Key k = *this;
    k.least = low;
    k.most = high;
    return k;
  }
};

[[nodiscard]] std::span<const Key> keys();
// The row, or null.
[[nodiscard]] const Key* find_key(Place place, std::string_view name);
// "a process", "a queue", "the file".
[[nodiscard]] std::string_view phrase(Place place);
// "a size such as 64KiB or 4096", "true or false", "'stop', 'finish' or 'ignore'".
[[nodiscard]] std::string phrase(const Key& key);
// The words of a list with blanks between.
[[nodiscard]] std::vector<std::string> words_of(std::string_view list);
// A cure for a key that `place` does not have, or "".
[[nodiscard]] std::string hint_for_unknown(Place place, std::string_view name);

}  // namespace procgraph::config
