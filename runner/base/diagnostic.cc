#include "base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.h"

namespace procgraph {
namespace {

constexpr std::size_t kExcerptColumns = 100;  // of a longer line only the part around the caret is shown

struct Colours {
  std::string_view bold, error, warning, note, caret, off;
};
constexpr Colours kPlain{"", "", "", "", "", ""};
constexpr Colours kColoured{"\x1b[1m", "\x1b[1;31m", "\x1b[1;35m", "\x1b[1;36m", "\x1b[1;32m", "\x1b[0m"};

// Finds lines by number: quickly if they are asked for in the order of the text, and without an index of a
// huge one.
class Lines {
 public:
  explicit Lines(const Sources& sources) : sources_(sources), last_(sources.size()) {}

  std::string_view line(const Mark& mark) {
    if (!mark.known() || mark.file >= sources_.size()) return {};
    const std::string_view text = sources_[mark.file].text;
    Start& at = last_[mark.file];
    if (at.line > mark.line) at = {};
    for (; at.line < mark.line; ++at.line) {
      const std::size_t newline = text.find('\n', at.offset);
      if (newline == std::string_view::npos) return {};
      at.offset = newline + 1;
    }
    std::string_view line = text.substr(at.offset, text.find('\n', at.offset) - at.offset);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  std::string place(const Mark& mark) const {
    if (mark.file >= sources_.size()) return "procgraph";
    std::string name = escape(sources_[mark.file].name);
    return mark.known() ? fmt::format("{}:{}:{}", name, mark.line, mark.column) : name;
  }

 private:
  struct Start {
    std::uint32_t line = 1;
    std::size_t offset = 0;
  };

  const Sources& sources_;
  std::vector<Start> last_;  // the line that was asked for last, by source
};

struct Excerpt {
  std::string text;
  std::size_t indent = 0;  // columns before the caret
  std::size_t underlined = 1;
};

std::size_t sequence_size(char lead) {
  auto byte = static_cast<unsigned char>(lead);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

// A place in a line, in bytes and in code points.
struct Position {
  std::size_t byte = 0, index = 0;
};

Position advance(std::string_view line, Position from, std::size_t index) {
  while (from.index < index && from.byte < line.size()) {
    from.byte = std::min(from.byte + sequence_size(line[from.byte]), line.size());
    ++from.index;
  }
  return from;
}

// The line as it can be shown, and where in it the caret stands: escaping and wide characters move columns.
// Of a line of megabytes only the part that is shown is looked at closely.
Excerpt excerpt(std::string_view line, const Mark& mark) {
  const std::size_t from = advance(line, {}, mark.column == 0 ? 0 : mark.column - 1).index;
  const std::size_t to = from + std::max(mark.length, 1U);
  const bool long_line = advance(line, {}, kExcerptColumns).byte < line.size();
  Position at = advance(line, {}, from > kExcerptColumns / 2 && long_line ? from - kExcerptColumns / 4 : 0);
  Excerpt result{at.index > 0 ? "…" : "", at.index > 0 ? 1U : 0U, 0};
  for (const std::size_t last = at.index + kExcerptColumns; at.index < last && at.byte < line.size();) {
    const Position next = advance(line, at, at.index + 1);
    std::string cell = escape(line.substr(at.byte, next.byte - at.byte));
    if (cell == "\\t") cell = " ";
    const std::size_t columns = width(cell);
    if (at.index < from) result.indent += columns;
    if (at.index >= from && at.index < to) result.underlined += columns;
    result.text += cell;
    at = next;
  }
  if (at.byte < line.size()) result.text += "…";
  result.underlined = std::max<std::size_t>(result.underlined, 1);
  return result;
}

std::string shown_line(Lines& lines, const Mark& mark, const Colours& colours) {
  if (!mark.known()) return {};
  Excerpt shown = excerpt(lines.line(mark), mark);
  std::string number = fmt::format("{:>3}", mark.line);
  std::string carets = "^" + std::string(shown.underlined - 1, '~');
  return fmt::format("{} │ {}\n{:{}} │ {:{}}{}{}{}\n", number, shown.text, "", number.size(), "",
                     shown.indent, colours.caret, carets, colours.off);
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string total(std::size_t errors, std::size_t warnings) {
  if (warnings == 0) return plural(errors, "error") + "\n";
  if (errors == 0) return plural(warnings, "warning") + "\n";
  return fmt::format("{}, {}\n", plural(errors, "error"), plural(warnings, "warning"));
}

std::string one(const Diagnostic& d, Lines& lines, const Colours& colours) {
  bool error = d.severity == Severity::kError;
  std::string text = fmt::format("{}{}:{} {}{}:{} {}\n", colours.bold, lines.place(d.mark), colours.off,
                                 error ? colours.error : colours.warning, error ? "error" : "warning",
                                 colours.off, escape(d.message));
  text += shown_line(lines, d.mark, colours);
  for (const Note& note : d.notes) {
    text += fmt::format("{}: {}note:{} {}\n", lines.place(note.mark), colours.note, colours.off,
                        escape(note.message));
  }
  if (!d.hint.empty()) text += fmt::format("    {}hint:{} {}\n", colours.note, colours.off, escape(d.hint));
  return text;
}

nlohmann::ordered_json place_json(const Mark& mark, const Sources& sources) {
  nlohmann::ordered_json place;
  place["file"] = mark.file < sources.size() ? escape(sources[mark.file].name) : "";
  place["line"] = mark.line;
  place["column"] = mark.column;
  return place;
}

auto order(const Diagnostic& d) {
  return std::tuple(d.mark.file, d.mark.line, d.mark.column);
}

bool same(const Diagnostic& a, const Diagnostic& b) {
  return a.severity == b.severity && a.mark == b.mark && a.message == b.message;
}

}  // namespace

Diagnostic& Diagnostics::error(Mark mark, std::string message, std::string hint) {
  return all_.emplace_back(Diagnostic{Severity::kError, mark, std::move(message), std::move(hint), {}});
}

Diagnostic& Diagnostics::warning(Mark mark, std::string message, std::string hint) {
  return all_.emplace_back(Diagnostic{Severity::kWarning, mark, std::move(message), std::move(hint), {}});
}

std::size_t Diagnostics::errors() const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](const auto& d) { return d.severity == Severity::kError; }));
}

std::size_t Diagnostics::warnings() const {
  return all_.size() - errors();
}

void Diagnostics::move(const std::function<void(Mark&)>& change) {
  for (Diagnostic& one : all_) {
    change(one.mark);
    for (Note& note : one.notes) change(note.mark);
  }
}

bool Diagnostics::has_errors() const {
  return errors() != 0;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = all_;
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return order(a) < order(b); });
  result.erase(std::unique(result.begin(), result.end(), same), result.end());
  return result;
}

std::string to_text(const Diagnostics& diagnostics, const Sources& sources, PrintStyle style) {
  std::vector<Diagnostic> all = diagnostics.sorted();
  if (all.empty()) return {};
  Lines lines(sources);
  std::string text;
  std::size_t errors = 0;
  for (const Diagnostic& d : all) {
    text += one(d, lines, style.color ? kColoured : kPlain);
    if (d.severity == Severity::kError) ++errors;
  }
  return text + total(errors, all.size() - errors);
}

std::string to_json(const Diagnostics& diagnostics, const Sources& sources) {
  std::vector<Diagnostic> all = diagnostics.sorted();
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::size_t errors = 0;
  for (const Diagnostic& d : all) {
    bool error = d.severity == Severity::kError;
    if (error) ++errors;
    nlohmann::ordered_json entry = place_json(d.mark, sources);
    entry["length"] = d.mark.length;
    entry["severity"] = error ? "error" : "warning";
    entry["message"] = escape(d.message);
    entry["hint"] = escape(d.hint);
    entry["notes"] = nlohmann::ordered_json::array();
    for (const Note& note : d.notes) {
      nlohmann::ordered_json other = place_json(note.mark, sources);
      other["message"] = escape(note.message);
      entry["notes"].push_back(std::move(other));
    }
    list.push_back(std::move(entry));
  }
  nlohmann::ordered_json result;
  result["errors"] = errors;
  result["warnings"] = all.size() - errors;
  result["diagnostics"] = std::move(list);
  return result.dump(2) + "\n";
}

}  // namespace procgraph
