// Two processes work at one queue, each between any two touches of it: nothing is lost, doubled, blocked or
// slept over, whether both go on, one dies there, or both.
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <string>

#include "interleave_ops.h"
#include "killstep_steps.h"
#include "queue/recovery.h"

namespace procgraph::testing {
namespace {

using Queue = Part<TestQueue>;
using Op = OpOf<TestQueue>;
using Pair = PairOf<TestQueue>;

constexpr auto kTooLong = 24h;  // for one that is to be woken; its clock goes on while it is stopped

// ---- what one does ----

void note_put(Queue& p, int id) {
  p.history.note(id, History::kPut);
}

Op put(std::size_t size = 0) {
  return {size == 0 ? "one that puts" : "one that puts " + std::to_string(size) + " bytes", [size](Queue& p) {
            p.history.note(p.first_id, History::kPutBegun);
            try {
              if (p.ends.out->try_put(text_of(p.first_id, size))) note_put(p, p.first_id);
            } catch (const Closed&) {  // by the other one
            }
          }};
}

Op lend(std::size_t size) {
  return {"one that lends " + std::to_string(size) + " bytes", [size](Queue& p) {
            p.history.note(p.first_id, History::kPutBegun);
            auto loan = p.ends.out->loan(size, 0ns);
            if (!loan) return;
            const std::string text = text_of(p.first_id, 0);
            std::copy(text.begin(), text.end(), reinterpret_cast<char*>(loan->bytes().data()));
            loan->commit(text.size());
            note_put(p, p.first_id);
          }};
}

Op drop_loan(std::size_t size) {
  return {"one that drops a loan", [size](Queue& p) { auto dropped = p.ends.out->loan(size, 0ns); }};
}

Op put_many() {
  return {"one that puts three together", [](Queue& p) {
            std::array<std::string, 3> texts;
            std::array<std::string_view, 3> views;
            for (std::size_t i = 0; i < 3; ++i) {
              const int id = p.first_id + static_cast<int>(i);
              views[i] = texts[i] = text_of(id, 0);
              p.history.note(id, History::kPutBegun);
            }
            const std::size_t put = p.ends.out->put_many(std::span<const std::string_view>(views), 0ns);
            for (std::size_t i = 0; i < put; ++i) note_put(p, p.first_id + static_cast<int>(i));
          }};
}

void finish(Queue& p, Message& message) {
  acknowledge(message, p.history);
}

void hold_one(Queue& p) {
  if (auto message = p.ends.in->try_get()) p.held.push_back(std::move(*message));
}

Op take() {
  return {"one that takes", [](Queue& p) {
            if (auto message = p.ends.in->try_get()) finish(p, *message);
          }};
}
Op take_back() {
  return {"one that takes and gives back", [](Queue& p) { return_one(*p.ends.in); }};
}
Op ack() {
  return {"one that acknowledges", [](Queue& p) { finish(p, p.held[0]); }, hold_one};
}
Op nack() {
  return {"one that gives back", [](Queue& p) { p.held[0].nack(); }, hold_one};
}
Op put_back() {
  return {"one that puts back", [](Queue& p) { p.held[0].put_back(); }, hold_one};
}
Op reject() {
  return {"one that rejects", [](Queue& p) { p.held[0].reject(); }, hold_one};
}

std::vector<int> ids_in(Frame& frame) {
  std::vector<int> ids;
  for (std::span<const std::byte> bytes : frame)
    ids.push_back(id_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  return ids;
}

Op take_many() {
  return {"one that takes together", [](Queue& p) {
            auto frame = p.ends.in->get_many(0ns);
            if (!frame) return;
            const std::vector<int> ids = ids_in(*frame);
            for (int id : ids) p.history.note_ack(id, frame->deliveries());
            frame->ack();
            for (int id : ids) p.history.note(id, History::kAcked);
          }};
}
Op return_many() {
  return {"one that gives back together", [](Queue& p) {
            if (auto frame = p.ends.in->get_many(0ns)) frame->nack();
          }};
}

Op close() {
  return {"one that closes", [](Queue& p) { p.ends.out->close(); }};
}

Op reap_dead() {
  return {"one that reaps", [](Queue& p) {
            View view = p.channel.view(kReaper);
            detail::reap(view, kDead);
          }};
}

// ---- what one waits for ----

Op wait_for_message() {
  return {"one that waits for a message", [](Queue& p) {
            auto message = p.ends.in->get(kTooLong);
            if (!message) p.history.overslept = true;
            if (message) finish(p, *message);
          }};
}
Op wait_for_room(std::size_t size = 0) {
  return {"one that waits for room", [size](Queue& p) {
            p.history.note(p.first_id, History::kPutBegun);
            const bool put = p.ends.out->put(text_of(p.first_id, size), kTooLong);
            if (!put) p.history.overslept = true;
            if (put) note_put(p, p.first_id);
          }};
}
Op select_message() {
  return {"one that selects", [](Queue& p) {
            const std::vector<Selectable> ends{*p.ends.in};
            detail::Bridges bridges;
            if (detail::Selection(ends).wait(detail::deadline_in(kTooLong), bridges).empty())
              p.history.overslept = true;
            if (auto message = p.ends.in->try_get()) finish(p, *message);
          }};
}

// Puts one, if there is none.
void give(TestQueue& q, History& h) {
  View view = q.view(kOther);
  if (detail::Consumer(view).has_message()) return;
  constexpr int kId = kEach - 1;  // the last of those that were there before
  h.note(kId, History::kPutBegun);
  if (procgraph::testing::put(view, text_of(kId, 0))) h.note(kId, History::kPut);
}

// Takes one.
void relieve(TestQueue& q, History& h) {
  View view = q.view(kOther);
  detail::Consumer consumer(view);
  const BlockIndex block = consumer.take();
  if (block == detail::kNoBlock) return;
  for_each_message(view, block, [&](std::string_view text) {
    h.note_ack(id_of(text), view.memory.descriptor(block).tries + 1);
    h.note(id_of(text), History::kAcked);
  });
  release(view, block);
}

// ---- in what condition ----

using Prepare = std::function<void(TestQueue&, History&)>;

void nothing(TestQueue&, History&) {}

Prepare with(int count, int returned = 0, std::size_t size = 0) {
  return [=](TestQueue& q, History& h) {
    h.puts_back = true;
    put_some(q, h, count, size);
    return_some(q, returned);
  };
}

Prepare aged(int count, int returned, int old) {
  return [=](TestQueue& q, History& h) {
    put_some(q, h, count);
    return_some(q, returned);
    View view = q.view(kPreparer);
    for (BlockIndex block = 0; block < static_cast<BlockIndex>(old); ++block)
      view.memory.descriptor(block).time.fetch_sub(std::chrono::nanoseconds(2h).count());
  };
}

void no_frames(TestQueue&, History& h) {
  h.in_frames = true;
}

// Four messages in one frame.
void frame(TestQueue& q, History& h) {
  View view = q.view(kPreparer);
  detail::Producer producer(view);
  std::array<std::byte, 1000> bytes{};
  std::byte* end = bytes.data();
  for (int id = 0; id < 4; ++id) {
    const std::string text = text_of(id, 0);
    end = detail::add_record(end, text.data(), static_cast<std::uint32_t>(text.size()));
    h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
  const std::uint64_t size = detail::frame_size(static_cast<std::uint64_t>(end - bytes.data()));
  BlockIndex block = 0;
  (void)producer.claim(size, block);
  std::copy_n(bytes.data(), size, view.memory.bytes(block));
  detail::begin_frame(view.memory.descriptor(block), 4);
  (void)producer.publish(block, detail::kFrame);
  producer.forget();
  h.in_frames = true;
}

// The dead one has taken the first of three, has a block on loan and waits for a message.
void leave_dead(TestQueue& q, History& h, std::size_t size) {
  put_some(q, h, 3, size);
  static std::vector<std::unique_ptr<View>> views;
  views.push_back(std::make_unique<View>(q.view(kDead)));
  View& view = *views.back();
  (void)detail::Consumer(view).take();
  BlockIndex block = 0;
  (void)detail::Producer(view).claim(std::max<std::size_t>(size, 8), block);
  auto sleeper = detail::Sleeper::enter(view);
  sleeper->arm(detail::Line::kReaders, 0);
  (void)new detail::Sleeper(std::move(*sleeper));  // never leaves
}

Prepare with_dead(std::size_t size = 0) {
  return [size](TestQueue& q, History& h) { leave_dead(q, h, size); };
}

// ---- the pairs ----

using Add = std::function<void(std::string where, const QueueShape& shape, Prepare prepare, const Op& one,
                               const Op& other, Prepare help)>;

void add_ordinary(const Add& add) {
  add("into an empty queue", kSmall, nothing, put(), put(), {});
  add("for the last place", kSmall, with(2), put(), put(), {});
  add("of an empty queue", kSmall, nothing, put(), take(), {});
  add("of a full queue", kSmall, with(3), put(), take(), {});
  add("of a full queue", kSmall, with(3), put(), ack(), {});
  add("of a queue", kSmall, with(2), put(), nack(), {});
  add("for the last message", kSmall, with(1), take(), take(), {});
  add("for what came back", kSmall, with(2, 1), take(), take(), {});
  add("of a queue", kSmall, with(2), take(), nack(), {});
  add("of a queue", kSmall, with(2), take(), ack(), {});
  add("of a queue", kSmall, with(2), take_back(), take_back(), {});
  add("of a queue", kSmall, with(3, 2), nack(), nack(), {});
  add("of a queue", kSmall, with(3, 1), nack(), put_back(), {});
  add("of a queue", kSmall, with(3), ack(), ack(), {});
  add("of a small memory", kSmall, nothing, lend(900), lend(900), {});
  add("of a small memory", kSmall, with(2, 0, 1000), put(1024), put(1024), {});
  add("of a small memory", kSmall, with(3, 0, 1024), put(1024), ack(), {});
  add("of a small memory", kSmall, with(1), put(900), drop_loan(900), {});
  add("of a queue", kSmall, with(1), put(), close(), {});
  add("of a queue", kSmall, with(1), take(), close(), {});
  QueueShape two = kSmall;
  two.writers = 2;
  add("of two", two, with(1), close(), close(), {});
}

void add_policies(const Add& add) {
  const QueueShape oldest = small_with({.when_full = Overflow::kDropOldest});
  add("that drops its oldest", oldest, with(3), put(), put(), {});
  add("that drops its oldest", oldest, with(3), put(), take(), {});
  add("that drops its oldest", oldest, with(3), put(), nack(), {});
  add("that drops its oldest for bytes", oldest, with(3, 1, 1000), put(1024), take(), {});
  add("that drops the newest", small_with({.when_full = Overflow::kDropNewest}), with(3), put(), take(), {});
  add("that rejects", small_with({.when_full = Overflow::kReject}), with(3), put(), take(), {});
  const QueueShape grows{.capacity = 2,
                         .memory = 1024,
                         .max_message = 1024,
                         .max_capacity = 8,
                         .max_memory = 4096,
                         .writers = 1,
                         .policy = {.when_full = Overflow::kGrow}};
  add("of a queue that grows", grows, with(2, 0, 500), put(), put(1000), {});
  add("of a queue that grows", grows, with(2, 0, 500), put(1000), take(), {});
  const QueueShape once = small_with({.at_most_once = true});
  add("at most once", once, with(1), take(), take(), {});
  add("at most once", once, with(3), put(), take_back(), {});
  const QueueShape expiring = small_with({.expire = 1h});
  add("of what is too old", expiring, aged(3, 1, 2), take(), take(), {});
  add("of what is too old", expiring, aged(3, 0, 2), put(), take(), {});
  const QueueShape twice = small_with({.max_deliveries = 2});
  add("for the last time", twice, with(3, 2), nack(), nack(), {});
  add("for the last time", twice, with(2, 1), nack(), take(), {});
  add("of no use", twice, with(2), reject(), take(), {});
  const QueueShape resting = small_with({.lease_timeout = 1h, .retry_first = 1h, .retry_most = 2h});
  add("that rest", resting, with(3, 1), nack(), take(), {});
}

void add_frames(const Add& add) {
  add("into an empty queue", kSmall, no_frames, put_many(), put_many(), {});
  add("of an empty queue", kSmall, no_frames, put_many(), take_many(), {});
  add("of a frame", kSmall, frame, take(), take_many(), {});
  add("of a frame", kSmall, frame, take_back(), take_back(), {});
  add("of a frame", kSmall, frame, take_many(), return_many(), {});
  add("of a frame", kSmall, frame, put_many(), ack(), {});
}

void add_reaping(const Add& add) {
  for (const Op& op : {put(), take(), ack(), nack(), take_back(), drop_loan(900), close()})
    add("of a queue", kSmall, with_dead(), reap_dead(), op, {});
  for (const Op& op : {put(600), take(), ack(), lend(900), drop_loan(900)})
    add("of bytes", kSmall, with_dead(600), reap_dead(), op, {});
  add("that drops its oldest", small_with({.when_full = Overflow::kDropOldest}), with_dead(), reap_dead(),
      put(), {});
}

void add_waits(const Add& add) {
  for (const Op& waiter : {wait_for_message(), select_message()}) {
    add("of an empty queue", kSmall, nothing, waiter, put(), give);
    add("of an empty queue", kSmall, nothing, waiter, lend(900), give);
    add("of an empty queue", kSmall, no_frames, waiter, put_many(), give);
  }
  add("of what came back", kSmall, with(1), wait_for_message(), nack(), give);
  add("of what came back", kSmall, with(2, 1), wait_for_message(), put_back(), give);
  add("of a full queue", kSmall, with(3), wait_for_room(), take(), relieve);
  add("of a small memory", kSmall, with(3, 0, 1024), wait_for_room(1024), ack(), relieve);
  add("of each other", kSmall, with(3), wait_for_room(), wait_for_message(), [](TestQueue& q, History& h) {
    give(q, h);
    if (q.sample().waiting == 3) relieve(q, h);
  });
}

std::vector<Pair> make() {
  std::vector<Pair> all;
  const Add add = [&](std::string where, const QueueShape& shape, Prepare prepare, const Op& one,
                      const Op& other, Prepare help) {
    add_pair(all, Pair{std::move(where), shape, std::move(prepare), one, other, 0, 0, std::move(help)});
  };
  add_ordinary(add);
  add_policies(add);
  add_frames(add);
  add_reaping(add);
  add_waits(add);
  return all;
}

class QueueInterleaving : public ::testing::TestWithParam<Pair> {};

TEST_P(QueueInterleaving, IsRightAtEveryPairOfPoints) {
  interleave(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Of, QueueInterleaving, ::testing::ValuesIn(make()),
                         [](const auto& pair) { return test_name(pair.param.name); });

}  // namespace
}  // namespace procgraph::testing
