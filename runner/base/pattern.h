// Pattern: a regular expression, compiled. Searching takes time proportional to the text, whatever the
// expression and the text are, so that a hostile line stalls nobody. A value; copies share what is compiled.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace re2 {
class RE2;
}

namespace procgraph {

class Pattern {
 public:
  // Or what is wrong with it: "missing ): load(ed".
  [[nodiscard]] static std::variant<Pattern, std::string> compile(std::string_view expression);

  // Whether some part of the text matches.
  [[nodiscard]] bool found_in(std::string_view text) const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace procgraph
