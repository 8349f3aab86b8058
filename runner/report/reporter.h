// Reporter: where a run's events go. The console and the JSON lines are its two implementations.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace procgraph {

enum class LogStream : std::uint8_t { kOut, kErr };

struct Label {
  std::string name;     // "m", "parse.0"
  unsigned colour = 0;  // index of the process: neighbours differ
};

class Reporter {
 public:
  virtual ~Reporter() = default;

  // A line that a process printed, without its newline. `cut`: it was longer than the limit, the rest was
  // dropped.
  virtual void line(const Label& from, LogStream stream, std::string_view text, bool cut) = 0;
  virtual void dropped_lines(const Label& from, std::uint64_t count) = 0;
  // The runner's own words, each one line: news only with -v, warnings unless -q, errors always.
  virtual void news(std::string_view text) = 0;
  virtual void warning(std::string_view text) = 0;
  virtual void error(std::string_view text) = 0;
  // Something that happened, for machines: name of the event, process label, key=value pairs (JSON lines
  // only).
  virtual void event(std::string_view what, std::string_view process,
                     const std::vector<std::pair<std::string, std::string>>& fields) = 0;
  // Everything handed over so far has been written; false: stdout lost its reader.
  virtual bool flush() = 0;
};

enum class LogFormat : std::uint8_t { kText, kJson };

struct ReportOptions {
  LogFormat format = LogFormat::kText;
  bool prefix = true;
  bool timestamps = false;
  bool color_out = false, color_err = false;
  bool quiet = false;
  bool verbose = false;
  std::size_t label_width = 0;  // the widest label: prefixes align
};

[[nodiscard]] std::unique_ptr<Reporter> make_reporter(const ReportOptions& options);

}  // namespace procgraph
