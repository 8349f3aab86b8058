// `completion`: shell completion, written from the rows of verbs and flags.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "verbs/verb.h"

namespace procgraph {
namespace {

std::vector<std::string> flag_words(const FlagRow& row) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (std::size_t comma = row.names.find(','); comma != std::string::npos;
       comma = row.names.find(',', begin)) {
    words.push_back(row.names.substr(begin, comma - begin));
    begin = comma + 1;
  }
  words.push_back(row.names.substr(begin));
  return words;
}

std::string verb_words() {
  std::vector<std::string> names;
  for (const Verb& verb : all_verbs()) names.emplace_back(verb.name);
  return join(names, " ");
}

// Calls `each` with every verb and its declared flags.
template <class Each>
void for_verbs(const Context& context, Each each) {
  for (const Verb& verb : all_verbs()) {
    Flags flags("procgraph", verb.name);
    verb.declare(flags, context);
    each(verb, flags.rows());
  }
}

std::string bash(const Context& context) {
  std::string flags_by_verb;
  std::string values_by_flag;
  for_verbs(context, [&](const Verb& verb, const std::vector<FlagRow>& rows) {
    std::vector<std::string> words{"--help"};
    for (const FlagRow& row : rows) {
      if (row.argument) continue;
      for (const std::string& word : flag_words(row)) words.push_back(word);
      if (row.choices.empty()) continue;
      values_by_flag += fmt::format("    '{} {}') COMPREPLY=($(compgen -W '{}' -- \"$word\")); return ;;\n",
                                    verb.name, flag_words(row).back(), join(row.choices, " "));
    }
    flags_by_verb += fmt::format("    {}) words='{}' ;;\n", verb.name, join(words, " "));
  });
  return fmt::format(R"(# bash completion for procgraph
_procgraph() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W '{}' -- "$word")); return; fi
  case "$verb $before" in
{}  esac
  case $verb in
    help) COMPREPLY=($(compgen -W '{}' -- "$word")); return ;;
{}  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}}
complete -o filenames -F _procgraph procgraph
)",
                     verb_words(), values_by_flag, verb_words(), flags_by_verb);
}

// Text within single quotes of zsh's and fish's specifications.
std::string quoted(std::string_view text, bool zsh) {
  std::string result;
  for (char c : text) {
    if (c == '\'') {
      result += zsh ? "'\\''" : "\\'";
    } else if (zsh && (c == '[' || c == ']' || c == ':')) {
      result += std::string("\\") + c;
    } else {
      result += c;
    }
  }
  return result;
}

std::string zsh_flag(const FlagRow& row, const std::string& word) {
  std::string value;
  if (!row.choices.empty()) {
    value = fmt::format(":value:({})", join(row.choices, " "));
  } else if (!row.value.empty()) {
    value = row.files ? ":file:_files" : fmt::format(":{}:", quoted(row.value, true));
  }
  return fmt::format("        '{}{}[{}]{}' \\\n", row.repeated ? "*" : "", word, quoted(row.help, true),
                     value);
}

std::string zsh(const Context& context) {
  std::string verbs;
  std::string cases;
  for_verbs(context, [&](const Verb& verb, const std::vector<FlagRow>& rows) {
    verbs += fmt::format("    '{}:{}'\n", verb.name, quoted(verb.summary, true));
    cases += fmt::format("    {})\n      _arguments \\\n", verb.name);
    for (const FlagRow& row : rows) {
      if (row.argument) continue;
      for (const std::string& word : flag_words(row)) cases += zsh_flag(row, word);
    }
    cases += "        '--help[show help]' '*:file:_files' ;;\n";
  });
  return fmt::format(R"(#compdef procgraph
# zsh completion for procgraph
_procgraph() {{
  local -a verbs
  verbs=(
{}  )
  if (( CURRENT == 2 )); then _describe verb verbs; return; fi
  local verb=$words[2]
  shift words; (( CURRENT-- ))
  case $verb in
{}  esac
}}
if [ "$funcstack[1]" = _procgraph ]; then _procgraph "$@"; else compdef _procgraph procgraph; fi
)",
                     verbs, cases);
}

std::string fish(const Context& context) {
  std::string text = "# fish completion for procgraph\n";
  for_verbs(context, [&](const Verb& verb, const std::vector<FlagRow>& rows) {
    text += fmt::format("complete -c procgraph -n __fish_use_subcommand -f -a {} -d '{}'\n", verb.name,
                        quoted(verb.summary, false));
    for (const FlagRow& row : rows) {
      if (row.argument) continue;
      text += fmt::format("complete -c procgraph -n '__fish_seen_subcommand_from {}'", verb.name);
      for (const std::string& word : flag_words(row)) {
        text += word.starts_with("--") ? " -l " + word.substr(2) : " -s " + word.substr(1);
      }
      if (!row.choices.empty()) text += fmt::format(" -x -a '{}'", join(row.choices, " "));
      if (row.choices.empty() && !row.value.empty()) text += row.files ? " -r" : " -x";
      text += fmt::format(" -d '{}'\n", quoted(row.help, false));
    }
  });
  return text;
}

Outcome print_completion(const Context& context, const std::string& shell) {
  if (shell == "bash") fmt::print("{}", bash(context));
  if (shell == "zsh") fmt::print("{}", zsh(context));
  if (shell == "fish") fmt::print("{}", fish(context));
  if (shell == "bash" || shell == "zsh" || shell == "fish") return {};
  fmt::print(stderr, "procgraph completion: '{}' is none of: bash, zsh, fish\n", escape(shell));
  return {.code = kExitUsage};
}

}  // namespace

Action declare_completion(Flags& flags, const Context& context) {
  auto shell = std::make_shared<std::string>();
  flags.argument("SHELL", *shell, "bash, zsh or fish", true);
  return [shell, context] { return print_completion(context, *shell); };
}

}  // namespace procgraph
