// `each`: a command for every message of a channel, from a shell. It becomes the pool that runs the commands
// of a process with `per: message`, and so all that holds there holds here.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/lookup.h"
#include "verbs/front.h"
#include "verbs/outside.h"

namespace procgraph {
namespace {

constexpr int kExitNotFound = 127;  // as a shell says it
constexpr std::uint64_t kMostJobs = 1'000'000;

struct EachFlags {
  OutsideFlags outside;
  std::string count, jobs;
  std::vector<std::string> command;
};

struct Each {
  std::optional<Duration> timeout;
  std::uint64_t count = 0;  // 0: all
  std::uint64_t jobs = 1;
};

// What was typed, or nothing: it makes no sense, which was said.
std::optional<Each> read(const EachFlags& flags) {
  Each each;
  if (!read_timeout("each", flags.outside, each.timeout)) return {};
  const auto count = read_number("each", "--count", "messages", flags.count, 0);
  const auto jobs = read_number("each", "--jobs", "commands", flags.jobs, 1);
  if (!count || !jobs) return {};
  each.count = *count;
  each.jobs = *jobs;
  if (each.jobs > kMostJobs) {
    fail("each", fmt::format("--jobs {}: at most {} at a time", flags.jobs, kMostJobs), kExitUsage);
    return {};
  }
  if (flags.command.empty()) {
    fail("each", "a command is missing: procgraph each CHANNEL -- COMMAND", kExitUsage);
    return {};
  }
  return each;
}

// The path of a program that a person names here, or "": there is none, which was said.
std::string find(Lookup& lookup, const World& world, const std::string& word, bool builtin) {
  const auto path = world.environment.find("PATH");
  const auto found = lookup.find(
      {word, world.cwd, path == world.environment.end() ? "/usr/bin:/bin" : path->second, builtin});
  if (const auto* program = std::get_if<std::string>(&found)) return *program;
  const auto& [reason, hint] = std::get<NotFound>(found);
  fail("each", fmt::format("program '{}' {}{}{}", word, reason, hint.empty() ? "" : "; ", hint), 0);
  return {};
}

std::vector<std::string> words(const EachFlags& flags, const Each& each, std::string program) {
  std::vector<std::string> words{"pool", "--each", "--channel", flags.outside.channel};
  const auto add = [&](std::string name, std::string value) {
    words.push_back(std::move(name));
    words.push_back(std::move(value));
  };
  if (!is_in_node(flags.outside.graph)) {
    words.emplace_back("--outside");
    if (!flags.outside.graph.empty()) add("--graph", flags.outside.graph);
  }
  if (each.jobs != 1) add("--runs", std::to_string(each.jobs));
  if (each.count != 0) add("--count", std::to_string(each.count));
  if (each.timeout)
    add("--patience",
        fmt::format("{}ms", std::chrono::ceil<std::chrono::milliseconds>(*each.timeout).count()));
  add("--program", std::move(program));
  words.emplace_back("--");
  words.insert(words.end(), flags.command.begin(), flags.command.end());
  return words;
}

Outcome become(const std::string& program, std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  return {.code =
              fail("each", fmt::format("cannot run '{}': {}", program, std::strerror(errno)), kExitSystem)};
}

Outcome each(const EachFlags& flags) {
  const std::optional<Each> each = read(flags);
  if (!each) return {.code = kExitUsage};
  const Result<World> world = the_world({});
  if (!world) return {.code = fail("each", world.error().text(), kExitSystem)};
  Lookup lookup(*world);
  const std::string pool = find(lookup, *world, "pool", true);
  if (pool.empty()) return {.code = kExitMachine};
  std::string program = find(lookup, *world, flags.command.front(), false);
  if (program.empty()) return {.code = kExitNotFound};
  return become(pool, words(flags, *each, std::move(program)));
}

}  // namespace

Action declare_each(Flags& flags, const Context&) {
  auto own = std::make_shared<EachFlags>();
  own->outside.declare(flags, "wait so long for each message, then end with exit code 124");
  flags.text("-n,--count", own->count, "NUMBER", "so many messages at most; else all until the data ends");
  flags.text("-j,--jobs", own->jobs, "NUMBER", "so many commands at a time; default 1");
  flags.arguments(
      "COMMAND", own->command,
      "after --: the program and its words; {} as a word of its own is the message, {#} its number");
  return [own] { return each(*own); };
}

}  // namespace procgraph
