#include "report/json_text.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/text.h"

namespace procgraph {
namespace {

// Beyond U+FFFF as a surrogate pair.
void add_escape(std::string& to, char32_t code) {
  const auto add = [&](std::uint32_t unit) { fmt::format_to(std::back_inserter(to), "\\u{:04x}", unit); };
  if (code <= 0xffff) return add(code);
  add(0xd800 + ((code - 0x10000) >> 10U));
  add(0xdc00 + ((code - 0x10000) & 0x3ffU));
}

bool plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' &&
         c != '\\';
}

}  // namespace

void add_quoted(std::string& to, std::string_view text) {
  to += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && plain(text[run])) ++run;
    to += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const Decoded next = decode(text);
    if (!next.valid) {
      to += "\xef\xbf\xbd";
    } else if (next.code == '"' || next.code == '\\') {
      to += '\\';
      to += static_cast<char>(next.code);
    } else if (next.code == '\n' || next.code == '\t') {
      to += next.code == '\n' ? "\\n" : "\\t";
    } else if (unprintable(next.code)) {
      add_escape(to, next.code);
    } else {
      to += text.substr(0, next.size);
    }
    text.remove_prefix(next.size);
  }
  to += '"';
}

void JsonObject::add_key(std::string_view key) {
  if (!std::exchange(first_, false)) to_ += ',';
  add_quoted(to_, key);
  to_ += ':';
}

void JsonObject::add(std::string_view key, std::string_view value) {
  add_key(key);
  add_quoted(to_, value);
}

void JsonObject::add(std::string_view key, std::int64_t value) {
  add_key(key);
  fmt::format_to(std::back_inserter(to_), "{}", value);
}

void JsonObject::add_flag(std::string_view key) {
  add_key(key);
  to_ += "true";
}

}  // namespace procgraph
