#include "base/pattern.h"

#include <re2/re2.h>

#include <utility>

namespace procgraph {

std::variant<Pattern, std::string> Pattern::compile(std::string_view expression) {
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled =
      std::make_shared<const RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled->ok()) return compiled->error();
  return Pattern(std::move(compiled));
}

bool Pattern::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace procgraph
