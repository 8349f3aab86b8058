#include "graph/json_writer.h"

#include <utility>

#include "base/text.h"

namespace procgraph {
namespace {

// Invalid UTF-8 has no place in JSON: such text is escaped as people see it elsewhere.
std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::string clean = valid_utf8(text) ? std::string(text) : escape(text);
  std::string out = "\"";
  for (const char c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace

void JsonWriter::next(std::string_view key) {
  if (!empty_.empty()) {
    out_ += empty_.back() ? "\n" : ",\n";
    empty_.back() = false;
    out_.append(2 * empty_.size(), ' ');
  }
  if (key.empty()) return;
  out_ += json_string(key);
  out_ += ": ";
}

void JsonWriter::begin(std::string_view key, char bracket) {
  next(key);
  out_ += bracket;
  empty_.push_back(true);
}

void JsonWriter::end(char bracket) {
  const bool empty = empty_.back();
  empty_.pop_back();
  if (!empty) {
    out_ += '\n';
    out_.append(2 * empty_.size(), ' ');
  }
  out_ += bracket;
}

void JsonWriter::raw(std::string_view key, std::string_view value) {
  next(key);
  out_ += value;
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  raw(key, json_string(value));
}

void JsonWriter::texts(std::string_view key, std::span<const std::string> values) {
  std::string line = "[";
  for (const std::string& value : values) {
    if (line.size() > 1) line += ", ";
    line += json_string(value);
  }
  raw(key, line += ']');
}

std::string JsonWriter::take() {
  out_ += '\n';
  return std::move(out_);
}

}  // namespace procgraph
