// Builds the lists, finds the verb, ends as it says.
#include <fmt/format.h>

#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "base/out_of_memory.h"
#include "base/text.h"
#include "channels/kinds.h"
#include "verbs/verb.h"

namespace procgraph {
namespace {

int usage_error(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
  return kExitUsage;
}

int unknown_verb(const std::string& word) {
  std::vector<std::string> names;
  for (const Verb& verb : all_verbs()) names.emplace_back(verb.name);
  bool file = word.ends_with(".yaml") || word.ends_with(".yml");
  std::string hint =
      file ? fmt::format("to run a file: procgraph run {}", shell_quote(word)) : did_you_mean(word, names);
  if (hint.empty()) hint = "procgraph help lists them";
  return usage_error(fmt::format("procgraph: there is no verb '{}'; {}", escape(word), escape(hint)));
}

Outcome call(const Verb& verb, const Context& context, std::vector<std::string> words) {
  Flags flags("procgraph", verb.name);
  Action action = verb.declare(flags, context);
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word != "--help" && word != "-h") continue;
    std::fputs(verb_help(verb, flags).c_str(), stdout);
    return {};
  }
  if (std::optional<std::string> wrong = flags.parse(words)) {
    return {.code =
                usage_error(fmt::format("{}\nprocgraph {} --help shows what it takes", *wrong, verb.name))};
  }
  return action();
}

Outcome run_main(std::vector<std::string> words) {
  Context context{.kinds = all_kinds()};
  if (words.empty()) return {.code = usage_error(program_help())};
  std::string word = words.front();
  words.erase(words.begin());
  if (word == "--help" || word == "-h") word = "help";
  if (word == "--version") word = "version";
  for (const Verb& verb : all_verbs()) {
    if (verb.name == word) return call(verb, context, std::move(words));
  }
  return {.code = unknown_verb(word)};
}

}  // namespace
}  // namespace procgraph

int main(int argc, char** argv) {
  std::set_new_handler(procgraph::end_without_memory);
  procgraph::Outcome outcome =
      procgraph::run_main(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  if (outcome.signal == 0) return outcome.code;
  procgraph::end_as(outcome);
}
