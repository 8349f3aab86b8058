// JsonWriter: JSON text in the order in which it is written, indented for people. Knows no values of ours.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

class JsonWriter {
 public:
  // A scope ends what it began. `key` names it in an object; in an array, and at the top, it is empty.
  void begin_object(std::string_view key = {}) { begin(key, '{'); }
  void end_object() { end('}'); }
  void begin_array(std::string_view key = {}) { begin(key, '['); }
  void end_array() { end(']'); }

  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::integral auto value) { raw(key, std::to_string(value)); }
  void boolean(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  void texts(std::string_view key, std::span<const std::string> values);  // on one line

  [[nodiscard]] std::string take();  // with a newline at its end

 private:
  void begin(std::string_view key, char bracket);
  void end(char bracket);
  void raw(std::string_view key, std::string_view value);
  void next(std::string_view key);

  std::string out_;
  std::vector<bool> empty_;  // by open scope: nothing in it yet
};

}  // namespace procgraph
