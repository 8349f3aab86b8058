// Two processes work at one topic, each between any two touches of it: no reader loses or gets twice what it
// must get, nothing is blocked or slept over, whether both go on, one dies there, or both.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "interleave_ops.h"
#include "killstep_topic.h"
#include "topic/publisher.h"
#include "topic/recovery.h"
#include "topic/settle.h"
#include "topic/subscriber.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::Subscriber;
using detail::Subscription;
using detail::TopicView;

using Topic = Part<TestTopic>;
using TopicOp = OpOf<TestTopic>;
using TopicPair = PairOf<TestTopic>;
using Condition = std::function<void(TestTopic&, History&)>;

constexpr std::uint32_t kVictims =
    0;  // the place that must get everything, or may miss some; kTheOther gets all
constexpr std::uint32_t kLossy = 2;
constexpr auto kTooLong = 24h;  // for one that is to be woken; its clock goes on while it is stopped

TopicShape shape(bool gates, std::uint64_t history = 3) {
  return {.history = history,
          .memory = (history + 1) * 1024,
          .max_message = 1024,
          .writers = 2,
          .readers = {{.gates = gates}, {}, {.gates = false, .history = 2}}};
}

std::string text_of(int id, std::size_t size) {
  std::string text = std::to_string(id);
  text.resize(std::max(size, text.size()), ' ');
  return text;
}

// ---- what one does ----

// Of the place where it reads.
void note_taken(std::uint32_t place, History& h, int id) {
  if (place == kVictims) h.note(id, History::kTaken);
}
void note_begun(std::uint32_t place, History& h, int id, std::uint32_t deliveries) {
  if (place == kVictims) h.note_ack(id, deliveries);
  if (place == kTheOther) h.note(id, History::kBesideBegun);
}
void note_acked(std::uint32_t place, History& h, int id) {
  if (place == kVictims) h.note(id, History::kAcked);
  if (place == kTheOther) h.note(id, History::kAckedBeside);
}

// What was put has not become something else meanwhile.
void finish(Topic& p, std::size_t which) {
  Message& message = p.held[which];
  const int id = p.held_ids[which];
  if (message.text() != text_of(id, message.text().size())) p.history.overwritten = true;
  note_begun(p.place, p.history, id, message.deliveries());
  message.ack();
  note_acked(p.place, p.history, id);
}

// Into its hand.
bool get_one(Topic& p, std::chrono::nanoseconds patience = 0ns) {
  auto message = p.ends.in->get(patience);
  if (!message) return false;
  const int id = id_of(message->text());
  note_taken(p.place, p.history, id);
  p.held.push_back(std::move(*message));
  p.held_ids.push_back(id);
  return true;
}

TopicOp put(std::size_t size = 0) {
  return {size == 0 ? "one that puts" : "one that puts " + std::to_string(size) + " bytes", [size](Topic& p) {
            p.history.note(p.first_id, History::kPutBegun);
            if (p.ends.out->try_put(text_of(p.first_id, size))) p.history.note(p.first_id, History::kPut);
          }};
}

TopicOp put_two(std::size_t size) {
  return {"one that puts two", [size](Topic& p) {
            for (const int id : {p.first_id, p.first_id + 1}) {
              p.history.note(id, History::kPutBegun);
              if (p.ends.out->try_put(text_of(id, size))) p.history.note(id, History::kPut);
            }
          }};
}

TopicOp drop_loan() {
  return {"one that drops a loan", [](Topic& p) { auto dropped = p.ends.out->loan(900, 0ns); }};
}

TopicOp take() {
  return {"one that takes", [](Topic& p) {
            if (get_one(p)) finish(p, 0);
          }};
}
TopicOp take_back() {
  return {"one that takes and gives back", [](Topic& p) {
            if (get_one(p)) p.held[0].nack();
          }};
}

void hold(Topic& p) {
  (void)get_one(p);
}
void hold_two(Topic& p) {
  hold(p);
  hold(p);
}
TopicOp ack() {
  return {"one that acknowledges", [](Topic& p) { finish(p, 0); }, hold};
}
TopicOp ack_second() {
  return {"one that acknowledges out of order", [](Topic& p) { finish(p, 1); }, hold_two};
}

TopicOp close() {
  return {"one that closes", [](Topic& p) { p.ends.out->close(); }};
}

TopicOp reap_dead() {
  return {"one that reaps", [](Topic& p) {
            TopicView view = p.channel.view(kReaper);
            detail::reap(view, kDead);
          }};
}

TopicOp give_place_away() {
  return {"one that gives a place to the next", [](Topic& p) {
            TopicView view = p.channel.view(kReaper);
            change_hands(view);
          }};
}

// It comes to the dead one's place, once that is free.
TopicOp follow_dead() {
  return {"one that follows and takes", [](Topic& p) {
            TopicView view = p.channel.view(p.number);
            Subscription subscription;
            if (!detail::follow(subscription, view, kVictims, kDead)) return;
            Subscriber subscriber(subscription);
            Subscriber::Taken taken;
            if (!subscriber.take(taken)) return;
            auto* text = reinterpret_cast<const char*>(view.memory.bytes(taken.block));
            const int id = id_of({text, view.memory.descriptor(taken.block).size});
            note_taken(kVictims, p.history, id);
            note_begun(kVictims, p.history, id, taken.deliveries);
            acknowledge(subscription, taken.ticket, taken.block);
            note_acked(kVictims, p.history, id);
          }};
}

TopicOp wait_for_message() {
  return {"one that waits for a message", [](Topic& p) {
            const bool came = get_one(p, kTooLong);
            if (!came) p.history.overslept = true;
            if (came) finish(p, 0);
          }};
}
TopicOp wait_for_room() {
  return {"one that waits for room", [](Topic& p) {
            p.history.note(p.first_id, History::kPutBegun);
            const bool put = p.ends.out->put(text_of(p.first_id, 0), kTooLong);
            if (!put) p.history.overslept = true;
            if (put) p.history.note(p.first_id, History::kPut);
          }};
}

// ---- in what condition ----

void take_as(TopicView view, std::uint32_t place, int count, History& h) {
  Subscription subscription;
  (void)subscribe(subscription, view, place);
  Subscriber subscriber(subscription);
  for (Subscriber::Taken taken; count > 0 && subscriber.take(taken); --count) {
    auto* text = reinterpret_cast<const char*>(view.memory.bytes(taken.block));
    const int id = id_of({text, view.memory.descriptor(taken.block).size});
    note_begun(place, h, id, taken.deliveries);
    acknowledge(subscription, taken.ticket, taken.block);
    note_acked(place, h, id);
  }
}

// That many messages, of which the first places have taken the first ones.
Condition with(int count, int taken = 0, int beside = 0, std::size_t size = 0) {
  return [=](TestTopic& t, History& h) {
    TopicView view = t.view(kPreparer);
    for (int id = 0; id < count; ++id) {
      if (procgraph::testing::put(view, text_of(id, size)))
        h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
    }
    take_as(view, kVictims, taken, h);
    take_as(view, kTheOther, beside, h);
  };
}

// The dead one has the first place, with a message in hand, and a block on loan.
Condition with_dead(int beside) {
  return [beside](TestTopic& t, History& h) {
    with(3, 0, beside)(t, h);
    TopicView view = t.view(kDead);
    Subscription subscription;
    (void)subscribe(subscription, view, kVictims);
    Subscriber subscriber(subscription);
    Subscriber::Taken taken;
    if (!subscriber.take(taken)) std::abort();
    auto* text = reinterpret_cast<const char*>(view.memory.bytes(taken.block));
    note_taken(kVictims, h, id_of({text, view.memory.descriptor(taken.block).size}));
    detail::BlockIndex block = 0;
    (void)detail::Publisher(view).claim(8, block);
  };
}

void give(TestTopic& t, History& h) {
  if (t.sample().readers[kVictims].waiting != 0) return;
  constexpr int kId = kEach - 1;  // the last of those that were there before
  h.note(kId, History::kPutBegun);
  TopicView view = t.view(kOther);
  if (procgraph::testing::put(view, text_of(kId, 0))) h.note(kId, History::kPut);
}

void relieve(TestTopic& t, History& h) {
  take_as(t.view(kOther), kVictims, 1, h);
}

// ---- the pairs ----

struct At {
  std::uint32_t first, second;
};

std::vector<TopicPair> make() {
  std::vector<TopicPair> all;
  const auto add = [&](std::string where, const TopicShape& shape, Condition prepare, const TopicOp& one,
                       const TopicOp& other, At at, Condition help = {}) {
    add_pair(all, TopicPair{std::move(where), shape, std::move(prepare), one, other, at.first, at.second,
                            std::move(help)});
  };
  for (const bool gates : {true, false}) {
    const std::string of = gates ? "of a topic" : "of a topic that waits less";
    const TopicShape three = shape(gates);
    add(of, three, with(0), put(), put(), {0, 1});
    add(of + " with one place", three, with(3, 1, 1), put(), put(), {0, 1});
    add(of + " with old messages", three, with(3, 2, 2, 1000), put(1024), put(1024), {0, 1});
    add(of, three, with(1), put(), take(), {1, 0});
    add(of + " that is full", three, with(3, 0, 3), put(), take(), {1, 0});
    add(of + " that is full", three, with(3, 0, 3), put(), ack(), {1, 0});
    add(of + " that is full", three, with(3, 0, 3), put(), ack_second(), {1, 0});
    add(of + " that is full of bytes", three, with(3, 0, 3, 1000), put(1000), take(), {1, 0});
    add(of, three, with(2, 0, 2), put(), take_back(), {1, 0});
    add(of + " by two", three, with(2), take(), take(), {0, 1});
    add(of + " by two", three, with(2), ack(), ack(), {0, 1});
    add(of + " by two", three, with(2), take_back(), take(), {0, 1});
    add(of + " with old ones", three, with(3, 3, 3, 1000), put_two(1000), take(), {0, kLossy});
    add(of + " with old ones", three, with(3, 3, 3, 1000), put_two(1000), ack(), {0, kLossy});
    add(of, three, with(1), put(), drop_loan(), {0, 1});
    add(of, three, with(1), take(), close(), {0, 1});
    add(of, three, with(1), close(), close(), {0, 1});
    add(of + " of a dead one", three, with_dead(3), reap_dead(), put(), {kLossy, 1});
    add(of + " of a dead one", three, with_dead(3), reap_dead(), put(1000), {kLossy, 1});
    add(of + " of a dead one", three, with_dead(0), reap_dead(), take(), {kLossy, 1});
    add(of + " of a dead one", three, with_dead(0), reap_dead(), follow_dead(), {kLossy, 1});
    add(of + " without a message", three, with(0), wait_for_message(), put(), {0, 1}, give);
  }
  for (const bool gates : {true, false}) {
    TopicShape once = shape(gates);
    once.readers[kVictims].at_most_once = true;
    const std::string at_most = gates ? "at most once" : "at most once, or not at all";
    add(at_most, once, with(2, 0, 2), put(), take(), {1, 0});
    add(at_most, once, with(2, 0, 2), put(), take_back(), {1, 0});
  }
  add("of a topic that is full", shape(true), with(3, 0, 3), wait_for_room(), take(), {kLossy, 0}, relieve);
  add("of a topic that is full", shape(true), with(3, 0, 3), wait_for_room(), ack(), {kLossy, 0}, relieve);
  for (const TopicScenario& place : {place_scenarios()[0], place_scenarios()[1]}) {
    const std::string where =
        place.name.find("memory") == std::string::npos ? "outside" : "outside, in memory";
    add(where, place.shape, place.prepare, give_place_away(), put(1000), {kLossy, 1});
    add(where, place.shape, place.prepare, give_place_away(), take(), {kLossy, 0});
  }
  return all;
}

class TopicInterleaving : public ::testing::TestWithParam<TopicPair> {};

TEST_P(TopicInterleaving, IsRightAtEveryPairOfPoints) {
  interleave(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Of, TopicInterleaving, ::testing::ValuesIn(make()),
                         [](const auto& pair) { return test_name(pair.param.name); });

}  // namespace
}  // namespace procgraph::testing
