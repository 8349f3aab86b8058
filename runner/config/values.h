// Reading one value: from a node to a C++ type, after expansion. The typing is ours, by the key's row, not
// YAML's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "base/world.h"
#include "config/builder.h"
#include "config/expand.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/spec.h"
#include "config/tree.h"

namespace procgraph::config {

// The sections of a file's `defaults:`: maps without a mistake, or null.
struct Defaults {
  const YamlNode* processes = nullptr;
  const YamlNode* queues = nullptr;
  const YamlNode* topics = nullptr;
  const YamlNode* pipes = nullptr;
  const YamlNode* shared_memory = nullptr;
  const YamlNode* sockets = nullptr;
};

class Files;

// What reading a file's tree needs to know and to use.
struct Reader {
  Problems& problems;
  Expander& expander;
  Tree& tree;
  Budget& budget;
  const Machine& machine;
  std::string folder;  // absolute; of the file being read
  Defaults defaults;   // of the file being read
  Files& files;
};

// A key with its row, and its value.
struct Field {
  const Key& row;
  const YamlNode& key;
  const YamlNode& value;
};

// Each reports what is wrong and then gives nothing.
[[nodiscard]] std::optional<Text> read_text(Reader& reader, const Field& field);
[[nodiscard]] std::optional<Text> read_name(Reader& reader, const Field& field);
[[nodiscard]] Typed<bool> read_flag(Reader& reader, const Field& field);
[[nodiscard]] Typed<std::uint64_t> read_whole(Reader& reader, const Field& field);
[[nodiscard]] Typed<int> read_integer(Reader& reader, const Field& field);
// "50%", within the row's bounds.
[[nodiscard]] Typed<std::uint64_t> read_percent(Reader& reader, const Field& field);
[[nodiscard]] Typed<Bytes> read_bytes(Reader& reader, const Field& field);
[[nodiscard]] Typed<Duration> read_duration(Reader& reader, const Field& field);
[[nodiscard]] Typed<Duration> read_positive_duration(Reader& reader, const Field& field);
// "1s..5m", or "5s" for both; from more than nothing to what is not shorter.
struct DurationRange {
  Duration first{}, most{};
  Mark mark;
};
[[nodiscard]] std::optional<DurationRange> read_durations(Reader& reader, const Field& field);
[[nodiscard]] Typed<std::uint32_t> read_mode(Reader& reader, const Field& field);
[[nodiscard]] Typed<int> read_signal(Reader& reader, const Field& field);
[[nodiscard]] Typed<std::uint32_t> read_replicas(Reader& reader, const Field& field);
// One of the row's words.
[[nodiscard]] std::optional<Text> read_word(Reader& reader, const Field& field);
[[nodiscard]] Typed<ReaderPolicy> read_reader_policy(Reader& reader, const Field& field);
// A list, not empty; what is wrong in it is left out.
[[nodiscard]] std::vector<int> read_codes(Reader& reader, const Field& field);
// Absolute, relative to the file's folder.
[[nodiscard]] std::optional<Text> read_path(Reader& reader, const Field& field, Expander::Replica replica);

// The same for a node that is not a key's value; `what` begins the message: "an item of 'reads'".
[[nodiscard]] std::optional<Text> text_of(Reader& reader, const YamlNode& node, std::string_view what,
                                          Expander::Replica replica);
[[nodiscard]] std::optional<Text> name_of(Reader& reader, const YamlNode& node, std::string_view what);
// Says what a name is, unless this is one.
[[nodiscard]] bool check_name(Reader& reader, const Text& name, std::string_view what);
// Decimal digits without leading zeros, no overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_whole(std::string_view digits);

// "'replicas' takes a whole number …, not a list"
Diagnostic& mismatch(Reader& reader, const Field& field);
Diagnostic& mismatch(Reader& reader, const Field& field, std::string_view got);
// "a list", "a map", "nothing", or the text in quotes.
[[nodiscard]] std::string described(const YamlNode& node);
// Reports a value that is missing; false if it is there.
bool missing(Reader& reader, const Field& field);

}  // namespace procgraph::config
