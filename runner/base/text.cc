#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace procgraph {

Decoded decode(std::string_view text) {
  auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code = lead & (0x7FU >> size);
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U) return {};
    code = (code << 6) | (byte(at) & 0x3FU);
  }
  static constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast.at(size) || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, size, true};
}

namespace {

bool zero_width(char32_t code) {
  return (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x2069) || code == 0xFEFF || code == 0x061C || code == 0x00AD ||
         code == 0x180E || (code >= 0xE0000 && code <= 0xE007F);
}

}  // namespace

bool unprintable(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || zero_width(code);
}

namespace {

bool combining(char32_t code) {
  return (code >= 0x0300 && code <= 0x036F) || (code >= 0x1AB0 && code <= 0x1AFF) ||
         (code >= 0x20D0 && code <= 0x20FF) || (code >= 0xFE00 && code <= 0xFE0F) ||
         (code >= 0xFE20 && code <= 0xFE2F);
}

bool wide(char32_t code) {
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE4F) || (code >= 0xFF00 && code <= 0xFF60) ||
         (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1FAFF) ||
         (code >= 0x20000 && code <= 0x3FFFD);
}

std::string escape_code(char32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\t') return "\\t";
  if (code == '\r') return "\\r";
  if (code < 0x80) return fmt::format("\\x{:02x}", static_cast<unsigned>(code));
  return fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(code));
}

std::string escaped(std::string_view text, bool keep_tabs) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    Decoded next = decode(text);
    bool control = unprintable(next.code);
    if (!next.valid) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (control && !(keep_tabs && next.code == '\t')) {
      result += escape_code(next.code);
    } else {
      result += text.substr(0, next.size);
    }
    text.remove_prefix(next.size);
  }
  return result;
}

// Optimal string alignment distance (Damerau-Levenshtein without repeated edits of one substring).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string escape(std::string_view text) {
  return escaped(text, false);
}
std::string escape_line(std::string_view text) {
  return escaped(text, true);
}

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    Decoded next = decode(text);
    if (!next.valid) return false;
    text.remove_prefix(next.size);
  }
  return true;
}

std::size_t width(std::string_view utf8) {
  std::size_t columns = 0;
  while (!utf8.empty()) {
    Decoded next = decode(utf8);
    if (!combining(next.code) && !zero_width(next.code)) columns += wide(next.code) ? 2 : 1;
    utf8.remove_prefix(next.size);
  }
  return columns;
}

std::string shell_quote(std::string_view word) {
  static constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string shell_join(std::span<const std::string> words) {
  std::vector<std::string> quoted;
  quoted.reserve(words.size());
  for (const std::string& word : words) quoted.push_back(shell_quote(word));
  return join(quoted, " ");
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  static constexpr std::size_t kLongest =
      64;  // what people type; beyond it the distance costs more than it helps
  if (word.size() > kLongest) return {};
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    std::size_t difference =
        candidate.size() > word.size() ? candidate.size() - word.size() : word.size() - candidate.size();
    if (difference >= least) continue;
    std::size_t d = distance(word, candidate);
    if (d >= least || d >= candidate.size()) continue;
    least = d;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best = nearest(word, candidates);
  return best ? fmt::format("did you mean '{}'?", *best) : "";
}

bool valid_name(std::string_view name) {
  static constexpr std::size_t kLongest = 63;
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kLongest && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), inner);
}

}  // namespace procgraph
