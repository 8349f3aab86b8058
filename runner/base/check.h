// check: for what can only be our own mistake. Says so with the values, and aborts; nothing is tidied up, for
// nothing can be trusted any more.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace procgraph {

template <class... Values>
void check(bool holds, fmt::format_string<Values...> what, Values&&... values) {
  if (holds) [[likely]]
    return;
  fmt::print(stderr, "procgraph: internal error: {}\n", fmt::format(what, std::forward<Values>(values)...));
  std::abort();
}

}  // namespace procgraph
