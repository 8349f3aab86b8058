#include "report/spooler.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/quiet_thread.h"

namespace procgraph {
namespace {

// A line of ours that tells of missing ones, and where it stands among others.
struct Gap {
  std::size_t at = 0;
  std::uint64_t lines = 0;
};

struct Lines {
  std::string text;
  std::vector<Gap> gaps;

  // How many there are from here on, with those of which the gaps tell.
  [[nodiscard]] std::uint64_t count_from(std::size_t at) const {
    auto lines = static_cast<std::uint64_t>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), '\n'));
    for (const Gap& gap : gaps) {
      if (gap.at >= at) lines += gap.lines - 1;
    }
    return lines;
  }
  // Those of them that are known to be lost.
  [[nodiscard]] std::uint64_t lost_from(std::size_t at) const {
    std::uint64_t lines = 0;
    for (const Gap& gap : gaps) {
      if (gap.at >= at) lines += gap.lines;
    }
    return lines;
  }
};

struct Lane {
  RotatingFile file;
  Lines waiting;
  std::uint64_t untold = 0;  // lines that are missing behind the last one that waits, or was written
  Spooler::Loss loss;
  bool queued = false;
};

}  // namespace

struct Spooler::State {
  State(Room how_much, Missing how) : room(how_much), missing(std::move(how)) {}

  const Room room;
  const Missing missing;
  std::mutex mutex;
  std::condition_variable work, idle;
  std::deque<Lane> lanes;  // whose addresses hold
  std::deque<std::size_t> queue;
  std::size_t bytes = 0;  // that wait, in all lanes
  bool writing = false, over = false;

  // What the disk has refused is missing before all that waits since.
  void lose(Lane& lane, const Lines& lines, const RotatingFile::Outcome& outcome) {
    const std::uint64_t count = lines.count_from(outcome.written);
    lane.loss.lines += count - lines.lost_from(outcome.written);
    lane.loss.error = outcome.error;
    if (lane.waiting.text.empty()) {
      lane.untold += count;
      return;
    }
    const std::string gap = missing(count);
    lane.waiting.text.insert(0, gap);
    for (Gap& later : lane.waiting.gaps) later.at += gap.size();
    lane.waiting.gaps.insert(lane.waiting.gaps.begin(), {0, count});
    bytes += gap.size();
  }
};

Spooler::Spooler(Room room, Missing missing) : state_(std::make_shared<State>(room, std::move(missing))) {
  Result<std::thread> thread = quiet_thread("that writes the logs", [state = state_] { run(state); });
  if (!thread) throw std::runtime_error(thread.error().text());
  thread->detach();
}

Spooler::~Spooler() {
  const std::lock_guard lock(state_->mutex);
  state_->over = true;
  if (state_->queue.empty() && !state_->writing) state_->lanes.clear();  // and with them the folder
  state_->work.notify_one();
}

std::size_t Spooler::add(RotatingFile file) {
  const std::lock_guard lock(state_->mutex);
  state_->lanes.push_back(Lane{.file = std::move(file)});
  return state_->lanes.size() - 1;
}

void Spooler::append(std::size_t file, std::string_view line) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  Lane& lane = s.lanes[file];
  const std::string gap = lane.untold > 0 ? s.missing(lane.untold) : std::string();
  const std::size_t more = gap.size() + line.size();
  // One line finds room in an empty lane however long it is.
  const bool fits = lane.waiting.text.empty() || lane.waiting.text.size() + more <= s.room.each;
  if (!fits || (s.bytes > 0 && s.bytes + more > s.room.all)) {
    ++lane.loss.lines;
    ++lane.untold;
    return;
  }
  if (lane.untold > 0) lane.waiting.gaps.push_back({lane.waiting.text.size(), std::exchange(lane.untold, 0)});
  lane.waiting.text += gap;
  lane.waiting.text += line;
  s.bytes += more;
  if (std::exchange(lane.queued, true)) return;
  s.queue.push_back(file);
  s.work.notify_one();
}

bool Spooler::drain(std::chrono::nanoseconds most) {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  return s.idle.wait_for(lock, most, [&] { return s.queue.empty() && !s.writing; });
}

Spooler::Loss Spooler::loss(std::size_t file) const {
  const std::lock_guard lock(state_->mutex);
  return state_->lanes[file].loss;
}

// A lane at a time, all that waits in it.
void Spooler::run(const std::shared_ptr<State>& state) {
  State& s = *state;
  std::unique_lock lock(s.mutex);
  for (;;) {
    s.work.wait(lock, [&] { return !s.queue.empty() || s.over; });
    if (s.queue.empty()) return;
    Lane& lane = s.lanes[s.queue.front()];
    s.queue.pop_front();
    lane.queued = false;
    const Lines lines = std::exchange(lane.waiting, {});
    s.writing = true;
    lock.unlock();
    const RotatingFile::Outcome outcome = lane.file.append(lines.text);
    lock.lock();
    s.writing = false;
    s.bytes -= lines.text.size();
    if (outcome.error != 0) s.lose(lane, lines, outcome);
    if (s.queue.empty()) s.idle.notify_all();
  }
}

}  // namespace procgraph
