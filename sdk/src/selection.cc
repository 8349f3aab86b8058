#include "selection.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "area/sync.h"
#include "procgraph/node.h"
#include "queue/blocks.h"

namespace procgraph {

Selectable::Selectable(Reader& reader) : reader_(reader.state_.get()) {}
Selectable::Selectable(Writer& writer, std::size_t size) : writer_(writer.state_.get()), size_(size) {}
Selectable::Selectable(const Connection& connection) : fd_(connection.fd()) {
  if (fd_ < 0) throw Closed("a connection that was closed cannot be waited for");
}
Selectable::Selectable(const SharedMemory& area, std::uint64_t since) : area_(area.port_), since_(since) {}
Selectable::Selectable(const Event& event) : area_(event.area_), event_(event.object_) {}
Selectable Selectable::readable(int fd) {
  Selectable end;
  end.fd_ = fd;
  return end;
}

namespace detail {

std::unique_ptr<Bridge> Bridges::take(const Roster& roster, std::uint16_t participant) {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto bridge = std::move(idle_.back());
      idle_.pop_back();
      return bridge;
    }
  }
  return std::make_unique<Bridge>(roster, participant, [] {});
}

void Bridges::give_back(std::unique_ptr<Bridge> bridge) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(bridge));
}

Selection::Selection(std::span<const Selectable> ends) {
  ends_.reserve(ends.size());
  for (const Selectable& one : ends) {
    End end{.reader = one.reader_, .writer = one.writer_, .size = one.size_};
    end.area = one.area_;
    end.event = one.event_;
    end.since = one.event_ != nullptr ? times_set(*one.event_) : one.since_;
    if (QueuePort* port = end.port()) {
      port->require_ours();
    } else if (end.area != nullptr) {
      end.area->require_ours();
    } else {
      descriptors_.push_back({one.fd_, POLLIN, 0});
      described_.push_back(ends_.size());
    }
    ends_.push_back(std::move(end));
  }
  for (const End& end : ends_) {  // one doorbell is rung for all
    if (end.port() != nullptr && !end.port()->view.roster.is_same(first_port()->view.roster))
      throw Failure("select: " + first_port()->name() + " and " + end.port()->name() + " are of two graphs");
  }
}

std::vector<std::size_t> Selection::wait(const Deadline& deadline, Bridges& bridges) {
  const bool poll = is_over(deadline);
  if (!look(poll) && !poll && !spin(deadline)) sleep_until_ready(deadline, bridges);
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    if (ends_[i].ready) ready.push_back(i);
    if (ends_[i].reader != nullptr && !ends_[i].reader->ended) ends_[i].reader->resume();
  }
  return ready;
}

// Marks those that are ready. True: there are some.
bool Selection::look(bool about_to_sleep) {
  bool any = false;
  for (End& end : ends_) {
    end.ready = end.port() != nullptr ? is_ready(end, about_to_sleep) : end.area != nullptr && end.has_come();
    any |= end.ready;
  }
  if (descriptors_.empty()) return any;
  if (poll_until(descriptors_, kAtOnce) < 0) throw Failure(std::string("select: ") + std::strerror(errno));
  for (std::size_t i = 0; i < described_.size(); ++i) {
    ends_[described_[i]].ready = descriptors_[i].revents != 0;
    any |= descriptors_[i].revents != 0;
  }
  return any;
}

bool Selection::is_ready(End& end, bool about_to_sleep) {
  if (end.writer != nullptr) {
    end.want = end.writer->room(end.size);
    return !must_wait(end.want);
  }
  ReaderState& s = *end.reader;
  s.ended = false;
  if (s.has_message() || (s.port.view.control().state.load() & kBroken) != 0) return true;
  s.ended = about_to_sleep && s.is_at_end();
  return s.ended;
}

bool Selection::End::has_come() const {
  if (event != nullptr) return is_set(*event) || times_set(*event) != since;
  return version_of(area->memory.control()) != since;
}

// As long as waking up costs; descriptors are not worth looking at that often.
bool Selection::spin(const Deadline& deadline) {
  QueuePort* port = first_port();
  if (port == nullptr || !descriptors_.empty()) return false;
  Spinner spinner = port->spinner();
  return spinner.spin(deadline, [this] { return look(false); });
}

// Areas and events have no place for our doorbell: they come as descriptors.
void Selection::watch() {
  for (End& end : ends_) {
    if (end.area == nullptr) continue;
    EventCount& events = end.event != nullptr ? end.event->waiters : end.area->memory.control().changes;
    end.watch = std::make_unique<Watch>(events, [&end] { return end.has_come(); });
    descriptors_.push_back({end.watch->fd(), POLLIN, 0});
  }
}

void Selection::sleep_until_ready(const Deadline& deadline, Bridges& bridges) {
  watch();
  QueuePort* port = first_port();
  if (port == nullptr) {  // descriptors alone
    if (poll_until(descriptors_, deadline) < 0) throw Failure(std::string("select: ") + std::strerror(errno));
    look(true);
    return;
  }
  View& view = port->view;
  if (descriptors_.empty()) {
    auto bell = Bell::take(view.roster, view.self);
    if (!bell) throw Failure("too many threads of this graph wait");
    std::uint32_t rings = 0;
    return stand_in_line(
        *bell, deadline, [&] { rings = bell->rings(); },
        [&](const Deadline& until) { bell->sleep(rings, until); });
  }
  auto bridge = bridges.take(view.roster, view.self);
  descriptors_.push_back({bridge->fd(), POLLIN, 0});
  stand_in_line(
      bridge->bell(), deadline, [&] { bridge->quiet(); },
      [&](const Deadline& until) { poll_until(descriptors_, until); });
  bridges.give_back(std::move(bridge));
}

// before() notes how often the bell was rung; sleep(until) sleeps until it is rung again.
template <class Before, class Sleep>
void Selection::stand_in_line(const Bell& bell, const Deadline& deadline, Before before, Sleep sleep) {
  enter(bell);
  for (bool woken = false;;) {
    before();
    arm();
    if (look(true) || is_over(deadline)) return leave(woken);
    if (!is_armed()) continue;
    if (woken) hand_on();
    sleep(first_alarm(deadline));
    woken = true;
  }
}

void Selection::enter(const Bell& bell) {
  for (End& end : ends_) {
    QueuePort* port = end.port();
    if (port == nullptr) continue;
    auto sleeper = Sleeper::enter(port->view, bell);
    if (!sleeper) throw Failure("too many threads wait on " + port->name());
    end.sleeper.emplace(std::move(*sleeper));
  }
}

void Selection::arm() {
  for (End& end : ends_) {
    if (!end.sleeper) continue;
    end.armed_for = end.want;
    end.sleeper->arm(line_of(end.want), end.need());
  }
}

bool Selection::is_armed() const {
  return std::ranges::all_of(ends_, [](const End& end) { return end.armed_for == end.want; });
}

// What woke us may do for other writers.
void Selection::hand_on() {
  for (End& end : ends_) {
    if (end.writer != nullptr) wake_freed(end.port()->view);
  }
}

void Selection::leave(bool woken) {
  for (End& end : ends_) {
    if (!end.sleeper) continue;
    end.sleeper.reset();
    if (woken && end.ready) wake_one(end.port()->view, line_of(end.armed_for));
  }
}

Deadline Selection::first_alarm(Deadline deadline) const {
  for (const End& end : ends_) {
    if (end.reader != nullptr) deadline = earlier(deadline, end.reader->alarm());
  }
  return deadline;
}

QueuePort* Selection::first_port() const {
  for (const End& end : ends_) {
    if (QueuePort* port = end.port()) return port;
  }
  return nullptr;
}

}  // namespace detail
}  // namespace procgraph
