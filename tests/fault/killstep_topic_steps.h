// What the scenarios of a topic are made of: its condition before the victim starts, and the victim's steps.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "killstep_topic.h"
#include "queue/waiting.h"
#include "selection.h"
#include "topic/publisher.h"
#include "topic/recovery.h"
#include "topic/settle.h"
#include "topic/subscriber.h"

namespace procgraph::testing::topic_steps {

using namespace std::chrono_literals;
using detail::BlockIndex;
using detail::Subscriber;
using detail::Subscription;
using detail::TopicView;

inline TopicShape small(bool victim_gates, std::uint64_t history = 3) {
  return {.history = history,
          .memory = (history + 1) * 1024,
          .max_message = 1024,
          .writers = 1,
          .readers = {{.gates = victim_gates}, {}, {.gates = false, .history = 2}}};
}

// Long enough to reach the sleep itself one instruction at a time.
inline constexpr auto kPatience = 30ms;

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string text_of(int id, std::size_t size) {
  std::string text = std::to_string(id);
  text.resize(std::max(size, text.size()), ' ');
  return text;
}

// Takes and acknowledges up to `count` messages as that reader; notes `step` of each.
inline void take(TopicView& view, std::uint32_t reader, int count, History& h, std::uint32_t step) {
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

inline void put_some(TestTopic& t, History& h, int first, int count, std::size_t size = 0) {
  TopicView view = t.view(kPreparer);
  for (int id = first; id < first + count; ++id) {
    if (put(view, text_of(id, size)))
      h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
}

// The victim's and the other's place have come past the first `count` messages, which are still kept.
inline void pass_some(TestTopic& t, History& h, int count) {
  TopicView view = t.view(kPreparer);
  take(view, 0, count, h, History::kAckBegun | History::kAcked);
  take(view, kTheOther, count, h, History::kAckedBeside);
}

inline void let_wait(TestTopic& t, detail::Line line, std::uint64_t need) {
  static std::vector<std::unique_ptr<detail::View>> views;  // outlive their sleepers
  views.push_back(std::make_unique<detail::View>(t.view(kSleeper)));
  auto sleeper = detail::Sleeper::enter(*views.back());
  sleeper->arm(line, need);
  (void)new detail::Sleeper(std::move(*sleeper));  // never leaves
}

inline detail::Descriptor& descriptor_of(TopicView& view, int id) {
  detail::Descriptor* found = nullptr;
  view.memory.for_each_block([&](BlockIndex block) {
    detail::Descriptor& d = view.memory.descriptor(block);
    auto* text = reinterpret_cast<const char*>(view.memory.bytes(block));
    if (d.own.load() != 0 && id_of({text, d.size}) == id) found = &d;
  });
  if (found == nullptr) std::abort();
  return *found;
}

inline void age(TestTopic& t, History& h, int id) {
  TopicView view = t.view(kPreparer);
  descriptor_of(view, id).time.fetch_sub(std::chrono::nanoseconds(2h).count());
  h.note(id, History::kAged);
}

// The victim's place has given its next message back.
inline void give_one_back(TestTopic& t, History& h, int id) {
  TopicView view = t.view(kPreparer);
  Subscription subscription;
  (void)subscribe(subscription, view, 0);
  Subscriber subscriber(subscription);
  Subscriber::Taken taken;
  if (!subscriber.take(taken)) std::abort();
  give_back(subscription, taken.ticket);
  h.deliveries[static_cast<std::size_t>(id)] = 2;
}

// ---- the victim's steps ----

inline void put_one(Writer& out, History& h, int id, std::size_t size = 0) {
  std::string text = text_of(id, size);
  h.note(id, History::kPutBegun);
  if (out.put(text, kPatience)) h.note(id, History::kPut);
}

inline std::optional<Message> get_one(Reader& in, History& h) {
  auto message = in.get(kPatience);
  if (message) h.note(id_of(message->text()), History::kTaken);
  return message;
}

inline void acknowledge(Message& message, History& h) {
  int id = id_of(message.text());
  h.note_ack(id, message.deliveries());
  message.ack();
  h.note(id, History::kAcked);
}

inline void finish(std::optional<Message>& message, History& h) {
  if (message) topic_steps::acknowledge(*message, h);
}

inline void take_one(Reader& in, History& h) {
  auto message = get_one(in, h);
  finish(message, h);
}

inline void select_from(std::vector<Selectable> ends) {
  detail::Bridges bridges;
  (void)detail::Selection(ends).wait(detail::deadline_in(kPatience), bridges);
}

// Each on a topic where writers wait for the victim and on one where they do not.
inline void add(std::vector<TopicScenario>& all, const std::string& name,
                const std::function<void(TestTopic&, History&)>& prepare,
                const std::function<void(Reader&, Writer&, History&)>& act, std::uint64_t history = 3) {
  all.push_back({name + ", waited for", small(true, history), prepare, act});
  all.push_back({name + ", not waited for", small(false, history), prepare, act});
}

// The two that were added last: what their victim's place is declared with.
inline void where_the_reader(std::vector<TopicScenario>& all,
                             const std::function<void(TopicReader&)>& declare) {
  for (std::size_t i = all.size() - 2; i < all.size(); ++i) declare(all[i].shape.readers[0]);
}

// killstep_topic_calls.cc: calls that do more than one thing, and the beginning and end of ends.
void add_calls(std::vector<TopicScenario>& all);

}  // namespace procgraph::testing::topic_steps
