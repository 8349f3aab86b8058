#include "supervise/announcer.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "supervise/wording.h"

namespace procgraph {

Announcer::Announcer(boost::asio::io_context& io, const ManagerLine& line, std::size_t spawns)
    : line_(line), timer_(io) {
  status(fmt::format("starting {}", count(spawns, "process", "processes")));
  if (line.watchdog) keep_alive();
}

// None of the two is taken back, so nobody has to be looked at twice.
void Announcer::look(const Situation& situation) {
  if (told_ready_ || told_stopping_) return;
  const std::size_t spawns = situation.spawns.size();
  const auto counts = [](const SpawnState& spawn) { return spawn.was_ready || life::over(spawn.life); };
  while (ready_ < spawns && counts(situation.spawns[ready_])) ++ready_;
  if (ready_ < spawns) return;
  told_ready_ = true;
  line_.say("READY=1");
  status(fmt::format("{} {}", count(spawns, "process", "processes"), spawns == 1 ? "runs" : "run"));
}

void Announcer::status(const std::string& text) const {
  line_.say("STATUS=" + text.substr(0, text.find('\n')));
}

void Announcer::stopping(const std::string& text) {
  over();
  status(text);
}

void Announcer::over() {
  if (!std::exchange(told_stopping_, true)) line_.say("STOPPING=1");
}

// Twice as often as it is wanted. Nothing but the loop itself says it: one that hangs is noticed.
void Announcer::keep_alive() {
  line_.say("WATCHDOG=1");
  timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(*line_.watchdog / 2));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) keep_alive();
  });
}

}  // namespace procgraph
