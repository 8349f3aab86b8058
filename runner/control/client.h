// Client: a line to the control socket of a running graph: asks and waits for the answer, and hears what it
// follows. Blocks; not for two threads at a time.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/units.h"
#include "control/protocol.h"
#include "os/fd.h"

namespace procgraph {

class Client {
 public:
  explicit Client(Fd line) : line_(std::move(line)) {}

  // How long an answer may take: one to `wait` takes as long as the run, for which nothing stands.
  static constexpr std::chrono::seconds kPatience{10};
  [[nodiscard]] Answer call(std::string_view method, Json params = Json::object(),
                            std::optional<Duration> patience = kPatience);

  struct Notice {
    std::string method;
    Json params;
  };
  // The next one, however long it takes; nothing: the graph has hung up.
  [[nodiscard]] std::optional<Notice> next();
  // True: it has hung up, or says something, before that time is over.
  [[nodiscard]] bool stirs_within(std::chrono::milliseconds time) const;

 private:
  enum class Got { kLine, kHungUp, kNothing };
  Got read_line(std::string& line);
  [[nodiscard]] bool take(const std::string& line, const Json& id, Answer& answer);

  Fd line_;
  std::string text_;
  std::size_t looked_ = 0;  // bytes of it without a newline
  std::deque<Notice> notices_;
  int last_ = 0;  // id of a request
};

}  // namespace procgraph
