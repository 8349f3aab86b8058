#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/path.h"
#include "base/text.h"

namespace procgraph::config {
namespace {

using Replica = Expander::Replica;

constexpr std::size_t kShown = 60;  // of a value in a message

std::string in_quotes(std::string_view text) {
  if (text.size() <= kShown) return fmt::format("'{}'", text);
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return fmt::format("'{}…'", text.substr(0, end));
}

// A scalar that stands for a number or a flag: plain, or in quotes because of a ${…} in it.
std::optional<Text> read_plain(Reader& reader, const Field& field) {
  const YamlNode& value = field.value;
  if (value.is(YamlNode::Kind::kScalar) && value.quoted &&
      value.text().find("${") == std::string_view::npos) {
    mismatch(reader, field, fmt::format("the text {}", in_quotes(value.text()))).hint =
        "take the quotes away";
    return {};
  }
  return read_text(reader, field);
}

struct Signal {
  std::string_view name;
  int number;
};
constexpr std::array kSignals{
    Signal{"HUP", SIGHUP},   Signal{"INT", SIGINT},   Signal{"QUIT", SIGQUIT},   Signal{"ABRT", SIGABRT},
    Signal{"KILL", SIGKILL}, Signal{"USR1", SIGUSR1}, Signal{"USR2", SIGUSR2},   Signal{"ALRM", SIGALRM},
    Signal{"TERM", SIGTERM}, Signal{"CONT", SIGCONT}, Signal{"WINCH", SIGWINCH}, Signal{"PWR", SIGPWR},
};

bool flag_in_disguise(std::string_view text) {
  constexpr std::array<std::string_view, 18> kOthers{"yes",  "no",    "on",   "off",   "Yes", "No",
                                                     "On",   "Off",   "YES",  "NO",    "ON",  "OFF",
                                                     "True", "False", "TRUE", "FALSE", "1",   "0"};
  return std::find(kOthers.begin(), kOthers.end(), text) != kOthers.end();
}

void hint_for_number(Diagnostic& error, std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && text.size() > 1 && text[0] == '0') error.hint = "numbers are decimal, without leading zeros";
}

}  // namespace

std::string described(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return in_quotes(node.text());
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return {};
}

Diagnostic& mismatch(Reader& reader, const Field& field, std::string_view got) {
  return reader.problems.error(field.value.mark,
                               fmt::format("'{}' takes {}, not {}", field.row.name, phrase(field.row), got));
}

Diagnostic& mismatch(Reader& reader, const Field& field) {
  return mismatch(reader, field, described(field.value));
}

bool missing(Reader& reader, const Field& field) {
  if (!field.value.is(YamlNode::Kind::kNull)) return false;
  const bool required = field.row.otherwise.starts_with("required");
  Diagnostic& error = reader.problems.error(field.key.mark, fmt::format("'{}' has no value", field.row.name),
                                            required ? "" : "leave the key out for its default");
  const bool tilde = field.value.mark != field.key.mark;  // a value that is not there has its key's place
  if (field.row.type == Type::kPath && tilde)
    error.hint = "in YAML '~' is nothing; the home folder is ${HOME}";
  return true;
}

std::optional<Text> read_text(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  if (!field.value.is(YamlNode::Kind::kScalar)) {
    mismatch(reader, field);
    return {};
  }
  std::optional<std::string> text = reader.expander.expand(written(field.value), Replica::kRefused);
  if (!text) return {};
  if (text->empty() && field.row.type != Type::kText) {
    reader.problems.error(field.value.mark, fmt::format("'{}' is empty", field.row.name),
                          "leave the key out for its default");
    return {};
  }
  return Text{std::move(*text), field.value.mark};
}

std::optional<Text> read_name(Reader& reader, const Field& field) {
  std::optional<Text> name = read_text(reader, field);
  if (!name || !check_name(reader, *name, field.row.place == Place::kTop ? "a graph" : "a channel"))
    return {};
  return name;
}

Typed<bool> read_flag(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_plain(reader, field);
  if (!text) return {};
  if (text->value == "true" || text->value == "false") return Marked<bool>{text->value == "true", text->mark};
  Diagnostic& error = mismatch(reader, field, in_quotes(text->value));
  if (flag_in_disguise(text->value)) error.hint = "only these two words are used here";
  return {};
}

std::optional<std::uint64_t> parse_whole(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return {};
  std::uint64_t number = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return {};
    if (__builtin_mul_overflow(number, 10U, &number)) return {};
    if (__builtin_add_overflow(number, static_cast<std::uint64_t>(c - '0'), &number)) return {};
  }
  return number;
}

Typed<std::uint64_t> read_whole(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_plain(reader, field);
  if (!text) return {};
  const std::optional<std::uint64_t> number = parse_whole(text->value);
  if (number && *number >= field.row.least && *number <= field.row.most)
    return Marked<std::uint64_t>{*number, text->mark};
  hint_for_number(mismatch(reader, field, in_quotes(text->value)), text->value);
  return {};
}

Typed<int> read_integer(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_plain(reader, field);
  if (!text) return {};
  const bool negative = text->value.starts_with('-');
  const std::optional<std::uint64_t> digits =
      parse_whole(std::string_view(text->value).substr(negative ? 1 : 0));
  constexpr std::uint64_t kFits = 1'000'000;
  if (digits && *digits <= kFits) {
    const int number = negative ? -static_cast<int>(*digits) : static_cast<int>(*digits);
    if (number >= field.row.lowest && number <= field.row.highest) return Marked<int>{number, text->mark};
  }
  hint_for_number(mismatch(reader, field, in_quotes(text->value)), text->value);
  return {};
}

Typed<std::uint64_t> read_percent(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  std::string_view digits = text->value;
  const bool has_sign = digits.ends_with('%');
  if (has_sign) digits.remove_suffix(1);
  const std::optional<std::uint64_t> number = parse_whole(digits);
  const bool fits = number && *number >= field.row.least && *number <= field.row.most;
  if (has_sign && fits) return Marked<std::uint64_t>{*number, text->mark};
  Diagnostic& error = mismatch(reader, field, in_quotes(text->value));
  if (fits) error.hint = fmt::format("say the unit: {}%", *number);
  return {};
}

Typed<Bytes> read_bytes(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  const std::optional<Bytes> bytes = parse_bytes(text->value);
  const bool zero_means_something = field.row.type == Type::kBytesOrZero;
  if (bytes && (bytes->value > 0 || zero_means_something)) return Marked<Bytes>{*bytes, text->mark};
  Diagnostic& error = mismatch(reader, field, in_quotes(text->value));
  error.hint = bytes ? "it must be more than nothing"
                     : "units are B, KB, MB, GB, TB, KiB, MiB, GiB, TiB; no blank, no fraction";
  return {};
}

Typed<Duration> read_duration(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  const std::optional<Duration> duration = parse_duration(text->value);
  if (duration) return Marked<Duration>{*duration, text->mark};
  Diagnostic& error = mismatch(reader, field, in_quotes(text->value));
  error.hint = parse_whole(text->value) ? fmt::format("say the unit: {}s for seconds", text->value)
                                        : "units are ns, us, ms, s, m, h, d; no blank, no fraction";
  return {};
}

Typed<Duration> read_positive_duration(Reader& reader, const Field& field) {
  Typed<Duration> duration = read_duration(reader, field);
  if (!duration || duration->value.count() > 0) return duration;
  mismatch(reader, field).hint = fmt::format("it must be more than nothing; leave the key out for {}",
                                             field.row.otherwise == "–" ? "no limit" : field.row.otherwise);
  return {};
}

std::optional<DurationRange> read_durations(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  const std::string_view both = text->value;
  const std::size_t dots = both.find("..");
  const auto first = parse_duration(both.substr(0, dots));
  const auto most = dots == both.npos ? first : parse_duration(both.substr(dots + 2));
  if (!first || !most) {
    mismatch(reader, field);
    return {};
  }
  if (first->count() <= 0 || *most < *first) {
    reader.problems.error(
        text->mark, fmt::format("'{}' goes from a shorter to a longer time", field.row.name), "write 1s..5m");
    return {};
  }
  return DurationRange{*first, *most, text->mark};
}

Typed<std::uint32_t> read_mode(Reader& reader, const Field& field) {
  constexpr std::size_t kDigits = 4;
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  const bool octal =
      text->value.size() <= kDigits && text->value.find_first_not_of("01234567") == std::string::npos;
  std::uint32_t mode = 0;
  for (char c : text->value) mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  if (octal && mode <= 0777) return Marked<std::uint32_t>{mode, text->mark};
  mismatch(reader, field, in_quotes(text->value));
  return {};
}

Typed<int> read_signal(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  std::string_view name = text->value;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  std::vector<std::string> names;
  for (const Signal& signal : kSignals) {
    if (signal.name == name) return Marked<int>{signal.number, text->mark};
    names.emplace_back(signal.name);
  }
  const std::string near = did_you_mean(name, names);
  mismatch(reader, field, in_quotes(text->value)).hint =
      near.empty() ? fmt::format("signals are {}", join(names, ", ")) : near;
  return {};
}

Typed<std::uint32_t> read_replicas(Reader& reader, const Field& field) {
  const std::optional<Text> text = read_plain(reader, field);
  if (!text) return {};
  if (text->value == "cores") return Marked<std::uint32_t>{reader.machine.cpus, text->mark};
  const std::optional<std::uint64_t> number = parse_whole(text->value);
  if (number && *number >= field.row.least && *number <= field.row.most)
    return Marked<std::uint32_t>{static_cast<std::uint32_t>(*number), text->mark};
  Diagnostic& error = mismatch(reader, field, in_quotes(text->value));
  hint_for_number(error, text->value);
  if (number == 0) error.hint = "to take the process out: enabled: false";
  return {};
}

std::optional<Text> read_word(Reader& reader, const Field& field) {
  std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  const std::vector<std::string> now = words_of(field.row.words);
  if (std::find(now.begin(), now.end(), text->value) != now.end()) return text;
  std::vector<std::string> all = words_of(field.row.later_words);
  if (std::find(all.begin(), all.end(), text->value) != all.end()) {
    reader.problems.error(text->mark,
                          fmt::format("'{}: {}' is not supported yet", field.row.name, text->value));
    return {};
  }
  all.insert(all.end(), now.begin(), now.end());
  mismatch(reader, field, in_quotes(text->value)).hint = did_you_mean(text->value, all);
  return {};
}

Typed<ReaderPolicy> read_reader_policy(Reader& reader, const Field& field) {
  const std::optional<Text> word = read_word(reader, field);
  if (!word) return {};
  for (const ReaderPolicy policy : {ReaderPolicy::kBlock, ReaderPolicy::kDropOldest, ReaderPolicy::kLatest}) {
    if (name(policy) == word->value) return Marked<ReaderPolicy>{policy, word->mark};
  }
  return {};
}

std::vector<int> read_codes(Reader& reader, const Field& field) {
  constexpr std::uint64_t kLargest = 255;
  std::vector<int> codes;
  if (missing(reader, field)) return codes;
  if (!field.value.is(YamlNode::Kind::kSequence) || field.value.items().empty()) {
    mismatch(reader, field,
             field.value.is(YamlNode::Kind::kSequence) ? "an empty list" : described(field.value));
    return codes;
  }
  for (const YamlNode* item : field.value.items()) {
    const std::optional<Text> text = text_of(reader, *item, "an exit code", Replica::kRefused);
    if (!text) continue;
    const std::optional<std::uint64_t> code = parse_whole(text->value);
    if (code && *code <= kLargest) {
      codes.push_back(static_cast<int>(*code));
    } else {
      reader.problems.error(
          text->mark, fmt::format("an exit code is a whole number from 0 to 255, not '{}'", text->value));
    }
  }
  return codes;
}

std::optional<Text> read_path(Reader& reader, const Field& field, Replica replica) {
  if (missing(reader, field)) return {};
  if (!field.value.is(YamlNode::Kind::kScalar)) {
    mismatch(reader, field);
    return {};
  }
  std::optional<Text> path = text_of(reader, field.value, fmt::format("'{}'", field.row.name), replica);
  if (!path) return {};
  if (path->value == "~" || path->value.starts_with("~/")) {
    reader.problems.error(path->mark, "'~' is not expanded here", "the home folder is ${HOME}");
    return {};
  }
  if (path->value.empty()) {
    reader.problems.error(path->mark, fmt::format("'{}' is empty", field.row.name),
                          "leave the key out for its default");
    return {};
  }
  path->value = absolute(reader.folder, path->value);
  return path;
}

std::optional<Text> text_of(Reader& reader, const YamlNode& node, std::string_view what, Replica replica) {
  if (!node.is(YamlNode::Kind::kScalar)) {
    const bool null = node.is(YamlNode::Kind::kNull);
    reader.problems.error(node.mark, null ? fmt::format("{} has no value", what)
                                          : fmt::format("{} must be a text, not {}", what, described(node)));
    return {};
  }
  std::optional<std::string> text = reader.expander.expand(written(node), replica);
  if (!text) return {};
  return Text{std::move(*text), node.mark};
}

std::optional<Text> name_of(Reader& reader, const YamlNode& node, std::string_view what) {
  if (!node.is(YamlNode::Kind::kScalar)) {
    reader.problems.error(node.mark, fmt::format("{} must be a name, not {}", what, described(node)));
    return {};
  }
  std::optional<Text> name = text_of(reader, node, what, Replica::kRefused);
  if (!name || !check_name(reader, *name, what)) return {};
  return name;
}

bool check_name(Reader& reader, const Text& name, std::string_view what) {
  constexpr std::array<std::string_view, 3> kReserved{"none", "log", "inherit"};
  if (std::find(kReserved.begin(), kReserved.end(), name.value) != kReserved.end()) {
    reader.problems.error(
        name.mark, fmt::format("{} cannot be called '{}', which says where a stream goes", what, name.value));
    return false;
  }
  if (valid_name(name.value)) return true;
  reader.problems.error(
      name.mark, fmt::format("{} cannot be called {}", what, in_quotes(name.value)),
      "a name has letters, digits, '_' and '-', begins with a letter, and is at most 63 long");
  return false;
}

}  // namespace procgraph::config
