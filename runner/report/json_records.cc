#include "report/json_records.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "report/json_text.h"

namespace procgraph {
namespace {

void add_time(JsonObject& record, std::chrono::nanoseconds ago = {}) {
  std::string text;
  add_utc_time(text, ago);
  record.add("time", text);
}

}  // namespace

void add_utc_time(std::string& to, std::chrono::nanoseconds ago) {
  const auto time = std::chrono::system_clock::now() - ago;
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(second);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const int rest = std::snprintf(text.data() + size, text.size() - size, ".%03dZ",
                                 static_cast<int>((time - second) / std::chrono::milliseconds(1)));
  to.append(text.data(), size + static_cast<std::size_t>(rest));
}

void add_line_record(std::string& to, std::string_view from, LogStream stream, std::string_view text,
                     bool cut, std::chrono::nanoseconds ago) {
  JsonObject record(to);
  add_time(record, ago);
  record.add("process", from);
  record.add("stream", stream == LogStream::kOut ? "stdout" : "stderr");
  record.add("line", text);
  if (cut) record.add_flag("cut");
}

void add_words_record(std::string& to, Level level, std::string_view text) {
  JsonObject record(to);
  add_time(record);
  record.add("level", name(level));
  record.add("message", text);
}

void add_event_record(std::string& to, std::string_view what, std::string_view process,
                      std::span<const Field> fields) {
  JsonObject record(to);
  add_time(record);
  record.add("event", what);
  if (!process.empty()) record.add("process", process);
  for (const Field& field : fields)
    std::visit([&](const auto& value) { record.add(field.key, value); }, field.value);
}

void add_missing_record(std::string& to, std::uint64_t lines) {
  JsonObject record(to);
  add_time(record);
  record.add("missing", static_cast<std::int64_t>(lines));
}

}  // namespace procgraph
