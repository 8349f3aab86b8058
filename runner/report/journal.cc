#include "report/journal.h"

#include "report/json_records.h"

namespace procgraph {

std::size_t Journal::size_of(const Record& record) {
  return sizeof(Record) + record.process.size() + record.json.size();
}

Journal::Record& Journal::begin(Kind kind, std::string_view process) {
  return records_.emplace_back(
      Record{.kind = kind, .at = std::chrono::steady_clock::now(), .process = std::string(process), .json{}});
}

// The last one stays, however large it is.
void Journal::end(const Record& record) {
  size_ += size_of(record);
  while (size_ > most_ && records_.size() > 1) {
    size_ -= size_of(records_.front());
    records_.pop_front();
    ++first_;
  }
  if (tell_) tell_();
}

void Journal::line(const Label& from, LogStream stream, std::string_view text, bool cut) {
  next_.line(from, stream, text, cut);
  Record& record = begin(Kind::kLine, from.name);
  add_line_record(record.json, from, stream, text, cut);
  end(record);
}

void Journal::news(std::string_view text) {
  next_.news(text);
  Record& record = begin(Kind::kWords, "");
  add_words_record(record.json, Level::kNews, text);
  end(record);
}

void Journal::warning(std::string_view text) {
  next_.warning(text);
  Record& record = begin(Kind::kWords, "");
  add_words_record(record.json, Level::kWarning, text);
  end(record);
}

void Journal::error(std::string_view text) {
  next_.error(text);
  Record& record = begin(Kind::kWords, "");
  add_words_record(record.json, Level::kError, text);
  end(record);
}

void Journal::event(std::string_view what, std::string_view process, std::span<const Field> fields) {
  next_.event(what, process, fields);
  Record& record = begin(Kind::kEvent, process);
  add_event_record(record.json, what, process, fields);
  end(record);
}

}  // namespace procgraph
