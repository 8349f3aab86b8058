// Problems: the front end's way to Diagnostics, with an end to it: a hostile file cannot make a million
// messages.
#pragma once

#include <string>
#include <utility>

#include "base/diagnostic.h"

namespace procgraph::config {

class Problems {
 public:
  static constexpr std::size_t kMost = 1'000;

  explicit Problems(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // Valid until the next call, as in Diagnostics.
  Diagnostic& error(Mark mark, std::string message, std::string hint = {}) {
    ++errors_;
    if (full()) return overflow();
    return diagnostics_.error(mark, std::move(message), std::move(hint));
  }
  Diagnostic& warning(Mark mark, std::string message, std::string hint = {}) {
    if (++warnings_ > kMost) return unseen_ = {};
    return diagnostics_.warning(mark, std::move(message), std::move(hint));
  }

  // More than kMost errors: nothing that is still to be found would be shown.
  [[nodiscard]] bool full() const { return errors_ > kMost; }
  [[nodiscard]] std::size_t errors() const { return errors_; }

 private:
  Diagnostic& overflow() {
    constexpr Mark kLast{.file = ~0U};  // sorts behind every place
    if (errors_ == kMost + 1) diagnostics_.error(kLast, "more than 1,000 errors; the rest is not shown");
    return unseen_ = {};
  }

  Diagnostics& diagnostics_;
  Diagnostic unseen_;
  std::size_t errors_ = 0, warnings_ = 0;
};

}  // namespace procgraph::config
