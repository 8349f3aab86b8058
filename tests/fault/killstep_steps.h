// What the scenarios of a queue are made of: its condition before the victim starts, and the victim's steps.
#pragma once

#include <charconv>
#include <chrono>
#include <memory>
#include <string_view>
#include <vector>
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/frame.h"
#include "queue/producer.h"
#include "queue/settle.h"
#include "queue/waiting.h"
#include "selection.h"

#include "killstep_scenarios.h"

namespace procgraph::testing {

using namespace std::chrono_literals;
using detail::BlockIndex;
using detail::View;

inline constexpr QueueShape kSmall{
    .capacity = 3, .memory = 4096, .max_message = 1024, .max_capacity = 3, .writers = 1};

// Long enough to reach the sleep itself one instruction at a time.
inline constexpr auto kPatience = 30ms;

inline std::string text_of(int id, std::size_t size) {
  std::string text = std::to_string(id);
  text.resize(std::max(size, text.size()), ' ');
  return text;
}

inline int id_of(std::string_view text) {
  int id = -1;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

// ---- before the victim starts ----

inline void put_some(TestQueue& q, History& h, int count, std::size_t size = 0) {
  View view = q.view(kPreparer);
  for (int id = 0; id < count; ++id) {
    if (put(view, text_of(id, size)))
      h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
}

// The first `count` messages have come back.
inline void return_some(TestQueue& q, int count) {
  View view = q.view(kPreparer);
  detail::Consumer consumer(view);
  std::vector<BlockIndex> held;
  for (int i = 0; i < count; ++i) {
    if (BlockIndex block = consumer.take(); block != detail::kNoBlock) held.push_back(block);
  }
  for (BlockIndex block : held) give_back(view, block);
}

// Somebody waits in every line, so that the victim has to wake.
inline void let_wait(TestQueue& q, detail::Line line, std::uint64_t need) {
  static std::vector<std::unique_ptr<View>> views;  // outlive their sleepers
  views.push_back(std::make_unique<View>(q.view(kSleeper)));
  auto sleeper = detail::Sleeper::enter(*views.back());
  sleeper->arm(line, need);
  (void)new detail::Sleeper(std::move(*sleeper));  // never leaves
}

// ---- the victim's steps ----

inline void put_one(Writer& out, History& h, int id, std::size_t size = 0) {
  std::string text = text_of(id, size);
  h.note(id, History::kPutBegun);
  if (out.put(text, kPatience)) h.note(id, History::kPut);
}

inline void lend_one(Writer& out, History& h, int id, std::size_t size) {
  h.note(id, History::kPutBegun);
  auto loan = out.loan(size, kPatience);
  if (!loan) return;
  std::string text = text_of(id, 0);
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(loan->bytes().data()));
  loan->commit(text.size());
  h.note(id, History::kPut);
}

inline void acknowledge(Message& message, History& h) {
  int id = id_of(message.text());
  h.note_ack(id, message.deliveries());
  message.ack();
  h.note(id, History::kAcked);
}

inline void take_one(Reader& in, History& h) {
  if (auto message = in.get(kPatience)) acknowledge(*message, h);
}

inline void return_one(Reader& in) {
  if (auto message = in.try_get()) message->nack();
}

inline void select_from(std::vector<Selectable> ends) {
  detail::Bridges bridges;
  (void)detail::Selection(ends).wait(detail::deadline_in(kPatience), bridges);
}

inline QueueShape small_with(QueuePolicy policy) {
  QueueShape shape = kSmall;
  shape.policy = policy;
  return shape;
}

// killstep_frames.cc: what is put and taken together, put back untried, and rejected.
void add_batches(std::vector<Scenario>& all);
void add_frames(std::vector<Scenario>& all);
void add_fates(std::vector<Scenario>& all);

}  // namespace procgraph::testing
