// Output: what both reporters share: the two outlets, and the runner's own words on their way through the
// log.
#pragma once

#include "base/log.h"
#include "report/outlet.h"
#include "report/reporter.h"

namespace procgraph {

class Output : public Reporter {
 public:
  void news(std::string_view text) override { log_.write(Level::kNews, text); }
  void warning(std::string_view text) override { log_.write(Level::kWarning, text); }
  void error(std::string_view text) override { log_.write(Level::kError, text); }
  Flow pump() override;
  [[nodiscard]] std::size_t pending() const override { return out_.pending() + err_.pending(); }
  bool flush() override;

 protected:
  Output(const ReportOptions& options, const std::string& pattern, int out, int err);

  // One of our own lines: as it came, and as the pattern made it.
  virtual void own_words(Level level, std::string_view text, std::string_view line) = 0;

  Outlet out_, err_;

 private:
  Log log_;
};

[[nodiscard]] std::unique_ptr<Reporter> make_console(const ReportOptions& options, int out, int err);
[[nodiscard]] std::unique_ptr<Reporter> make_json_lines(const ReportOptions& options, int out, int err);

}  // namespace procgraph
