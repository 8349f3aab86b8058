// Journal: what a run has said lately, kept in bounded memory for those who look at it: lines of processes,
// procgraph's own words, events, each with a number. It stands in front of another reporter, to which
// everything passes. A line is kept as it came, and becomes JSON when somebody reads it: most never are.
// Knows nothing of who reads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "report/reporter.h"

namespace procgraph {

class Journal : public Reporter {
 public:
  enum class Kind : std::uint8_t { kLine, kWords, kEvent };
  // Until the next record comes.
  struct Record {
    Kind kind = Kind::kLine;
    LogStream stream = LogStream::kOut;  // of a line
    bool cut = false;
    std::chrono::steady_clock::time_point at{};
    std::string_view process;  // its label, or the process's name; "": the graph's
    std::string_view text;     // a line as it came; else JSON
    // An object on one line, with the newline.
    [[nodiscard]] std::string json() const;
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
  Flow pump() override;
  [[nodiscard]] std::size_t pending() const override { return next_.pending(); }
  void finish(std::chrono::nanoseconds most) override { next_.finish(most); }
  bool flush() override { return next_.flush(); }

 private:
  void keep(Record record);
  void forget_first();
  char* room_for(std::size_t size);

  Reporter& next_;
  const std::size_t most_;
  std::deque<Record> records_;
  std::uint64_t first_ = 1;
  std::size_t size_ = 0;
  // The bytes of the records, one behind the other in a ring; none lies around its end.
  std::unique_ptr<char[]> bytes_;
  std::size_t room_ = 0, end_ = 0;
  // Lines that come between two pumps come at one time: a clock costs more than a line. Each is followed by a
  // pump soon.
  std::optional<std::chrono::steady_clock::time_point> now_;
  std::function<void()> tell_;
};

}  // namespace procgraph
