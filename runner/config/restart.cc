#include "config/restart.h"

#include <fmt/format.h>

#include <array>

#include "config/fields.h"

namespace procgraph::config {
namespace {

// A process that dies at its start must not keep the machine busy.
constexpr Duration kShortestWait = std::chrono::milliseconds(1);
constexpr std::uint64_t kMostRestarts = 1000;  // in 'max': so many times are remembered

void read_policy(Reader& reader, const Field& field, RestartSpec& restart) {
  const std::optional<Text> word = read_word(reader, field);
  if (!word) return;
  for (const Restart when : {Restart::kNever, Restart::kOnFailure, Restart::kAlways}) {
    if (name(when) == word->value) restart.policy.when = when;
  }
  restart.mark = word->mark;
}

void read_backoff(Reader& reader, const Field& field, RestartSpec& restart) {
  const auto range = read_durations(reader, field);
  if (!range) return;
  if (range->first < kShortestWait) {
    reader.problems.error(range->mark, "'backoff' begins with 1ms or more", "write 1s..30s");
    return;
  }
  restart.policy.first = range->first;
  restart.policy.most = range->most;
}

// "5 in 1m".
void read_max(Reader& reader, const Field& field, RestartSpec& restart) {
  constexpr std::string_view kIn = " in ";
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return;
  restart.max_mark = text->mark;
  restart.policy.max.reset();
  if (text->value == "none") return;
  const std::string_view both = text->value;
  const std::size_t in = both.find(kIn);
  const std::optional<std::uint64_t> count = parse_whole(both.substr(0, in));
  const auto within = in == both.npos ? std::nullopt : parse_duration(both.substr(in + kIn.size()));
  if (!count || !within) {
    mismatch(reader, field);
  } else if (*count == 0 || *count > kMostRestarts || within->count() <= 0) {
    mismatch(reader, field).hint = "the number is from 1 to 1,000, the time more than nothing";
  } else {
    restart.policy.max = {static_cast<std::uint32_t>(*count), *within};
  }
}

constexpr std::array kRestartBindings{
    Binding<RestartSpec>{"policy", read_policy},
    Binding<RestartSpec>{"backoff", read_backoff},
    Binding<RestartSpec>{"reset_after",
                         [](Reader& reader, const Field& field, RestartSpec& restart) {
                           if (auto time = read_duration(reader, field))
                             restart.policy.reset_after = time->value;
                         }},
    Binding<RestartSpec>{"max", read_max},
    Binding<RestartSpec>{"except",
                         [](Reader& reader, const Field& field, RestartSpec& restart) {
                           restart.policy.except = read_codes(reader, field);
                         }},
};

}  // namespace

std::optional<RestartSpec> read_restart(Reader& reader, const Field& field) {
  RestartSpec restart;
  if (field.value.is(YamlNode::Kind::kMap)) {
    read_fields<RestartSpec>(reader, Place::kRestart, field.value, kRestartBindings, restart);
    if (field.value.find("policy") == nullptr)
      reader.problems.error(field.key.mark, "'restart' needs a 'policy'", "write policy: on_failure");
  } else {
    read_policy(reader, field, restart);
  }
  return restart;
}

}  // namespace procgraph::config
