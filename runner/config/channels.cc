#include "config/channels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "config/fields.h"
#include "config/framing.h"

namespace procgraph::config {
namespace {

using Bindings = std::span<const Binding<ChannelSpec>>;

template <auto Member, auto Read>
void policy(Reader& reader, const Field& field, ChannelSpec& channel) {
  channel.policies.*Member = Read(reader, field);
}

void read_retry(Reader& reader, const Field& field, ChannelSpec& channel) {
  if (const auto range = read_durations(reader, field))
    channel.policies.retry = RetrySpec{range->first, range->most, range->mark};
}

struct LetterSpec {
  std::optional<Text> queue;
  bool fail = false;
};

constexpr std::array kLetterBindings{
    Binding<LetterSpec>{"queue", [](Reader& r, const Field& f, LetterSpec& l) { l.queue = read_name(r, f); }},
    Binding<LetterSpec>{"fail",
                        [](Reader& r, const Field& f, LetterSpec& l) {
                          if (auto flag = read_flag(r, f)) l.fail = flag->value;
                        }},
};

void read_dead_letter(Reader& reader, const Field& field, ChannelSpec& channel) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    channel.policies.dead_letter = read_name(reader, field);
    return;
  }
  LetterSpec letter;
  read_fields<LetterSpec>(reader, Place::kDeadLetter, field.value, kLetterBindings, letter);
  if (field.value.find("queue") == nullptr)
    reader.problems.error(field.value.mark, "'dead_letter' needs a 'queue'");
  channel.policies.dead_letter = letter.queue;
  channel.policies.dead_letter_fails = letter.fail;
}

void read_external(Reader& reader, const Field& field, ChannelSpec& channel) {
  channel.external = read_word(reader, field);
}

void read_channel_framing(Reader& reader, const Field& field, ChannelSpec& channel) {
  channel.framing = read_framing(reader, field);
}

void read_spare(Reader& reader, const Field& field, ChannelSpec& channel) {
  channel.spare = read_whole(reader, field);
}

constexpr std::array kQueueBindings{
    Binding<ChannelSpec>{"capacity",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.capacity = read_whole(r, f); }},
    Binding<ChannelSpec>{"memory",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.memory = read_bytes(r, f); }},
    Binding<ChannelSpec>{"max_message",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.max_message = read_bytes(r, f); }},
    Binding<ChannelSpec>{"when_full", policy<&PolicySpec::when_full, read_word>},
    Binding<ChannelSpec>{"delivery", policy<&PolicySpec::delivery, read_word>},
    Binding<ChannelSpec>{"max_capacity", policy<&PolicySpec::max_capacity, read_whole>},
    Binding<ChannelSpec>{"max_memory", policy<&PolicySpec::max_memory, read_bytes>},
    Binding<ChannelSpec>{"expire", policy<&PolicySpec::expire, read_positive_duration>},
    Binding<ChannelSpec>{"retry", read_retry},
    Binding<ChannelSpec>{"max_deliveries", policy<&PolicySpec::max_deliveries, read_whole>},
    Binding<ChannelSpec>{"dead_letter", read_dead_letter},
    Binding<ChannelSpec>{"lease_timeout", policy<&PolicySpec::lease_timeout, read_positive_duration>},
    Binding<ChannelSpec>{"framing", read_channel_framing},
    Binding<ChannelSpec>{"external", read_external},
    Binding<ChannelSpec>{"spare", read_spare},
    Binding<ChannelSpec>{"reject_codes",
                         [](Reader& r, const Field& f, ChannelSpec& c) {
                           c.policies.reject_codes = read_codes(r, f);
                           c.policies.reject_codes_mark = f.key.mark;
                         }},
    Binding<ChannelSpec>{"prefault",
                         [](Reader& r, const Field& f, ChannelSpec& c) {
                           if (auto flag = read_flag(r, f)) c.policies.prefault = flag->value;
                         }},
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
    Binding<ChannelSpec>{"delivery", policy<&PolicySpec::delivery, read_word>},
    Binding<ChannelSpec>{"expire", policy<&PolicySpec::expire, read_positive_duration>},
    Binding<ChannelSpec>{"max_deliveries", policy<&PolicySpec::max_deliveries, read_whole>},
    Binding<ChannelSpec>{"dead_letter", read_dead_letter},
    Binding<ChannelSpec>{"lease_timeout", policy<&PolicySpec::lease_timeout, read_positive_duration>},
    Binding<ChannelSpec>{"framing", read_channel_framing},
    Binding<ChannelSpec>{"external", read_external},
    Binding<ChannelSpec>{"spare", read_spare},
    Binding<ChannelSpec>{"replay",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.replay = read_whole(r, f); }},
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

void read_listen(Reader& reader, const Field& field, ChannelSpec& channel) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return;
  if (auto address = parse_socket_address(text->value, reader.folder)) {
    channel.listen = Marked<SocketAddress>{*address, text->mark};
  } else {
    mismatch(reader, field).hint =
        "a host is an IPv4 address, an IPv6 address in brackets, or localhost; as in tcp://127.0.0.1:8080";
  }
}

constexpr std::array kSocketBindings{
    Binding<ChannelSpec>{"listen", read_listen},
    Binding<ChannelSpec>{"open",
                         [](Reader& r, const Field& f, ChannelSpec& c) {
                           if (read_word(r, f)) c.opened_by_server = true;
                         }},
};

void read_sync(Reader& reader, const Field& field, ChannelSpec& channel) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kSequence) || field.value.items().empty()) {
    mismatch(reader, field).hint = "write sync: [NAME, …]";
    return;
  }
  for (const YamlNode* item : field.value.items()) {
    std::optional<Text> name = name_of(reader, *item, "a sync object");
    if (!name) continue;
    const auto same = std::ranges::find(channel.sync, name->value, &Text::value);
    if (same == channel.sync.end()) {
      channel.sync.push_back(std::move(*name));
      continue;
    }
    reader.problems.error(name->mark, fmt::format("'{}' stands here a second time", name->value))
        .notes.push_back({same->mark, "first here"});
  }
}

constexpr std::array kAreaBindings{
    Binding<ChannelSpec>{"size",
                         [](Reader& r, const Field& f, ChannelSpec& c) { c.size = read_bytes(r, f); }},
    Binding<ChannelSpec>{"lock",
                         [](Reader& r, const Field& f, ChannelSpec& c) {
                           if (auto lock = read_flag(r, f)) c.lock = lock->value;
                         }},
    Binding<ChannelSpec>{"initial",
                         [](Reader& r, const Field& f, ChannelSpec& c) {
                           if (auto path = read_path(r, f, Expander::Replica::kRefused)) c.initial = *path;
                         }},
    Binding<ChannelSpec>{"sync", read_sync},
};

struct Sort {
  std::string_view kind;
  Place place;
  Bindings bindings;
  const YamlNode* defaults;
  std::string_view noun = kind;
  std::string_view required{};  // what it cannot do without, as an example; empty: all has a default
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
  channels.reserve(channels.size() + field.value.items().size() + field.value.entries().size());
  for (const YamlNode* item : field.value.items()) {
    if (std::optional<Text> name = name_of(reader, *item, "a channel"))
      add_channel(reader, sort, std::move(*name), nullptr, channels);
  }
  for (const Entry& entry : field.value.entries()) {
    const bool map = entry.value->is(YamlNode::Kind::kMap);
    if (!map && !entry.value->is(YamlNode::Kind::kNull)) {
      const std::string_view name = entry.key->text();
      reader.problems.error(
          entry.value->mark,
          fmt::format("{} '{}' takes a map of options, not {}", sort.noun, name, described(*entry.value)),
          sort.required.empty() ? fmt::format("write {}: {{}} for a {} with its defaults", name, sort.noun)
                                : fmt::format("write {}: {{ {} }}", name, sort.required));
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

void read_areas(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels) {
  read_channels(reader, field,
                {"shared_memory", Place::kSharedMemory, kAreaBindings, reader.defaults.shared_memory, "area",
                 "size: 4KiB"},
                channels);
}

void read_sockets(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels) {
  read_channels(reader, field, {"socket", Place::kSocket, kSocketBindings, reader.defaults.sockets},
                channels);
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

bool check_area_defaults(Reader& reader, const YamlNode& map) {
  return check(reader, map, Place::kSharedMemory, kAreaBindings);
}

bool check_socket_defaults(Reader& reader, const YamlNode& map) {
  return check(reader, map, Place::kSocket, kSocketBindings);
}

}  // namespace procgraph::config
