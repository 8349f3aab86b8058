// Log: the runner's own words on their way out, through spdlog (log.cc is its only include). Knows how loud
// it is and how a line begins; where lines go is its owner's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace procgraph {

enum class Level : std::uint8_t { kNews, kWarning, kError };

[[nodiscard]] std::string_view name(Level level);  // news, warning, error

// One thread only.
class Log {
 public:
  // Receives each line that is loud enough: as it came, and as the pattern made it (no newline at its end).
  using Sink = std::function<void(Level level, std::string_view text, std::string_view line)>;

  // `pattern` is spdlog's; colours (%^ … %$) are the sink's business and not in the line.
  Log(Level least, const std::string& pattern, Sink sink);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  void write(Level level, std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace procgraph
