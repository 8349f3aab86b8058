// JsonObject: one object on one line, appended to a text. Whatever bytes a string has, the line is valid JSON
// in UTF-8 and holds nothing that acts on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace procgraph {

class JsonObject {
 public:
  explicit JsonObject(std::string& to) : to_(to) { to_ += '{'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;
  ~JsonObject() { to_ += "}\n"; }

  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, std::int64_t value);
  void add_flag(std::string_view key);  // true

 private:
  void add_key(std::string_view key);

  std::string& to_;
  bool first_ = true;
};

// Appends `text` in quotes. Control, bidirectional and zero-width characters become \uXXXX, which a reader
// turns back; a byte that is no UTF-8 becomes U+FFFD.
void add_quoted(std::string& to, std::string_view text);

}  // namespace procgraph
