#include "config/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace procgraph::config {
namespace {

struct Complaint {
  std::string_view theirs;  // how the library's message begins
  std::string_view ours;
  std::string_view hint;
};

constexpr std::array kComplaints{
    Complaint{
        "end of map not found",
        "this fits neither as a key of the map above nor as a part of the value above",
        "keys of one map are indented alike; a value with quotes inside needs quotes around the whole of it"},
    Complaint{"end of sequence not found",
              "here another '- ' of the list above was expected, or less indentation",
              "items of one list are indented alike"},
    Complaint{"end of map flow not found", "here ',' or '}' was expected",
              "a value with '${', brackets or commas needs quotes"},
    Complaint{"end of sequence flow not found", "here ',' or ']' was expected",
              "a value with '${', brackets or commas needs quotes"},
    Complaint{"illegal map value", "a ':' where no key can stand",
              "a value that contains ': ' needs quotes; keys of one map are indented alike"},
    Complaint{"illegal map key", "a key where none can stand", "keys of one map are indented alike"},
    Complaint{"illegal block entry", "a '- ' where no list can begin",
              "write the list on lines of its own below the key, or as [a, b]; a value that begins with '- ' "
              "needs quotes"},
    Complaint{"illegal flow end", "a closing bracket without its opening one",
              "a value that begins with a bracket needs quotes"},
    Complaint{"illegal tab", "a tab in the indentation", "indent with spaces"},
    Complaint{"illegal document indicator in scalar", "a line with '---' or '...' inside quotes",
              "an earlier quote may never be closed"},
    Complaint{"unknown escape character", "an unknown escape after the backslash",
              "in double quotes a backslash is written \\\\; in single quotes it is itself"},
    Complaint{"bad character found while scanning hex number",
              "a hexadecimal digit was expected after this escape", ""},
    Complaint{"invalid unicode", "this escape is no character", ""},
    Complaint{"the referenced anchor is not defined", "this alias has no anchor before it",
              "a value that begins with '*' needs quotes"},
    Complaint{"alias not found", "a '*' without a name", "a value that begins with '*' needs quotes"},
    Complaint{"illegal character found while scanning alias", "a character that no alias can have",
              "a value that begins with '*' needs quotes"},
    Complaint{"anchor not found", "a '&' without a name", "a value that begins with '&' needs quotes"},
    Complaint{"illegal character found while scanning anchor", "a character that no anchor can have",
              "a value that begins with '&' needs quotes"},
    Complaint{"aliases can't have any content", "an alias cannot have an anchor or a tag", ""},
    Complaint{"cannot assign multiple", "two anchors or two tags for one value", ""},
    Complaint{"unexpected character in block scalar", "after '|' or '>' the text begins on the next line",
              "a value that begins with '|' or '>' needs quotes"},
    Complaint{"cannot set zero indentation", "an indentation of zero after '|' or '>'", ""},
    Complaint{"illegal character found while scanning tag", "a '!' that begins no tag",
              "a value that begins with '!' needs quotes"},
    Complaint{"tag handle with no suffix", "a '!' that begins no tag",
              "a value that begins with '!' needs quotes"},
    Complaint{"end of verbatim tag", "a '!' that begins no tag", "a value that begins with '!' needs quotes"},
};

bool indented_with_tab(std::string_view line) {
  const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
  return indentation.size() < line.size() && indentation.find('\t') != std::string_view::npos;
}

// The quote that the library read to the end of the file: the first one behind the last event that is not
// closed.
std::size_t open_quote(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const bool begins =
        at == 0 || std::string_view(" \t\n,[]{}:?").find(text[at - 1]) != std::string_view::npos;
    if (text[at] == '#' && begins) at = std::min(text.find('\n', at), text.size());
    if (at >= text.size() || !begins || (text[at] != '"' && text[at] != '\'')) continue;
    const char quote = text[at];
    std::size_t end = at + 1;
    for (; end < text.size() && text[end] != quote; ++end) {
      if (quote == '"' && text[end] == '\\') ++end;
    }
    if (end >= text.size()) return at;
    at = end;
  }
  return text.size();
}

bool blank_from(std::string_view text, std::size_t offset) {
  return offset >= text.size() || text.find_first_not_of(" \t\n", offset) == std::string_view::npos;
}

void report_unknown(std::size_t offset, Places& places, Problems& problems) {
  const std::string_view text = places.text();
  if (offset >= text.size() || std::ispunct(static_cast<unsigned char>(text[offset])) == 0) {
    problems.error(places.at(offset), "this is not YAML");
    return;
  }
  problems.error(places.at(offset), fmt::format("nothing can begin with '{}'", text[offset]),
                 fmt::format("a value that begins with '{}' needs quotes", text[offset]));
}

// Whether what follows this beginning of a line is still the command of a process in brackets.
bool in_command(std::string_view before) {
  for (std::string_view key : {"command: ", "shell: "}) {
    const std::size_t at = before.rfind(key);
    if (at == std::string_view::npos || before.find('{') > at) continue;
    return before.find(": ", at + key.size()) == std::string_view::npos;  // else it is another key's value
  }
  return false;
}

}  // namespace

void report_syntax(std::string_view complaint, std::size_t offset, const TreeBuilder& builder, Places& places,
                   Problems& problems) {
  const std::string_view text = places.text();
  if (complaint.starts_with("illegal EOF in scalar")) {
    problems.error(places.at(open_quote(text, builder.offset())), "this quote is never closed");
    return;
  }
  const bool in_flow = builder.open() != nullptr && builder.open()->flow;
  const std::string_view line = places.line(offset);
  if (in_flow && blank_from(text, offset)) {
    const bool map = builder.open()->is(YamlNode::Kind::kMap);
    problems.error(builder.open()->mark, fmt::format("this '{}' is never closed", map ? '{' : '['));
    return;
  }
  if (indented_with_tab(line)) {
    problems.error(places.at(offset), "a tab in the indentation", "indent with spaces");
    return;
  }
  const auto* known = std::find_if(kComplaints.begin(), kComplaints.end(),
                                   [&](const Complaint& one) { return complaint.starts_with(one.theirs); });
  if (known == kComplaints.end()) {
    report_unknown(offset, places, problems);
    return;
  }
  Diagnostic& error = problems.error(places.at(offset), std::string(known->ours), std::string(known->hint));
  const auto bytes_before =
      static_cast<std::size_t>(text.data() + std::min(offset, text.size()) - line.data());
  const bool flow = known->theirs.find("flow not found") != std::string_view::npos;
  if (flow && in_command(line.substr(0, bytes_before))) error.hint = kQuoteTheCommand;
}

void report_second_document(std::size_t offset, Places& places, Problems& problems) {
  const std::string_view rest = places.text().substr(std::min(offset, places.text().size()));
  if (rest.starts_with("---") || rest.starts_with("...")) {
    problems.error(places.at(offset), "a file is one document, and here another one begins",
                   "several files are given one after the other, or with include:");
  } else {
    problems.error(places.at(offset), "this does not belong to what stands before it",
                   "keys of one map, and items of one list, are indented alike");
  }
}

}  // namespace procgraph::config
