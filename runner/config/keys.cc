#include "config/keys.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "base/units.h"
#include "config/key_rows.h"

namespace procgraph::config {
namespace {

// What people bring from other tools.
struct Foreign {
  std::string_view theirs, ours;
};
constexpr std::array kForeign{
    Foreign{"depends_on", "after"},   Foreign{"environment", "env"},  Foreign{"working_dir", "cwd"},
    Foreign{"workdir", "cwd"},        Foreign{"cmd", "command"},      Foreign{"run", "command"},
    Foreign{"args", "command"},       Foreign{"script", "shell"},     Foreign{"inputs", "reads"},
    Foreign{"outputs", "writes"},     Foreign{"scale", "replicas"},   Foreign{"instances", "replicas"},
    Foreign{"services", "processes"}, Foreign{"nodes", "processes"},  Foreign{"channels", "queues"},
    Foreign{"variables", "vars"},     Foreign{"path", "file"},        Foreign{"stop_signal", "stop"},
    Foreign{"size", "capacity"},      Foreign{"capacity", "history"},
};

bool is_of_manifest(Place place) {
  return place == Place::kManifest || place == Place::kManifestPort;
}

bool is_channel(Place place) {
  return place == Place::kQueue || place == Place::kPipe || place == Place::kTopic ||
         place == Place::kSharedMemory || place == Place::kSocket;
}

// Who writes it at one sort of channel means the others.
std::string other_place(Place place, std::string_view name) {
  std::vector<std::string> channels, all;
  for (const Key& key : keys()) {
    const bool same_file = is_of_manifest(key.place) == is_of_manifest(place);
    if (key.name != name || key.place == place || !key.supported || !same_file) continue;
    all.emplace_back(phrase(key.place));
    if (is_channel(key.place)) channels.push_back(all.back());
  }
  if (all.empty()) return {};
  const bool meant = is_channel(place) && !channels.empty();
  return fmt::format("'{}' is a key of {}", name, meant ? join(channels, " or ") : all.front());
}

std::vector<std::string> in_quotes(std::vector<std::string> words) {
  for (std::string& word : words) word = fmt::format("'{}'", word);
  return words;
}

// "'stop', 'finish' or 'ignore'".
std::string one_of(std::vector<std::string> words) {
  words = in_quotes(std::move(words));
  if (words.empty()) return "a word";
  if (words.size() == 1) return words.front();
  const std::string last = std::move(words.back());
  words.pop_back();
  return fmt::format("{} or {}", join(words, ", "), last);
}

}  // namespace

std::span<const Key> keys() {
  return kKeyRows;
}

const Key* find_key(Place place, std::string_view name) {
  for (const Key& key : kKeyRows) {
    if (key.place == place && key.name == name) return &key;
  }
  return nullptr;
}

std::string_view phrase(Place place) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Place::kPlaces)> kPhrases{
      "the file",
      "'defaults'",
      "a process",
      "a queue",
      "a pipe",
      "a topic",
      "a shared memory area",
      "a socket",
      "a port",
      "a stream",
      "'stop'",
      "'restart'",
      "'ready'",
      "'health'",
      "'limits'",
      "'per'",
      "'ordered'",
      "'deadlock'",
      "'containment'",
      "'logs'",
      "'dead_letter'",
      "'http'",
      "'framing'",
      "a manifest",
      "a port of a manifest"};
  return kPhrases.at(static_cast<std::size_t>(place));
}

std::string phrase(const Key& key) {
  switch (key.type) {
    case Type::kText:
      return "text";
    case Type::kName:
      return "a name (letters, digits, '_', '-', a letter first)";
    case Type::kFlag:
      return "true or false";
    case Type::kWhole:
      return fmt::format("a whole number from {} to {}", format_count(key.least), format_count(key.most));
    case Type::kBytes:
      return "a size such as 64KiB or 4096";
    case Type::kDuration:
      return "a duration such as 250ms or 10s";
    case Type::kMode:
      return "octal digits such as 022";
    case Type::kSignal:
      return "a signal's name such as TERM";
    case Type::kWord:
      return one_of(words_of(key.words));
    case Type::kPath:
      return "a path";
    case Type::kCommand:
      return "a command: a text, or a list of words";
    case Type::kScript:
      return "a script for /bin/sh: a text";
    case Type::kPorts:
      return "a channel, a list of channels, or a map of ports";
    case Type::kServes:
      return "a socket, a list of sockets, or a map of names and sockets";
    case Type::kConnects:
      return "a socket, a list of sockets, or a map of variables and sockets";
    case Type::kAddress:
      return "'unix', 'unix:PATH' or 'tcp://HOST:PORT'";
    case Type::kNames:
      return "a list of names";
    case Type::kInput:
      return "'none', 'inherit', a channel, or {file: PATH}";
    case Type::kOutput:
      return "'none', 'log', 'inherit', a channel, or {file: PATH}";
    case Type::kReplicas:
      return fmt::format("a whole number from {} to {}, or 'cores'", format_count(key.least),
                         format_count(key.most));
    case Type::kEnvironment:
      return "a map of variables";
    case Type::kAfter:
      return "a map of processes and conditions, as {db: succeeded}";
    case Type::kCodes:
      return "a list of exit codes, as [0, 1]";
    case Type::kVariables:
      return "a map of variables";
    case Type::kPaths:
      return "a path, or a list of paths";
    case Type::kMap:
      return "a map";
    case Type::kProcesses:
      return "a map of processes";
    case Type::kChannels:
      return "a list of names, or a map of channels";
    case Type::kPipelines:
      return "a list of pipelines, each a list of names";
    case Type::kDurations:
      return "a duration, or two such as 1s..5m";
    case Type::kLetters:
      return "a queue, or {queue: NAME, fail: true}";
    case Type::kRestart:
      return fmt::format("{}, or a map", join(in_quotes(words_of(key.words)), ", "));
    case Type::kIntensity:
      return "a number within a time such as 5 in 1m, or 'none'";
    case Type::kReady:
      return "'notify', 'started', or a map such as {log: \"listening\"}";
    case Type::kHealth:
      return "a map such as {exec: ./check}";
    case Type::kEndpoint:
      return "an address HOST:PORT, or that of a socket";
    case Type::kUrl:
      return "a URL 'http://HOST:PORT/PATH', or {socket: NAME, path: /PATH}";
    case Type::kStatus:
      return "an HTTP status, or two such as 200-399";
    case Type::kPattern:
      return "a regular expression";
    case Type::kInteger:
      return fmt::format("a whole number from {} to {}", key.lowest, key.highest);
    case Type::kBytesOrZero:
      return "a size such as 64KiB or 4096, or 0";
    case Type::kPercent:
      return fmt::format("a share of one CPU from {}% to {}%, as 50%, or 200% for two of them",
                         format_count(key.least), format_count(key.most));
    case Type::kCpus:
      return "numbers of CPUs, as 0-3 or [0, 2, 5-7]";
    case Type::kFraming:
      return fmt::format("{}, {{record: SIZE}} or {{chunks: SIZE}}",
                         join(in_quotes(words_of(key.words)), ", "));
    case Type::kPer:
      return "'message', or a map such as {messages: 500, within: 1s}";
    case Type::kOrdered:
      return "true, false, or {window: 1024}";
    case Type::kManifestPorts:
      return "a map of ports, as {in: {kinds: [queue, topic]}}";
    case Type::kKinds:
      return fmt::format("{}, or a list of these", one_of(words_of(key.words)));
    case Type::kOther:
      return "a value";
  }
  return {};
}

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(' '));
    words.emplace_back(word);
    list.remove_prefix(std::min(list.size(), word.size() + 1));
  }
  return words;
}

std::string hint_for_unknown(Place place, std::string_view name) {
  for (const Foreign& foreign : kForeign) {
    if (foreign.theirs == name && find_key(place, foreign.ours) != nullptr)
      return fmt::format("here it is called '{}'", foreign.ours);
  }
  std::vector<std::string> candidates;
  for (const Key& key : keys()) {
    if (key.place == place) candidates.emplace_back(key.name);
  }
  std::string near = did_you_mean(name, candidates);
  return near.empty() ? other_place(place, name) : near;
}

}  // namespace procgraph::config
