// Journal: what a run has said lately, kept in bounded memory for those who look at it: lines of processes,
// procgraph's own words, events, each with a number, as one JSON object. It stands in front of another
// reporter, to which everything passes. Knows nothing of who reads it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "report/reporter.h"

namespace procgraph {

class Journal : public Reporter {
 public:
  enum class Kind : std::uint8_t { kLine, kWords, kEvent };
  struct Record {
    Kind kind = Kind::kLine;
    std::chrono::steady_clock::time_point at;
    std::string process;  // its label, or the process's name; "": the graph's
    std::string json;     // an object on one line, with the newline
  };
  static constexpr std::size_t kMost = 4U << 20U;  // bytes, as size_of() counts them

  // `next` outlives us.
  explicit Journal(Reporter& next, std::size_t most = kMost) : next_(next), most_(most) {}

  // Records first() to end() - 1 are there; what was before them is gone.
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t end() const { return first_ + records_.size(); }
  [[nodiscard]] const Record& at(std::uint64_t sequence) const { return records_[sequence - first_]; }
  // What a record costs.
  [[nodiscard]] static std::size_t size_of(const Record& record);
  // Called after each record; must not wait.
  void on_record(std::function<void()> tell) { tell_ = std::move(tell); }

  void line(const Label& from, LogStream stream, std::string_view text, bool cut) override;
  void news(std::string_view text) override;
  void warning(std::string_view text) override;
  void error(std::string_view text) override;
  void event(std::string_view what, std::string_view process, std::span<const Field> fields) override;
  Flow pump() override { return next_.pump(); }
  [[nodiscard]] std::size_t pending() const override { return next_.pending(); }
  void finish(std::chrono::nanoseconds most) override { next_.finish(most); }
  bool flush() override { return next_.flush(); }

 private:
  Record& begin(Kind kind, std::string_view process);
  void end(const Record& record);

  Reporter& next_;
  const std::size_t most_;
  std::deque<Record> records_;
  std::uint64_t first_ = 1;
  std::size_t size_ = 0;
  std::function<void()> tell_;
};

}  // namespace procgraph
