#include "config/dotenv.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/expand.h"
#include "config/places.h"

namespace procgraph::config {
namespace {

constexpr std::string_view kSpaces = " \t";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

bool is_comment_or_empty(std::string_view text) {
  return text.empty() || text[0] == '#';
}

struct Value {
  std::string text;
  std::string_view mistake{};  // empty: none
};

Value bare(std::string_view text) {
  std::size_t end = text.size();
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '#' && kSpaces.find(text[at - 1]) != std::string_view::npos) end = std::min(end, at);
  }
  return {std::string(trimmed(text.substr(0, end)))};
}

Value quoted_value(std::string_view text) {
  const char quote = text[0];
  Value value;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == quote) {
      if (!is_comment_or_empty(trimmed(text.substr(at + 1))))
        value.mistake = "there is something behind the closing quote";
      return value;
    }
    if (quote == '"' && text[at] == '\\' && at + 1 < text.size()) {
      const char next = text[++at];
      if (next == 'n' || next == 't') {
        value.text += next == 'n' ? '\n' : '\t';
        continue;
      }
      if (std::string_view("\"\\$").find(next) == std::string_view::npos) value.text += '\\';
      value.text += next;
    } else {
      value.text += text[at];
    }
  }
  value.mistake = "this quote is never closed on its line";
  return value;
}

Value parse_value(std::string_view text) {
  if (text.starts_with('"') || text.starts_with('\'')) return quoted_value(text);
  return bare(text);
}

}  // namespace

std::vector<EnvironmentEntry> parse_dotenv(const Source& source, std::uint32_t file, Problems& problems) {
  constexpr std::string_view kExport = "export ";
  std::vector<EnvironmentEntry> values;
  std::uint32_t number = 0;
  for (std::string_view rest = source.text; !rest.empty();) {
    const std::string_view whole = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(whole.size() + 1, rest.size()));
    const Mark mark{.file = file, .line = ++number, .column = 1, .length = std::max(code_points(whole), 1U)};
    std::string_view line = trimmed(whole);
    if (is_comment_or_empty(line)) continue;
    if (line.starts_with(kExport)) line = trimmed(line.substr(kExport.size()));
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || !valid_variable(name)) {
      problems.error(mark, "this is not NAME=value",
                     "a name has letters, digits and '_'; a comment begins with '#'");
      continue;
    }
    Value value = parse_value(trimmed(line.substr(equals + 1)));
    if (value.mistake.empty()) {
      values.push_back({{std::string(name), mark}, {std::move(value.text), mark}});
    } else {
      problems.error(mark, std::string(value.mistake));
    }
  }
  return values;
}

}  // namespace procgraph::config
