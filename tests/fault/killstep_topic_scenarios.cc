#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "killstep_scenarios.h"
#include "queue/waiting.h"
#include "topic/publisher.h"
#include "topic/recovery.h"
#include "topic/subscriber.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::BlockIndex;
using detail::Subscriber;
using detail::Subscription;
using detail::TopicView;
using detail::Want;

// The victim is the first reader; the others are the survivors'.
constexpr std::uint32_t kTheOther = 1;
constexpr std::uint32_t kFromOutside = 3;  // the place for readers from outside, where there is one
constexpr std::uint16_t kDeadOutsider = 6, kNextOutsider = 7;

bool has_place(TopicView& view) {
  return view.topic.readers() > kFromOutside;
}

TopicShape small(bool victim_gates, std::uint64_t history = 3) {
  return {.history = history,
          .memory = (history + 1) * 1024,
          .max_message = 1024,
          .writers = 1,
          .readers = {{.gates = victim_gates}, {}, {.gates = false, .history = 2}}};
}

// Long enough to reach the sleep itself one instruction at a time.
constexpr auto kPatience = 30ms;

std::string text_of(int id, std::size_t size) {
  std::string text = std::to_string(id);
  text.resize(std::max(size, text.size()), ' ');
  return text;
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

// Takes and acknowledges up to `count` messages as that reader; notes `step` of each.
void take(TopicView& view, std::uint32_t reader, int count, History& h, std::uint32_t step) {
  Subscription subscription;
  (void)subscribe(subscription, view, reader);
  Subscriber subscriber(subscription);
  for (; count > 0; --count) {
    Subscriber::Taken taken;
    if (!subscriber.take(taken)) return;
    auto* text = reinterpret_cast<const char*>(view.memory.bytes(taken.block));
    int id = id_of({text, view.memory.descriptor(taken.block).size});
    acknowledge(subscription, taken.ticket, taken.block);
    h.note(id, static_cast<History::Step>(step));
  }
}

// ---- before the victim starts ----

void put_some(TestTopic& t, History& h, int first, int count, std::size_t size = 0) {
  TopicView view = t.view(kPreparer);
  for (int id = first; id < first + count; ++id) {
    if (put(view, text_of(id, size)))
      h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
}

// The victim's and the other's place have come past the first `count` messages, which are still kept.
void pass_some(TestTopic& t, History& h, int count) {
  TopicView view = t.view(kPreparer);
  take(view, 0, count, h, History::kAckBegun | History::kAcked);
  take(view, kTheOther, count, h, History::kAckedBeside);
}

void let_wait(TestTopic& t, detail::Line line, std::uint64_t need) {
  static std::vector<std::unique_ptr<detail::View>> views;  // outlive their sleepers
  views.push_back(std::make_unique<detail::View>(t.view(kSleeper)));
  auto sleeper = detail::Sleeper::enter(*views.back());
  sleeper->arm(line, need);
  (void)new detail::Sleeper(std::move(*sleeper));  // never leaves
}

// ---- the victim's steps ----

void put_one(Writer& out, History& h, int id, std::size_t size = 0) {
  std::string text = text_of(id, size);
  h.note(id, History::kPutBegun);
  if (out.put(text, kPatience)) h.note(id, History::kPut);
}

std::optional<Message> get_one(Reader& in, History& h) {
  auto message = in.get(kPatience);
  if (message) h.note(id_of(message->text()), History::kTaken);
  return message;
}

void finish(std::optional<Message>& message, History& h) {
  if (!message) return;
  int id = id_of(message->text());
  h.note(id, History::kAckBegun);
  message->ack();
  h.note(id, History::kAcked);
}

void take_one(Reader& in, History& h) {
  auto message = get_one(in, h);
  finish(message, h);
}

// Each on a topic where writers wait for the victim and on one where they do not.
void add(std::vector<TopicScenario>& all, const std::string& name,
         std::function<void(TestTopic&, History&)> prepare,
         std::function<void(Reader&, Writer&, History&)> act, std::uint64_t history = 3) {
  all.push_back({name + ", waited for", small(true, history), prepare, act});
  all.push_back({name + ", not waited for", small(false, history), prepare, act});
}

std::vector<TopicScenario> make() {
  std::vector<TopicScenario> all;
  add(
      all, "puts into an empty topic", [](TestTopic&, History&) {},
      [](Reader&, Writer& out, History& h) {
        put_one(out, h, kVictim);
        put_one(out, h, kVictim + 1, 300);
      });
  add(
      all, "puts where old messages have to go",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 3);
        pass_some(t, h, 2);
      },
      [](Reader&, Writer& out, History& h) {
        put_one(out, h, kVictim, 90);
        put_one(out, h, kVictim + 1);
      });
  add(
      all, "puts where memory has to be made",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 3, 1024);
        pass_some(t, h, 2);
      },
      [](Reader&, Writer& out, History& h) {
        put_one(out, h, kVictim, 1024);
        put_one(out, h, kVictim + 1, 1024);
      });
  add(
      all, "puts where readers sleep",
      [](TestTopic& t, History&) {
        let_wait(t, detail::Line::kReaders, 0);
        let_wait(t, detail::Line::kReaders, 0);
      },
      [](Reader&, Writer& out, History& h) { put_one(out, h, kVictim); });
  add(
      all, "puts where one is far behind, and waits", [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer& out, History& h) {
        put_one(out, h, kVictim);
        take_one(in, h);
        put_one(out, h, kVictim + 1);
      });
  add(
      all, "lends, commits less, and drops a loan", [](TestTopic& t, History& h) { put_some(t, h, 0, 1); },
      [](Reader&, Writer& out, History& h) {
        h.note(kVictim, History::kPutBegun);
        if (auto loan = out.loan(900, kPatience)) {
          std::string text = text_of(kVictim, 0);
          std::copy(text.begin(), text.end(), reinterpret_cast<char*>(loan->bytes().data()));
          loan->commit(text.size());
          h.note(kVictim, History::kPut);
        }
        { auto dropped = out.loan(100, 0ns); }
      },
      8);  // a commit has no time-out: there is a place, whatever others put meanwhile
  add(
      all, "takes, acknowledges and gives back", [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer&, History& h) {
        take_one(in, h);
        if (auto message = get_one(in, h)) message->nack();
        take_one(in, h);
        take_one(in, h);
      });
  add(
      all, "acknowledges out of order", [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer&, History& h) {
        auto first = get_one(in, h), second = get_one(in, h), third = get_one(in, h);
        finish(second, h);
        finish(first, h);
        finish(third, h);
      });
  add(
      all, "takes where writers sleep",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 3, 1000);
        TopicView view = t.view(kPreparer);
        take(view, kTheOther, 3, h, History::kAckedBeside);
        let_wait(t, detail::Line::kPlaces, 0);
        let_wait(t, detail::Line::kBytes, 1024);
        let_wait(t, detail::Line::kBlocks, 2);
      },
      [](Reader& in, Writer&, History& h) {
        take_one(in, h);
        take_one(in, h);
      });
  add(
      all, "holds a message while it puts others",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 1, 1000);
        TopicView view = t.view(kPreparer);
        take(view, kTheOther, 1, h, History::kAckedBeside);
      },
      [](Reader& in, Writer& out, History& h) {
        auto held = get_one(in, h);
        for (int i = 0; i < 3; ++i) put_one(out, h, kVictim + i, 1000);
        finish(held, h);
        take_one(in, h);
      });
  add(
      all, "waits for a message and leaves", [](TestTopic&, History&) {},
      [](Reader& in, Writer&, History& h) { take_one(in, h); });
  add(
      all, "waits for the end while it holds a message",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 2);
        end_of_writers(t.control(), t.roster());
      },
      [](Reader& in, Writer&, History& h) {
        auto held = get_one(in, h), other = get_one(in, h);
        (void)in.get(kPatience);
        finish(held, h);
        finish(other, h);
        (void)in.try_get();
      });
  add(
      all, "puts and closes", [](TestTopic&, History&) {},
      [](Reader&, Writer& out, History& h) {
        put_one(out, h, kVictim);
        out.close();
      });
  return all;
}

// ---- with a place for readers from outside ----

TopicShape open_to_outside(bool victim_gates) {
  TopicShape shape = small(victim_gates);
  shape.readers.push_back({.gates = false, .outside = true});
  return shape;
}

void take_two_outside(TestTopic& t) {
  TopicView view = t.view(kDeadOutsider);
  if (!open_place(view, kFromOutside, kDeadOutsider, 3)) std::abort();
  Subscription subscription;
  (void)subscribe(subscription, view, kFromOutside);
  Subscriber subscriber(subscription);
  for (int i = 0; i < 2; ++i) {
    Subscriber::Taken taken;
    if (!subscriber.take(taken)) std::abort();
  }
}

std::vector<TopicScenario> make_with_place() {
  const auto prepare = [](std::size_t size) {
    return [size](TestTopic& t, History& h) {
      put_some(t, h, 0, 3, size);
      take_two_outside(t);
      pass_some(t, h, 3);
    };
  };
  const auto put_three = [](std::size_t size) {
    return [size](Reader&, Writer& out, History& h) {
      for (int i = 0; i < 3; ++i) put_one(out, h, kVictim + i, size);
    };
  };
  std::vector<TopicScenario> all;
  all.push_back(
      {"puts where one from outside holds old messages", open_to_outside(true), prepare(0), put_three(0)});
  all.push_back({"puts where memory has to be made of what one from outside holds", open_to_outside(true),
                 prepare(1024), put_three(1024)});
  all.push_back({"takes and puts beside one from outside", open_to_outside(false), prepare(0),
                 [](Reader& in, Writer& out, History& h) {
                   put_one(out, h, kVictim);
                   take_one(in, h);
                   put_one(out, h, kVictim + 1);
                 }});
  return all;
}

// ---- the survivors' part ----

struct Drained {
  std::vector<Found> found;
  std::string wrong;
};

// Takes everything as that reader. What is new must follow what was new before it, but for what was missed.
Drained drain(TopicView& view, std::uint32_t reader) {
  Subscription subscription;
  (void)subscribe(subscription, view, reader);
  Subscriber subscriber(subscription);
  Drained drained;
  detail::Ticket last = 0;
  for (Subscriber::Taken taken; subscriber.take(taken);) {
    auto* text = reinterpret_cast<const char*>(view.memory.bytes(taken.block));
    drained.found.push_back(
        {id_of({text, view.memory.descriptor(taken.block).size}), taken.deliveries, taken.deliveries > 1});
    acknowledge(subscription, taken.ticket, taken.block);
    if (taken.deliveries > 1) continue;
    if (last != 0 && taken.ticket != last + 1 + taken.missed)
      drained.wrong = "missed messages are not counted";
    last = taken.ticket;
  }
  return drained;
}

// For a reader that must get everything: `done` says which step tells that it was through with a message, and
// `begun` that it may have been.
std::string judge_all(const History& history, const std::vector<Found>& found, std::uint32_t done,
                      std::uint32_t begun) {
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
    bool must = (steps & History::kPut) != 0 && (steps & (done | begun)) == 0;
    if (must && times[i] == 0) return name + " is lost";
  }
  return "";
}

// For a reader that may miss messages: what it had in hand comes back, nothing comes twice.
std::string judge_lossy(const History& history, const std::vector<Found>& found) {
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
    if (in_hand && times[static_cast<std::size_t>(id)] == 0)
      return "message " + std::to_string(id) + " was in hand and is lost";
  }
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

const std::vector<TopicScenario>& topic_scenarios() {
  static const std::vector<TopicScenario> all = make();
  return all;
}

const std::vector<TopicScenario>& place_scenarios() {
  static const std::vector<TopicScenario> all = make_with_place();
  return all;
}

void change_hands(TopicView& view) {
  detail::reap(view, kDeadOutsider);
  detail::empty_place(view, kFromOutside);
  if (!detail::open_place(view, kFromOutside, kNextOutsider, 2)) std::abort();
}

void work_beside(TopicView view, History& history) {
  if (has_place(view)) {
    change_hands(view);
    take(view, kFromOutside, 1, history, 0);
  }
  put_beside(view, history);
}

void put_beside(TopicView view, History& history) {
  for (int id : {kOthers, kOthers + 1}) {
    history.note(id, History::kPutBegun);
    if (put(view, text_of(id, 0))) history.note(id, History::kPut);
  }
  take(view, kTheOther, 2, history, History::kAckedBeside);
  history.note(kOthers + 2, History::kPutBegun);
  if (put(view, text_of(kOthers + 2, 700))) history.note(kOthers + 2, History::kPut);
}

std::string verdict(TestTopic& topic, const History& history) {
  TopicView view = topic.view(kReaper);
  if (has_place(view)) {
    for (const std::uint16_t outsider : {kDeadOutsider, kNextOutsider, kOther}) detail::reap(view, outsider);
    detail::empty_place(view, kFromOutside);
  }
  bool gates = view.topic.slot(0).gates != 0;
  for (std::uint32_t reader = 0; reader < view.topic.readers(); ++reader) {
    auto [found, wrong] = drain(view, reader);
    if (wrong.empty() && reader == 0 && gates)
      wrong = judge_all(history, found, History::kAcked, History::kAckBegun);
    if (wrong.empty() && reader == 0 && !gates) wrong = judge_lossy(history, found);
    if (wrong.empty() && reader == kTheOther) wrong = judge_all(history, found, History::kAckedBeside, 0);
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
