#include "pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pool {
namespace {

constexpr int kNotExecutable = 126, kNotFound = 127, kSystem = 71;
constexpr int kRunsFailed = 123, kTimedOut = 124;  // as those of xargs and timeout
constexpr unsigned kMostOfTopic = 5;               // deliveries, as a queue has it that says nothing

// What an event is about: below these, twice the place of a run, plus 1 where it has ended.
constexpr std::uint64_t kSignals = ~std::uint64_t{0}, kOutput = kSignals - 1;

bool contains(const std::vector<int>& codes, int code) {
  return std::ranges::find(codes, code) != codes.end();
}

void say(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

// Of those that ask a process to end. From here on they come as something to read.
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&set, each);
  return set;
}

Descriptor take_over_signals() {
  const sigset_t set = stop_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);  // an output without readers is found where it is written to
  return Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

[[noreturn]] void die_of(int number) {
  std::fflush(nullptr);
  signal(number, SIG_DFL);
  const sigset_t set = stop_signals();
  raise(number);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  std::_Exit(EXIT_FAILURE);
}

void watch(const Descriptor& events, int fd, std::uint32_t what, std::uint64_t about) {
  epoll_event event{};
  event.events = what;
  event.data.u64 = about;
  if (epoll_ctl(events.get(), EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST)
    epoll_ctl(events.get(), EPOLL_CTL_MOD, fd, &event);
}

// The machine has no more of it now, and may have later.
bool is_scarcity(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

// Whoever was to read what the runs write has gone: none of them is to blame.
bool has_lost_its_output() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

}  // namespace

Pool::Pool(procgraph::Node& node, const Options& options)
    : options_(options),
      node_(node),
      in_(node.reader(options.channel.empty() ? "in" : options.channel)),
      out_(node, options.each),
      command_(options),
      events_(epoll_create1(EPOLL_CLOEXEC)),
      signals_(take_over_signals()),
      runs_(options.runs) {
  watch(events_, signals_.get(), EPOLLIN, kSignals);
  be_patient();
}

void Pool::work() {
  for (;;) {
    fill();
    let_go();
    end_if_asked();
    if (is_over()) return;
    wait();
    look();
    end_what_is_overdue();
    lose_patience();
  }
}

bool Pool::is_over() const {
  return (ended_ || has_had_all()) && tasks_.empty() && !batch_;
}

bool Pool::has_had_all() const {
  return gave_up_ || taken_ == options_.count;
}

int Pool::code() const {
  if (!options_.each) return 0;
  return failed_ ? kRunsFailed : gave_up_ ? kTimedOut : 0;
}

// Neither is a return: what is in hand would be acknowledged.
void Pool::end_if_asked() {
  if (broken_ != 0) {
    runs_.clear();
    std::fflush(nullptr);
    std::_Exit(broken_);
  }
  if (stopped_by_ != 0 && running_ == 0 && leaving_.empty()) die_of(stopped_by_);
}

// ---- taking ----

void Pool::fill() {
  while (!to_start_.empty() && running_ < runs_.size() && !starved_ && stopped_by_ == 0) {
    Task& task = *to_start_.front();
    if (!start(task)) break;
    to_start_.pop_front();
  }
  while (may_take()) {
    std::optional<procgraph::Message> message = in_.try_get();
    ended_ = in_.ended();
    if (!message) break;
    begin_batch(std::move(*message));
    if (batch_->messages.size() == options_.batch) queue_batch();
  }
  if (batch_ && stopped_by_ == 0 && (ended_ || Clock::now() >= batch_due_)) queue_batch();
}

bool Pool::may_take() const {
  if (stopped_by_ != 0 || broken_ != 0 || starved_ || has_had_all()) return false;
  if (running_ + to_start_.size() >= runs_.size()) return false;
  if (!is_ordered()) return tasks_.size() < runs_.size();
  return messages_ + (batch_ ? batch_->messages.size() : 0) < options_.window;
}

void Pool::begin_batch(procgraph::Message message) {
  if (!batch_) {
    batch_.emplace();
    batch_due_ = options_.within ? Clock::now() + *options_.within : Clock::time_point::max();
  }
  batch_->messages.push_back(std::move(message));
  ++taken_;
}

void Pool::queue_batch() {
  messages_ += batch_->messages.size();
  tasks_.push_back(std::move(*batch_));
  batch_.reset();
  Task& task = tasks_.back();
  const bool may_start = to_start_.empty() && !starved_ && running_ < runs_.size();
  if (!may_start || !start(task)) to_start_.push_back(&task);
}

// False: it cannot be started now.
bool Pool::start(Task& task) {
  const auto free = std::ranges::find_if(runs_, [](const auto& run) { return run == nullptr; });
  const auto place = static_cast<std::size_t>(free - runs_.begin());
  auto run = std::make_unique<Run>(out_.most());
  const Run::Failure failure = run->start(command_, task, place, options_.timeout);
  if (failure.error != 0) {
    blame(task, failure);
    return failure.at_fault;
  }
  ++running_;
  if (run->output() >= 0) watch(events_, run->output(), EPOLLIN, place * 2);
  watch(events_, run->process(), EPOLLIN, place * 2 + 1);
  *free = std::move(run);
  return true;
}

void Pool::blame(Task& task, const Run::Failure& failure) {
  const std::string why = std::strerror(failure.error);
  if (failure.at_fault) return fail(task, "it cannot be a word of a command: " + why);
  if (is_scarcity(failure.error) && running_ > 0) {
    starved_ = true;
    return;
  }
  say("cannot run " + options_.program + ": " + why);
  const bool missing = failure.error == ENOENT || failure.error == ENOTDIR;
  broken_ = is_scarcity(failure.error) ? kSystem : missing ? kNotFound : kNotExecutable;
}

// ---- waiting ----

void Pool::wait() {
  std::vector<procgraph::Selectable> ends{procgraph::Selectable::readable(events_.get())};
  if (may_take() && !ended_) ends.emplace_back(in_);
  if (blocked_) {
    if (procgraph::Writer* channel = out_.channel())
      ends.emplace_back(*channel, first_to_leave()->result.size());
    if (const int fd = out_.descriptor(); fd >= 0) watch(events_, fd, EPOLLOUT | EPOLLONESHOT, kOutput);
  }
  (void)node_.select(ends, time_left());
}

std::chrono::nanoseconds Pool::time_left() const {
  Clock::time_point first = batch_ && stopped_by_ == 0 ? batch_due_ : Clock::time_point::max();
  for (const auto& run : runs_) {
    if (run) first = std::min(first, run->deadline());
  }
  if (may_take()) first = std::min(first, patience_ends_);
  if (first == Clock::time_point::max()) return procgraph::kForever;
  return std::max<std::chrono::nanoseconds>(first - Clock::now(), std::chrono::nanoseconds::zero());
}

void Pool::look() {
  std::array<epoll_event, 64> found{};
  const int count = epoll_wait(events_.get(), found.data(), found.size(), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t about = found.at(static_cast<std::size_t>(i)).data.u64;
    if (about == kSignals) hear_signals();
    if (about >= kOutput) continue;
    const std::size_t place = about / 2;
    if (!runs_[place]) continue;  // it has ended just before
    about % 2 == 0 ? runs_[place]->collect() : end(place);
  }
}

// Each hears the signal that we were sent, and may end in its own way.
void Pool::hear_signals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (stopped_by_ == 0) stopped_by_ = static_cast<int>(info.ssi_signo);
    for (const auto& run : runs_) {
      if (run) run->signal(static_cast<int>(info.ssi_signo));
    }
  }
}

void Pool::end_what_is_overdue() {
  if (!options_.timeout) return;
  const Clock::time_point now = Clock::now();
  for (const auto& run : runs_) {
    if (run && run->deadline() <= now) run->expire();
  }
}

void Pool::be_patient() {
  if (options_.patience) patience_ends_ = Clock::now() + *options_.patience;
}

void Pool::lose_patience() {
  gave_up_ = gave_up_ || (may_take() && !ended_ && Clock::now() >= patience_ends_);
}

// ---- ending ----

void Pool::end(std::size_t place) {
  const std::unique_ptr<Run> run = std::move(runs_[place]);
  --running_;
  starved_ = false;
  be_patient();  // for there is room for another one only now
  const Ending ending = run->finish();
  judge(run->task(), ending);
}

void Pool::judge(Task& task, const Ending& ending) {
  const bool by_itself = !ending.too_large && !ending.overdue;
  if (contains(options_.ok, ending.code) && !ending.too_large) {
    task.done = true;
    if (!is_ordered()) leaving_.push_back(&task);
  } else if (by_itself && contains(options_.reject, ending.code)) {
    say(task.title() + ": " + ending.text() + ", rejected");
    task.reject();
    drop(task);
  } else if (by_itself && (ending.code == kNotFound || ending.code == kNotExecutable)) {
    say(task.title() + ": " + ending.text() + ": the command cannot be run");
    broken_ = ending.code;
  } else {
    fail(task, ending.text());
  }
}

void Pool::fail(Task& task, const std::string& why) {
  if (options_.each && has_lost_its_output()) {
    stopped_by_ = SIGPIPE;
    give_back(task);
    return drop(task);
  }
  failed_ = true;
  const bool again = is_ordered() && stopped_by_ == 0 && task.delivery() < options_.tries;
  const bool for_good = is_ordered() && stopped_by_ == 0 && !again;
  say(task.title() + ", delivery " + std::to_string(task.delivery()) + ": " + why +
      (for_good ? ", rejected" : ""));
  if (again) {
    ++task.failures;
    to_start_.push_front(&task);
    return;
  }
  for_good ? task.reject() : give_back(task);
  drop(task);
}

// A run that was stopped has not tried it. In a topic nothing else bounds how often a message comes again.
void Pool::give_back(Task& task) {
  if (options_.each && stopped_by_ != 0) return task.put_back();
  if (options_.each && in_.kind() == "topic" && task.delivery() >= kMostOfTopic) return task.acknowledge();
  task.give_back();
}

void Pool::let_go() {
  blocked_ = false;
  while (Task* task = first_to_leave()) {
    const bool left = out_.put(task->result);
    if (left) task->acknowledge();
    if (!left && options_.waits) {
      blocked_ = true;
      return;
    }
    if (!is_ordered()) leaving_.pop_front();
    left ? drop(*task) : fail(*task, "there is no room for its result");
  }
}

Task* Pool::first_to_leave() {
  if (!is_ordered()) return leaving_.empty() ? nullptr : leaving_.front();
  return tasks_.empty() || !tasks_.front().done ? nullptr : &tasks_.front();
}

void Pool::drop(Task& task) {
  messages_ -= task.messages.size();
  std::erase_if(tasks_, [&](const Task& each) { return &each == &task; });
  ended_ = false;  // what we had in hand may be there again
}

}  // namespace pool
