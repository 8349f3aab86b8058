// Expressions: a graph on one line, as `procgraph exec` takes it: 'seq 1000 ! grep 7 *4 ! wc -l'. '!' stands
// between stages, '*4' behind one is the number of its copies. Pure: from text to the text of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace procgraph {

struct ExpressionFile {
  std::string text;
  std::vector<Mark> places;  // in the expression: of the text's lines, from the first
};

// The file that says the same: neighbours are joined by byte pipes, or by queues of lines where one of them
// has copies; the first reads procgraph's stdin and the last writes its stdout. Nothing if a mistake was
// reported, at its place in `expression`, which is number `file` among the sources.
[[nodiscard]] std::optional<ExpressionFile> file_of_expression(Source& expression, std::uint32_t file,
                                                               Diagnostics& diagnostics);

}  // namespace procgraph
