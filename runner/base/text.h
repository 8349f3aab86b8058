// Text on its way to a person: escaping, width, quoting, lists, "did you mean".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

struct Decoded {
  char32_t code = 0;
  std::size_t size = 1;
  bool valid = false;
};

// The first code point of a text that is not empty, from valid UTF-8 (no overlong form, no surrogate, at most
// U+10FFFF), or one invalid byte.
[[nodiscard]] Decoded decode(std::string_view text);
// C0, C1, DEL, bidirectional or zero-width: what a terminal does something else with than show it.
[[nodiscard]] bool unprintable(char32_t code);
// Every C0, C1, DEL, bidirectional or zero-width character and every invalid UTF-8 byte becomes \n, \t, \x1b,
// \u{202e} …; the result is printable UTF-8 on one line.
[[nodiscard]] std::string escape(std::string_view text);
// As escape(), but tabs stay: for lines of a log.
[[nodiscard]] std::string escape_line(std::string_view text);
[[nodiscard]] bool valid_utf8(std::string_view text);
[[nodiscard]] std::size_t width(std::string_view utf8);  // columns on a terminal
// As a POSIX shell would need it: words of safe characters stay bare, others get single quotes.
[[nodiscard]] std::string shell_quote(std::string_view word);
[[nodiscard]] std::string shell_join(std::span<const std::string> words);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);
// The candidate nearest to `word` (edit distance with transpositions, at most a third of its length), or
// nothing.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);
// "did you mean 'work'?" or "".
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);
[[nodiscard]] bool valid_name(std::string_view name);  // [A-Za-z][A-Za-z0-9_-]{0,62}

}  // namespace procgraph
