#include "verbs/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.h"

namespace procgraph {
namespace {

// "-q,--quiet" → "PROCGRAPH_QUIET"
std::string variable(const std::string& names) {
  std::size_t at = names.find("--");
  if (at == std::string::npos) return {};
  std::string result = "PROCGRAPH_" + names.substr(at + 2);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return result;
}

void with_variable(CLI::Option* option, const std::string& names) {
  if (std::string name = variable(names); !name.empty()) option->envname(name);
}

std::vector<std::string> long_names(const std::vector<FlagRow>& rows) {
  std::vector<std::string> names{"--help"};
  for (const FlagRow& row : rows) {
    if (std::size_t at = row.names.find("--"); at != std::string::npos) names.push_back(row.names.substr(at));
  }
  return names;
}

}  // namespace

struct Flags::Parser {
  CLI::App app;
};

Flags::Flags(std::string_view program, std::string_view verb)
    : verb_(verb.empty() ? std::string(program) : fmt::format("{} {}", program, verb)),
      parser_(std::make_unique<Parser>()) {
  parser_->app.set_help_flag();
}

Flags::~Flags() = default;

void Flags::toggle(std::string names, bool& value, std::string help) {
  with_variable(parser_->app.add_flag(names, value), names);
  rows_.push_back({std::move(names), {}, std::move(help), {}});
}

void Flags::text(std::string names, std::string& value, std::string metavar, std::string help) {
  with_variable(parser_->app.add_option(names, value), names);
  bool files = metavar == "FILE" || metavar == "DIR";
  rows_.push_back({std::move(names), std::move(metavar), std::move(help), {}, false, files});
}

void Flags::list(std::string names, std::vector<std::string>& values, std::string metavar, std::string help) {
  // One value a time, so that a following argument is not swallowed.
  with_variable(parser_->app.add_option(names, values)->allow_extra_args(false)->take_all(), names);
  bool files = metavar == "FILE" || metavar == "DIR";
  rows_.push_back({std::move(names), std::move(metavar), std::move(help), {}, false, files, true});
}

void Flags::choice(std::string names, std::string& value, std::vector<std::string> choices,
                   std::string help) {
  CLI::Option* option = parser_->app.add_option(names, value);
  with_variable(option, names);
  option->check(CLI::Validator(
      [choices](const std::string& given) {
        if (std::find(choices.begin(), choices.end(), given) != choices.end()) return std::string();
        return fmt::format("'{}' is none of: {}", escape(given), join(choices, ", "));
      },
      ""));
  rows_.push_back({std::move(names), join(choices, "|"), std::move(help), choices});
}

void Flags::argument(const std::string& name, std::string& value, std::string help, bool required) {
  CLI::Option* option = parser_->app.add_option(name, value);
  if (required) option->required();
  rows_.push_back({name, {}, std::move(help), {}, true, name == "FILE"});
}

void Flags::arguments(const std::string& name, std::vector<std::string>& values, std::string help) {
  parser_->app.add_option(name, values);
  rows_.push_back({name, {}, std::move(help), {}, true, name == "FILE", true});
}

std::optional<std::string> Flags::parse(std::span<const std::string> words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants it
  try {
    parser_->app.parse(reversed);
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> extra = parser_->app.remaining();
    std::string word = extra.empty() ? std::string() : extra.front();
    if (!word.starts_with('-')) return fmt::format("{}: one argument too many: '{}'", verb_, escape(word));
    std::string flag = word.substr(0, word.find('='));
    std::string hint = did_you_mean(flag, long_names(rows_));
    return fmt::format("{}: there is no flag '{}'{}", verb_, escape(flag), hint.empty() ? "" : "; " + hint);
  } catch (const CLI::ParseError& error) {
    return fmt::format("{}: {}", verb_, escape(error.what()));
  }
  return {};
}

std::string Flags::usage() const {
  std::string text = verb_;
  bool any = std::any_of(rows_.begin(), rows_.end(), [](const FlagRow& row) { return !row.argument; });
  if (any) text += " [flags]";
  for (const FlagRow& row : rows_) {
    if (row.argument) text += row.repeated ? fmt::format(" [{}…]", row.names) : " " + row.names;
  }
  return text;
}

}  // namespace procgraph
