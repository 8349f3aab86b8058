#include "report/journal.h"

#include <algorithm>

#include "report/json_records.h"

namespace procgraph {

std::string Journal::Record::json() const {
  if (kind != Kind::kLine) return std::string(text);
  std::string line;
  add_line_record(line, process, stream, text, cut, std::chrono::steady_clock::now() - at);
  return line;
}

std::size_t Journal::size_of(const Record& record) {
  return sizeof(Record) + record.process.size() + record.text.size();
}

void Journal::forget_first() {
  size_ -= size_of(records_.front());
  records_.pop_front();
  ++first_;
}

// As many of the oldest go as lie in the way.
char* Journal::room_for(std::size_t size) {
  if (size > room_) {
    while (!records_.empty()) forget_first();
    room_ = std::max(size, most_);
    bytes_ = std::make_unique_for_overwrite<char[]>(room_);
  }
  for (;; forget_first()) {
    if (records_.empty()) {
      end_ = 0;
      break;
    }
    const auto begin = static_cast<std::size_t>(records_.front().process.data() - bytes_.get());
    if (end_ > begin && room_ - end_ >= size) break;
    if (end_ > begin && begin >= size) {
      end_ = 0;
      break;
    }
    if (end_ < begin && begin - end_ >= size) break;
  }
  char* place = bytes_.get() + end_;
  end_ += size;
  return place;
}

// The last one stays, however large it is.
void Journal::keep(Record record) {
  const std::size_t size = size_of(record);
  while (!records_.empty() && size_ + size > most_) forget_first();
  char* place = room_for(std::max<std::size_t>(record.process.size() + record.text.size(), 1));
  char* text = std::ranges::copy(record.process, place).out;
  std::ranges::copy(record.text, text);
  record.process = {place, record.process.size()};
  record.text = {text, record.text.size()};
  if (record.at == std::chrono::steady_clock::time_point{}) record.at = std::chrono::steady_clock::now();
  records_.push_back(record);
  size_ += size;
  if (tell_) tell_();
}

Flow Journal::pump() {
  now_.reset();
  return next_.pump();
}

void Journal::line(const Label& from, LogStream stream, std::string_view text, bool cut) {
  next_.line(from, stream, text, cut);
  if (!now_) now_ = std::chrono::steady_clock::now();
  keep({.kind = Kind::kLine, .stream = stream, .cut = cut, .at = *now_, .process = from.name, .text = text});
}

void Journal::news(std::string_view text) {
  next_.news(text);
  std::string json;
  add_words_record(json, Level::kNews, text);
  keep({.kind = Kind::kWords, .text = json});
}

void Journal::warning(std::string_view text) {
  next_.warning(text);
  std::string json;
  add_words_record(json, Level::kWarning, text);
  keep({.kind = Kind::kWords, .text = json});
}

void Journal::error(std::string_view text) {
  next_.error(text);
  std::string json;
  add_words_record(json, Level::kError, text);
  keep({.kind = Kind::kWords, .text = json});
}

void Journal::event(std::string_view what, std::string_view process, std::span<const Field> fields) {
  next_.event(what, process, fields);
  std::string json;
  add_event_record(json, what, process, fields);
  keep({.kind = Kind::kEvent, .process = process, .text = json});
}

}  // namespace procgraph
