#include "report/output.h"

namespace procgraph {
namespace {

Level least(const ReportOptions& options) {
  if (options.quiet) return Level::kError;
  return options.verbose ? Level::kNews : Level::kWarning;
}

}  // namespace

Output::Output(const ReportOptions& options, const std::string& pattern, int out, int err)
    : out_(out),
      err_(err),
      log_(least(options), pattern, [this](Level level, std::string_view text, std::string_view line) {
        own_words(level, text, line);
      }) {}

// A lost stderr is ignored: nobody is left to be told.
Flow Output::pump() {
  Flow flow;
  flow.out = out_.pump();
  flow.err = err_.pump();
  flow.lost = out_.lost();
  return flow;
}

bool Output::flush() {
  out_.flush();
  err_.flush();
  return out_.lost() == 0;
}

std::unique_ptr<Reporter> make_reporter(const ReportOptions& options, int out, int err) {
  return options.format == LogFormat::kJson ? make_json_lines(options, out, err)
                                            : make_console(options, out, err);
}

}  // namespace procgraph
