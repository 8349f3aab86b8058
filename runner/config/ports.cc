#include "config/ports.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "config/fields.h"
#include "config/framing.h"

namespace procgraph::config {
namespace {

using Replica = Expander::Replica;

constexpr std::array kPortBindings{
    Binding<PortSpec>{"channel",
                      [](Reader& reader, const Field& field, PortSpec& port) {
                        if (auto name = read_name(reader, field)) port.channel = *name;
                      }},
    Binding<PortSpec>{"fd",
                      [](Reader& reader, const Field& field, PortSpec& port) {
                        if (auto fd = read_whole(reader, field))
                          port.fd = Marked<int>{static_cast<int>(fd->value), fd->mark};
                      }},
    Binding<PortSpec>{"wait",
                      [](Reader& reader, const Field& field, PortSpec& port) {
                        const auto word = read_word(reader, field);
                        if (!word) return;
                        for (WaitMode mode : {WaitMode::kLatency, WaitMode::kBalanced, WaitMode::kThroughput,
                                              WaitMode::kSleep}) {
                          if (name(mode) == word->value) port.wait = Marked<WaitMode>{mode, word->mark};
                        }
                      }},
    Binding<PortSpec>{"when_full",
                      [](Reader& reader, const Field& field, PortSpec& port) {
                        port.when_full = read_reader_policy(reader, field);
                      }},
    Binding<PortSpec>{"history", [](Reader& reader, const Field& field,
                                    PortSpec& port) { port.history = read_whole(reader, field); }},
    Binding<PortSpec>{"broadcast", [](Reader& reader, const Field& field,
                                      PortSpec& port) { port.broadcast = read_flag(reader, field); }},
    Binding<PortSpec>{"framing", [](Reader& reader, const Field& field,
                                    PortSpec& port) { port.framing = read_framing(reader, field); }},
};

// A port whose name is its channel's.
void add_channel(Reader& reader, const YamlNode& node, std::string_view what, std::vector<PortSpec>& ports) {
  std::optional<Text> name = name_of(reader, node, what);
  if (name) ports.push_back({.port = *name, .channel = *name});
}

void add_port(Reader& reader, const Field& field, const Entry& entry, std::vector<PortSpec>& ports) {
  PortSpec port;
  port.port = {std::string(entry.key->text()), entry.key->mark};
  if (!check_name(reader, port.port, "a port")) return;
  if (entry.value->is(YamlNode::Kind::kMap)) {
    const std::size_t before = reader.problems.errors();
    read_fields<PortSpec>(reader, Place::kPort, *entry.value, kPortBindings, port);
    if (port.channel.value.empty() && reader.problems.errors() == before) {
      reader.problems.error(entry.key->mark, fmt::format("port '{}' has no channel", port.port.value),
                            "write {channel: NAME, …}");
    }
  } else if (entry.value->is(YamlNode::Kind::kNull)) {
    reader.problems.error(entry.key->mark, fmt::format("port '{}' has no channel", port.port.value),
                          fmt::format("write {}: CHANNEL, or '{}: [{}]' if that is the channel",
                                      port.port.value, field.row.name, port.port.value));
  } else if (std::optional<Text> name = name_of(reader, *entry.value, "a channel")) {
    port.channel = *name;
  }
  if (!port.channel.value.empty()) ports.push_back(std::move(port));
}

constexpr std::array kStreamBindings{
    Binding<StreamSpec>{"file",
                        [](Reader& reader, const Field& field, StreamSpec& stream) {
                          if (auto path = read_path(reader, field, Replica::kKept)) {
                            stream.kind = StreamKind::kFile;
                            stream.target = path->value;
                            stream.mark = path->mark;
                          }
                        }},
    Binding<StreamSpec>{"append",
                        [](Reader& reader, const Field& field, StreamSpec& stream) {
                          if (auto append = read_flag(reader, field)) stream.append = append->value;
                        }},
    Binding<StreamSpec>{"channel",
                        [](Reader& reader, const Field& field, StreamSpec& stream) {
                          if (auto name = read_name(reader, field)) {
                            stream.kind = StreamKind::kChannel;
                            stream.target = name->value;
                            stream.mark = name->mark;
                          }
                        }},
    Binding<StreamSpec>{"framing", [](Reader& reader, const Field& field,
                                      StreamSpec& stream) { stream.framing = read_framing(reader, field); }},
};

std::optional<StreamSpec> read_stream_map(Reader& reader, const Field& field) {
  const YamlNode* file = field.value.find("file");
  const YamlNode* channel = field.value.find("channel");
  const std::size_t before = reader.problems.errors();
  StreamSpec stream;
  read_fields<StreamSpec>(reader, Place::kStream, field.value, kStreamBindings, stream);
  if (reader.problems.errors() != before) return {};
  if ((file == nullptr) == (channel == nullptr)) {
    reader.problems.error(field.key.mark,
                          fmt::format("'{}' needs one of 'file' and 'channel'", field.row.name));
    return {};
  }
  const YamlNode* append = field.value.find("append");
  if (append != nullptr && (file == nullptr || field.row.type == Type::kInput)) {
    reader.problems.error(append->mark, "'append' is for output into a file");
    return {};
  }
  if (stream.framing && file != nullptr) {
    reader.problems.error(stream.framing->mark, "a file has no messages, and so no 'framing'");
    return {};
  }
  return stream;
}

std::optional<Condition> condition_of(Reader& reader, const Field& field, const Text& word) {
  for (Condition condition : {Condition::kStarted, Condition::kReady, Condition::kFinished,
                              Condition::kSucceeded, Condition::kFailed}) {
    if (name(condition) == word.value) return condition;
  }
  const std::vector<std::string> words = words_of(field.row.words);
  reader.problems.error(word.mark,
                        fmt::format("'{}' is no condition; there are {}", word.value, join(words, ", ")),
                        did_you_mean(word.value, words));
  return {};
}

// {db: {ready: true, restart: true}}: the long form of one condition, and what else follows from the other
// one.
std::optional<AfterSpec> read_after_map(Reader& reader, const Field& field, const Text& process,
                                        const YamlNode& map) {
  std::optional<Marked<Condition>> found;
  std::optional<Mark> restart;
  const std::size_t before = reader.problems.errors();
  for (const Entry& entry : map.entries()) {
    const Text word{std::string(entry.key->text()), entry.key->mark};
    const bool again = word.value == "restart";
    const std::optional<Condition> condition =
        again ? std::optional<Condition>() : condition_of(reader, field, word);
    const std::optional<Text> value =
        text_of(reader, *entry.value, fmt::format("'{}' in 'after'", word.value), Replica::kRefused);
    if (!value || (!condition && !again)) continue;
    if (value->value != "true") {
      reader.problems.error(
          value->mark,
          fmt::format("{} is 'true', not '{}'", again ? "'restart' in 'after'" : "a condition", value->value),
          again ? "leave it out where it is not wanted" : "leave out what is not to be waited for");
    } else if (again) {
      restart = word.mark;
    } else if (found) {
      reader.problems.error(word.mark, fmt::format("two conditions for '{}'", process.value),
                            "the later one of the two is enough");
    } else {
      found = Marked<Condition>{*condition, word.mark};
    }
  }
  if (!found && reader.problems.errors() == before) {
    reader.problems.error(process.mark, fmt::format("'{}' in 'after' has no condition", process.value),
                          fmt::format("as in {{{}: ready}}", process.value));
  }
  if (found && restart && found->value > Condition::kReady) {
    reader.problems.error(*restart,
                          fmt::format("'restart' does not go with '{}': what has ended is not started again",
                                      name(found->value)),
                          "it goes with 'started' and 'ready'");
  }
  if (!found) return {};
  return AfterSpec{process, *found, restart};
}

}  // namespace

std::vector<PortSpec> read_ports(Reader& reader, const Field& field) {
  std::vector<PortSpec> ports;
  if (missing(reader, field)) return ports;
  if (field.value.is(YamlNode::Kind::kScalar)) {
    add_channel(reader, field.value, "a channel", ports);
  } else if (field.value.is(YamlNode::Kind::kSequence)) {
    for (const YamlNode* item : field.value.items()) add_channel(reader, *item, "a channel", ports);
  } else {
    for (const Entry& entry : field.value.entries()) add_port(reader, field, entry, ports);
  }
  return ports;
}

std::optional<StreamSpec> read_stream(Reader& reader, const Field& field) {
  if (field.value.is(YamlNode::Kind::kMap)) return read_stream_map(reader, field);
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return {};
  StreamSpec stream;
  stream.mark = text->mark;
  for (StreamKind kind : {StreamKind::kNone, StreamKind::kLog, StreamKind::kInherit}) {
    if (name(kind) != text->value) continue;
    stream.kind = kind;
    if (kind != StreamKind::kLog || field.row.type == Type::kOutput) return stream;
    mismatch(reader, field);
    return {};
  }
  if (text->value.find_first_of("/.") != std::string::npos) {
    mismatch(reader, field).hint =
        fmt::format("a file is written {}: {{file: {}}}", field.row.name, text->value);
    return {};
  }
  if (!check_name(reader, *text, "a channel")) return {};
  stream.kind = StreamKind::kChannel;
  stream.target = text->value;
  return stream;
}

std::vector<AfterSpec> read_after(Reader& reader, const Field& field) {
  std::vector<AfterSpec> after;
  if (missing(reader, field)) return after;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field);
    return after;
  }
  for (const Entry& entry : field.value.entries()) {
    const Text process{std::string(entry.key->text()), entry.key->mark};
    if (!check_name(reader, process, "a process")) continue;
    if (entry.value->is(YamlNode::Kind::kMap)) {
      if (auto one = read_after_map(reader, field, process, *entry.value)) after.push_back(std::move(*one));
      continue;
    }
    const std::optional<Text> word =
        text_of(reader, *entry.value, fmt::format("'{}' in 'after'", process.value), Replica::kRefused);
    if (!word) continue;
    if (std::optional<Condition> condition = condition_of(reader, field, *word))
      after.push_back({process, {*condition, word->mark}, {}});
  }
  return after;
}

}  // namespace procgraph::config
