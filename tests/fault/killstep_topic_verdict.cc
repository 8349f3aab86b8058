// What the survivors of a victim find in a topic, and the rules that it must obey.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "killstep_topic.h"
#include "queue/blocks.h"
#include "topic/publisher.h"
#include "topic/recovery.h"
#include "topic/subscriber.h"

namespace procgraph::testing {
namespace {

using detail::BlockIndex;
using detail::ReaderSlot;
using detail::Subscriber;
using detail::Subscription;
using detail::TopicView;
using detail::Want;

struct Drained {
  std::vector<Found> found;
  std::string wrong;
};

// Takes everything as that reader. What is new must follow what was new before it, but for what was missed,
// and what was too old.
Drained drain(TopicView& view, std::uint32_t reader) {
  Subscription subscription;
  (void)subscribe(subscription, view, reader);
  Subscriber subscriber(subscription);
  Drained drained;
  const detail::Shared<std::uint64_t>& expired = view.topic.slot(reader).expired;
  detail::Ticket last = 0;
  std::uint64_t before = expired.load();
  for (Subscriber::Taken taken; subscriber.take(taken);) {
    const std::uint64_t passed = expired.load() - before;
    before += passed;
    auto* text = reinterpret_cast<const char*>(view.memory.bytes(taken.block));
    drained.found.push_back(
        {id_of({text, view.memory.descriptor(taken.block).size}), taken.deliveries, taken.deliveries > 1});
    acknowledge(subscription, taken.ticket, taken.block);
    if (taken.deliveries > 1) continue;
    const detail::Ticket next = last + 1 + taken.missed;
    if (last != 0 && (taken.ticket < next || taken.ticket > next + passed))
      drained.wrong = "missed messages are not counted";
    last = taken.ticket;
  }
  return drained;
}

// For a reader that must get everything: `done` says which step tells that it was through with a message, and
// `begun` that it may have been, `gone` that it is not to get it.
std::string judge_all(const History& history, const std::vector<Found>& found, std::uint32_t done,
                      std::uint32_t begun, std::uint32_t gone) {
  std::array<int, kMessages> times{};
  int last = -1;
  for (const Found& f : found) {
    if (f.id < 0 || f.id >= kMessages) return "a message that is none: " + std::to_string(f.id);
    ++times[static_cast<std::size_t>(f.id)];
    if (f.id / kEach == last / kEach && f.id < last)
      return "message " + std::to_string(f.id) + " is out of order";
    last = f.id;
  }
  for (int id = 0; id < kMessages; ++id) {
    auto i = static_cast<std::size_t>(id);
    std::uint32_t steps = history.steps[i].load();
    std::string name = "message " + std::to_string(id);
    if (times[i] > 1) return name + " came twice";
    if ((steps & done) != 0 && times[i] > 0) return name + " was acknowledged and came again";
    if ((steps & History::kPutBegun) == 0 && times[i] > 0) return name + " was never put and came";
    if ((steps & gone) != 0 && times[i] > 0) return name + " is too old and came";
    bool must = (steps & History::kPut) != 0 && (steps & (done | begun | gone)) == 0;
    if (must && times[i] == 0) return name + " is lost";
  }
  return "";
}

// For a reader that may miss messages: what it had in hand comes back unless it comes at most once, nothing
// comes twice.
std::string judge_lossy(const History& history, const std::vector<Found>& found, bool at_most_once) {
  std::array<int, kMessages> times{};
  for (const Found& f : found) {
    if (f.id < 0 || f.id >= kMessages) return "a message that is none: " + std::to_string(f.id);
    std::uint32_t steps = history.steps[static_cast<std::size_t>(f.id)].load();
    std::string name = "message " + std::to_string(f.id);
    if (++times[static_cast<std::size_t>(f.id)] > 1) return name + " came twice";
    if ((steps & History::kPutBegun) == 0) return name + " was never put and came";
    if ((steps & History::kAcked) != 0) return name + " was acknowledged and came again";
  }
  for (int id = 0; id < kMessages; ++id) {
    std::uint32_t steps = history.steps[static_cast<std::size_t>(id)].load();
    bool in_hand = (steps & History::kTaken) != 0 && (steps & History::kAckBegun) == 0;
    if (in_hand && !at_most_once && times[static_cast<std::size_t>(id)] == 0)
      return "message " + std::to_string(id) + " was in hand and is lost";
  }
  return "";
}

// For a reader that is to get everything at most once: what it had in hand does not come again, and of what
// it did not get it had taken all but one, which it was about to have.
std::string judge_at_most_once(const History& history, const std::vector<Found>& found) {
  int untold = 0;
  for (int id = 0; id < kMessages; ++id) {
    const std::uint32_t steps = history.steps[static_cast<std::size_t>(id)].load();
    const bool came = std::ranges::find(found, id, &Found::id) != found.end();
    const std::string name = "message " + std::to_string(id);
    if (came && (steps & History::kTaken) != 0) return name + " was taken and came again";
    constexpr std::uint32_t kTold = History::kTaken | History::kAckBegun | History::kAged;
    if (!came && (steps & History::kPut) != 0 && (steps & kTold) == 0 && ++untold > 1)
      return name + " is lost";
  }
  return judge_all(history, found, History::kAcked, History::kPut, History::kAged);
}

// What the place of the victim has counted, once it has got everything: exact, whoever was killed.
std::string judge_counters(const History& history, const std::vector<Found>& found, const ReaderSlot& slot,
                           std::uint64_t put, const TopicReaderSample& s) {
  const bool gates = slot.gates != 0;
  std::uint64_t acknowledged = found.size(), aged = 0, returns = 0;
  std::array<bool, kMessages> came{};
  for (const Found& f : found) {
    came[static_cast<std::size_t>(f.id)] = true;
    returns += f.deliveries - 1;
  }
  for (std::size_t id = 0; id < kMessages; ++id) {
    const std::uint32_t steps = history.steps[id].load();
    if (came[id] || (steps & (History::kAckBegun | History::kAged)) == 0) continue;
    ++((steps & History::kAged) != 0 ? aged : acknowledged);
    returns += std::max(history.deliveries[id].load(), 1u) - 1;
  }
  // What it died with, or gave back, is done with too.
  const std::uint64_t most =
      slot.at_most_once == 0 ? acknowledged : put - std::min(put, s.missed + s.expired);
  if (slot.at_most_once != 0 && gates) acknowledged = most;
  if (s.acknowledged < acknowledged || s.acknowledged > most)
    return "the count of acknowledged messages is wrong";
  // One that came back as its reader died and is too old took its number with it.
  if (s.redelivered < returns || s.redelivered > returns + aged) return "the count of returns is wrong";
  // One that its reader had just taken, and not looked at yet, is done with as any other that comes at most
  // once.
  const std::uint64_t unseen = slot.at_most_once != 0 ? 1 : 0;
  if (s.expired > aged || (gates && s.expired + unseen < aged))
    return "the count of expired messages is wrong";
  return "";
}

std::string inspect(TestTopic& topic, TopicView& view) {
  if (poisoned(topic.control())) return "it is poisoned";
  TopicSample s = topic.sample();
  for (const TopicReaderSample& reader : s.readers) {
    if (reader.waiting != 0 || reader.leased != 0) return "something is left for a reader";
  }
  std::string wrong;
  std::uint64_t bytes = 0;
  view.memory.for_each_block([&](BlockIndex block) {
    detail::Descriptor& d = view.memory.descriptor(block);
    detail::BlockWord own{d.own.load()};
    bool kept = own.state() == detail::State::kPushing && view.memory.is_published(block, own);
    if (own.raw != 0 && !kept)
      wrong = "block " + std::to_string(block) + " is in nobody's hands and not free";
    if (own.raw != 0) bytes += view.memory.geometry().charge(block, d.size);
  });
  if (!wrong.empty()) return wrong;
  if (s.kept > view.memory.geometry().capacity) return "it keeps more than its history";
  if (view.control().reserved - view.control().released != bytes) return "bytes of its memory are missing";
  return "";
}

// Fills the topic to its history, in messages of every class, and empties it for each reader, a few times.
std::string use(TopicView& view) {
  std::uint64_t history = view.memory.geometry().capacity;
  for (std::size_t size : {1u, 1000u, 200u, 80u}) {
    for (std::uint64_t i = 0; i <= history; ++i) {
      if (put(view, std::string(size, 'x')) != (i < history))
        return "its history is not exact at " + std::to_string(i);
    }
    for (std::uint32_t reader = 0; reader < view.topic.readers(); ++reader) {
      std::size_t most = std::min<std::uint64_t>(history, view.topic.slot(reader).history);
      if (drain(view, reader).found.size() != most)
        return "reader " + std::to_string(reader) + " did not get all";
    }
  }
  return "";
}

}  // namespace

bool has_place(TopicView& view) {
  return view.topic.readers() > kFromOutside;
}

int id_of(std::string_view text) {
  int id = -1;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

bool put(TopicView& view, const std::string& text) {
  detail::Publisher publisher(view);
  BlockIndex block = 0;
  bool done = publisher.claim(text.size(), block) == Want::kNothing;
  if (done) {
    std::copy(text.begin(), text.end(), reinterpret_cast<char*>(view.memory.bytes(block)));
    done = publisher.publish(block) == Want::kNothing;
    if (!done) release(view, block);
  }
  publisher.forget();
  return done;
}

std::string verdict(TestTopic& topic, const History& history) {
  TopicView view = topic.view(kReaper);
  if (has_place(view)) {
    for (const std::uint16_t outsider : {kDeadOutsider, kNextOutsider, kOther}) detail::reap(view, outsider);
    detail::empty_place(view, kFromOutside);
  }
  const ReaderSlot& slot = view.topic.slot(0);
  const bool gates = slot.gates != 0, at_most_once = slot.at_most_once != 0;
  for (std::uint32_t reader = 0; reader < view.topic.readers(); ++reader) {
    auto [found, wrong] = drain(view, reader);
    if (wrong.empty() && reader == 0 && gates && !at_most_once)
      wrong = judge_all(history, found, History::kAcked, History::kAckBegun, History::kAged);
    if (wrong.empty() && reader == 0 && gates && at_most_once) wrong = judge_at_most_once(history, found);
    if (wrong.empty() && reader == 0 && !gates) wrong = judge_lossy(history, found, at_most_once);
    if (wrong.empty() && reader == 0) {
      const TopicSample s = topic.sample();
      wrong = judge_counters(history, found, slot, s.put, s.readers[0]);
    }
    if (wrong.empty() && reader == kTheOther)
      wrong = judge_all(history, found, History::kAckedBeside, History::kBesideBegun, 0);
    if (!wrong.empty()) return "reader " + std::to_string(reader) + ": " + wrong;
  }
  if (auto wrong = inspect(topic, view); !wrong.empty()) return wrong;
  if (auto wrong = check_waiters(view, kVictimNumber); !wrong.empty()) return wrong;
  // A drained topic takes no more; that it did not lose anything can be seen on an open one.
  view.control().state.store(0);
  if (auto wrong = use(view); !wrong.empty()) return wrong;
  return inspect(topic, view);
}

}  // namespace procgraph::testing
