// JSON lines: one object per line of a process, per word of our own and per event.
#include "report/json_records.h"
#include "report/output.h"

namespace procgraph {
namespace {

class JsonLines : public Output {
 public:
  JsonLines(const ReportOptions& options, int out, int err) : Output(options, "%v", out, err) {}

  void line(const Label& from, LogStream stream, std::string_view text, bool cut) override {
    add_line_record((stream == LogStream::kOut ? out_ : err_).buffer(), from.name, stream, text, cut);
  }

  void event(std::string_view what, std::string_view process, std::span<const Field> fields) override {
    add_event_record(err_.buffer(), what, process, fields);
  }

 private:
  void own_words(Level level, std::string_view text, std::string_view) override {
    add_words_record(err_.buffer(), level, text);
  }
};

}  // namespace

std::unique_ptr<Reporter> make_json_lines(const ReportOptions& options, int out, int err) {
  return std::make_unique<JsonLines>(options, out, err);
}

}  // namespace procgraph
