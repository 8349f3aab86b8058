// Reporter: where a run's events go. The console and the JSON lines are its two implementations.
//
// Lines of processes' stdout go to our stdout; lines of their stderr and our own words to our stderr. Nothing
// here ever waits but flush(): what a slow reader does not take is kept, and the caller stops reading from
// processes until it has been taken, so that the pipe fills and the process waits.
//
// On a terminal, and in JSON, no byte of a process can act on the terminal (promise H8). In a pipe or a file
// the text of a line passes as it is: it is data for the next program, and our prefix still tells whose it
// is.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace procgraph {

enum class LogStream : std::uint8_t { kOut, kErr };

struct Label {
  std::string name;     // "m", "parse.0"
  unsigned colour = 0;  // index of the process: neighbours differ
};

// What is still to be written, and what cannot be.
struct Flow {
  int out = -1, err = -1;  // descriptors that must become writable first; -1: nothing waits
  int lost = 0;            // errno with which stdout refused for good (EPIPE: its reader has gone); 0: none

  [[nodiscard]] bool waits() const { return out >= 0 || err >= 0; }
};

inline constexpr std::string_view kCutMark = " [cut at 64 KiB]";  // behind a line that was longer

struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t> value;
};

class Reporter {
 public:
  virtual ~Reporter() = default;

  // A line that a process printed, without its newline. `cut`: it was longer than the limit, the rest was
  // dropped.
  virtual void line(const Label& from, LogStream stream, std::string_view text, bool cut) = 0;
  // The runner's own words: news only with -v, warnings unless -q, errors always. What follows a newline is a
  // continuation, indented.
  virtual void news(std::string_view text) = 0;
  virtual void warning(std::string_view text) = 0;
  virtual void error(std::string_view text) = 0;
  // Something that happened, for machines (JSON lines only): its name, the process's label or "", details.
  virtual void event(std::string_view what, std::string_view process, std::span<const Field> fields) = 0;

  // Writes what can be written without waiting.
  virtual Flow pump() = 0;
  // Bytes that were handed over and not written yet.
  [[nodiscard]] virtual std::size_t pending() const = 0;
  // Nothing of the run is to come: waits, at most so long, for what is written beside the standard streams,
  // and tells what of it could not be.
  virtual void finish(std::chrono::nanoseconds) {}
  // Writes everything, waiting as long as it takes; false: stdout could not be written.
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

// The colour in which a terminal shows the name of the process with this index: an escape sequence.
[[nodiscard]] std::string_view label_color(unsigned index);
inline constexpr std::string_view kLabelBar = " │ ";  // between a name and its line

// `out` and `err` stay the caller's.
[[nodiscard]] std::unique_ptr<Reporter> make_reporter(const ReportOptions& options, int out = 1, int err = 2);

}  // namespace procgraph
