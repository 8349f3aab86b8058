#include "base/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <utility>

namespace procgraph {
namespace {

constexpr std::array kLevels{spdlog::level::info, spdlog::level::warn, spdlog::level::err};

Level level_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return Level::kError;
  return level == spdlog::level::warn ? Level::kWarning : Level::kNews;
}

class ToOwner : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit ToOwner(Log::Sink owner) : owner_(std::move(owner)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    owner_(level_of(message.level), {message.payload.data(), message.payload.size()},
           {line.data(), line.size()});
  }
  void flush_() override {}

 private:
  Log::Sink owner_;
};

}  // namespace

struct Log::State {
  spdlog::logger logger;
};

std::string_view name(Level level) {
  constexpr std::array<std::string_view, 3> kNames{"news", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

Log::Log(Level least, const std::string& pattern, Sink sink)
    : state_(new State{spdlog::logger("procgraph", std::make_shared<ToOwner>(std::move(sink)))}) {
  state_->logger.set_level(kLevels[static_cast<std::size_t>(least)]);
  state_->logger.set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::local, std::string()));
}

Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

void Log::write(Level level, std::string_view text) {
  state_->logger.log(kLevels[static_cast<std::size_t>(level)],
                     spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace procgraph
