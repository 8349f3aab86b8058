// JSON lines: one object per line of a process, per word of our own and per event.
#include <array>
#include <cstdio>
#include <ctime>

#include "report/json_text.h"
#include "report/output.h"

namespace procgraph {
namespace {

class JsonLines : public Output {
 public:
  JsonLines(const ReportOptions& options, int out, int err) : Output(options, "%v", out, err) {}

  void line(const Label& from, LogStream stream, std::string_view text, bool cut) override {
    const bool is_out = stream == LogStream::kOut;
    JsonObject record((is_out ? out_ : err_).buffer());
    add_time(record);
    record.add("process", from.name);
    record.add("stream", is_out ? "stdout" : "stderr");
    record.add("line", text);
    if (cut) record.add_flag("cut");
  }

  void event(std::string_view what, std::string_view process, std::span<const Field> fields) override {
    JsonObject record(err_.buffer());
    add_time(record);
    record.add("event", what);
    if (!process.empty()) record.add("process", process);
    for (const Field& field : fields)
      std::visit([&](const auto& value) { record.add(field.key, value); }, field.value);
  }

 private:
  // RFC 3339, UTC, milliseconds.
  static void add_time(JsonObject& record) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const int rest =
        std::snprintf(text.data() + size, text.size() - size, ".%03ldZ", now.tv_nsec / 1'000'000);
    record.add("time", {text.data(), size + static_cast<std::size_t>(rest)});
  }

  void own_words(Level level, std::string_view text, std::string_view) override {
    JsonObject record(err_.buffer());
    add_time(record);
    record.add("level", name(level));
    record.add("message", text);
  }
};

}  // namespace

std::unique_ptr<Reporter> make_json_lines(const ReportOptions& options, int out, int err) {
  return std::make_unique<JsonLines>(options, out, err);
}

}  // namespace procgraph
