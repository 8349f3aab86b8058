// Diagnostic: one mistake in the user's text, with its place, a hint and notes elsewhere. All of them are
// collected and shown at once, sorted by place. Knows nothing of YAML or of graphs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/mark.h"

namespace procgraph {

enum class Severity { kError, kWarning };

struct Note {
  Mark mark;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::kError;
  Mark mark;
  std::string message;
  std::string hint;  // empty: none
  std::vector<Note> notes;
};

class Diagnostics {
 public:
  // Both return the new entry, valid until the next call, so that a caller can add a hint or a note.
  Diagnostic& error(Mark mark, std::string message, std::string hint = {});
  Diagnostic& warning(Mark mark, std::string message, std::string hint = {});

  // Changes the place of each, and those of its notes.
  void move(const std::function<void(Mark&)>& change);

  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] std::size_t errors() const;
  [[nodiscard]] std::size_t warnings() const;
  // By file, line, column; equal places keep their order; exact doubles are dropped.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> all_;
};

struct PrintStyle {
  bool color = false;
};

// "file:line:column: error: message", the line, a caret, "hint: …", notes; the last line counts errors and
// warnings. Every byte that came from a file is escaped: no control character but our own newlines (and
// colours) is in the result.
[[nodiscard]] std::string to_text(const Diagnostics& diagnostics, const Sources& sources, PrintStyle style);
// {"errors": n, "warnings": n, "diagnostics": [{file, line, column, length, severity, message, hint, notes:
// […]}]}
[[nodiscard]] std::string to_json(const Diagnostics& diagnostics, const Sources& sources);

}  // namespace procgraph
