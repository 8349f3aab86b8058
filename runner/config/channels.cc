#include "config/channels.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "base/text.h"
#include "config/fields.h"

namespace procgraph::config {
namespace {

using Bindings = std::span<const Binding<ChannelSpec>>;

// A word that says what holds anyway: there is only one choice yet.
void only_choice(Reader& reader, const Field& field, ChannelSpec&) {
  static_cast<void>(read_word(reader, field));
}

constexpr std::array kQueueBindings{
    Binding<ChannelSpec>{"capacity",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.capacity = read_whole(r, f); }},
    Binding<ChannelSpec>{"memory",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.memory = read_bytes(r, f); }},
    Binding<ChannelSpec>{"max_message",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.max_message = read_bytes(r, f); }},
    Binding<ChannelSpec>{"when_full", only_choice},
    Binding<ChannelSpec>{"delivery", only_choice},
};

constexpr std::array kTopicBindings{
    Binding<ChannelSpec>{"history",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.history = read_whole(r, f); }},
    Binding<ChannelSpec>{"max_message",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.max_message = read_bytes(r, f); }},
    Binding<ChannelSpec>{"memory",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.memory = read_bytes(r, f); }},
    Binding<ChannelSpec>{"when_full", [](Reader& r, const Field& f,
                                         ChannelSpec& c) { c.when_full = read_reader_policy(r, f); }},
    Binding<ChannelSpec>{"delivery", only_choice},
};

constexpr std::array kPipeBindings{
    Binding<ChannelSpec>{"capacity",
                         [](Reader& r, const Field& f, ChannelSpec& c) {
                           if (auto bytes = read_bytes(r, f))
                             c.capacity = Marked<std::uint64_t>{bytes->value.value, bytes->mark};
                         }},
    Binding<ChannelSpec>{"duplex",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.duplex = read_flag(r, f); }},
};

struct Sort {
  std::string_view kind;
  Place place;
  Bindings bindings;
  const YamlNode* defaults;
};

void add_channel(Reader& reader, const Sort& sort, Text name, const YamlNode* options,
                 std::vector<ChannelSpec>& channels) {
  if (!check_name(reader, name, "a channel")) return;
  ChannelSpec channel;
  channel.name = std::move(name);
  channel.kind = sort.kind;
  if (options == nullptr)
    options = sort.defaults;
  else
    options = with_defaults(reader, *options, sort.defaults);
  if (options != nullptr) read_fields<ChannelSpec>(reader, sort.place, *options, sort.bindings, channel);
  channels.push_back(std::move(channel));
}

void read_channels(Reader& reader, const Field& field, const Sort& sort, std::vector<ChannelSpec>& channels) {
  if (missing(reader, field)) return;
  if (field.value.is(YamlNode::Kind::kScalar)) {
    Diagnostic& error = mismatch(reader, field);
    if (valid_name(field.value.text()))
      error.hint = fmt::format("write {}: [{}]", field.row.name, field.value.text());
  }
  for (const YamlNode* item : field.value.items()) {
    if (std::optional<Text> name = name_of(reader, *item, "a channel"))
      add_channel(reader, sort, std::move(*name), nullptr, channels);
  }
  for (const Entry& entry : field.value.entries()) {
    const bool map = entry.value->is(YamlNode::Kind::kMap);
    if (!map && !entry.value->is(YamlNode::Kind::kNull)) {
      reader.problems.error(
          entry.value->mark,
          fmt::format("{} '{}' takes a map of options, not {}", sort.kind, entry.key->text(),
                      described(*entry.value)),
          fmt::format("write {}: {{}} for a {} with its defaults", entry.key->text(), sort.kind));
      continue;
    }
    add_channel(reader, sort, {std::string(entry.key->text()), entry.key->mark}, map ? entry.value : nullptr,
                channels);
  }
}

bool check(Reader& reader, const YamlNode& map, Place place, Bindings bindings) {
  const std::size_t before = reader.problems.errors();
  ChannelSpec unused;
  read_fields<ChannelSpec>(reader, place, map, bindings, unused);
  return reader.problems.errors() == before;
}

}  // namespace

void read_queues(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels) {
  read_channels(reader, field, {"queue", Place::kQueue, kQueueBindings, reader.defaults.queues}, channels);
}

void read_topics(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels) {
  read_channels(reader, field, {"topic", Place::kTopic, kTopicBindings, reader.defaults.topics}, channels);
}

void read_pipes(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels) {
  read_channels(reader, field, {"pipe", Place::kPipe, kPipeBindings, reader.defaults.pipes}, channels);
}

bool check_queue_defaults(Reader& reader, const YamlNode& map) {
  return check(reader, map, Place::kQueue, kQueueBindings);
}

bool check_topic_defaults(Reader& reader, const YamlNode& map) {
  return check(reader, map, Place::kTopic, kTopicBindings);
}

bool check_pipe_defaults(Reader& reader, const YamlNode& map) {
  return check(reader, map, Place::kPipe, kPipeBindings);
}

}  // namespace procgraph::config
