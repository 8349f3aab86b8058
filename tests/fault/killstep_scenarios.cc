#include "killstep_scenarios.h"

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

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::BlockIndex;
using detail::View;

constexpr QueueShape kSmall{
    .capacity = 3, .memory = 4096, .max_message = 1024, .max_capacity = 3, .writers = 1};

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

// ---- before the victim starts ----

void put_some(TestQueue& q, History& h, int count, std::size_t size = 0) {
  View view = q.view(kPreparer);
  for (int id = 0; id < count; ++id) {
    if (put(view, text_of(id, size)))
      h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
}

// The first `count` messages have come back.
void return_some(TestQueue& q, int count) {
  View view = q.view(kPreparer);
  detail::Consumer consumer(view);
  std::vector<BlockIndex> held;
  for (int i = 0; i < count; ++i) {
    if (BlockIndex block = consumer.take(); block != detail::kNoBlock) held.push_back(block);
  }
  for (BlockIndex block : held) give_back(view, block);
}

// Somebody waits in every line, so that the victim has to wake.
void let_wait(TestQueue& q, detail::Line line, std::uint64_t need) {
  static std::vector<std::unique_ptr<View>> views;  // outlive their sleepers
  views.push_back(std::make_unique<View>(q.view(kSleeper)));
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

void lend_one(Writer& out, History& h, int id, std::size_t size) {
  h.note(id, History::kPutBegun);
  auto loan = out.loan(size, kPatience);
  if (!loan) return;
  std::string text = text_of(id, 0);
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(loan->bytes().data()));
  loan->commit(text.size());
  h.note(id, History::kPut);
}

void acknowledge(Message& message, History& h) {
  int id = id_of(message.text());
  h.note_ack(id, message.deliveries());
  message.ack();
  h.note(id, History::kAcked);
}

void take_one(Reader& in, History& h) {
  if (auto message = in.get(kPatience)) acknowledge(*message, h);
}

void return_one(Reader& in) {
  if (auto message = in.try_get()) message->nack();
}

void select_from(std::vector<Selectable> ends) {
  detail::Bridges bridges;
  (void)detail::Selection(ends).wait(detail::deadline_in(kPatience), bridges);
}

// ---- policies ----

QueueShape small_with(QueuePolicy policy) {
  QueueShape shape = kSmall;
  shape.policy = policy;
  return shape;
}

void age(TestQueue& q, int count) {
  View view = q.view(kPreparer);
  for (BlockIndex block = 0; block < static_cast<BlockIndex>(count); ++block)
    view.memory.descriptor(block).time.fetch_sub(std::chrono::nanoseconds(2h).count());
}

void put_three(Reader&, Writer& out, History& h) {
  put_one(out, h, kVictim);
  lend_one(out, h, kVictim + 1, 10);
  put_one(out, h, kVictim + 2);
}

void add_policies(std::vector<Scenario>& all) {
  const auto full = [](TestQueue& q, History& h) { put_some(q, h, 3); };
  all.push_back({"drops the oldest", small_with({.when_full = Overflow::kDropOldest}), full, put_three});
  all.push_back({"drops old ones for their bytes", small_with({.when_full = Overflow::kDropOldest}),
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 3, 1000);
                   return_some(q, 2);
                 },
                 [](Reader& in, Writer& out, History& h) {
                   put_one(out, h, kVictim, 1024);
                   put_one(out, h, kVictim + 1, 1024);
                   auto held = in.try_get();
                   put_one(out, h, kVictim + 2, 1024);
                   if (held) acknowledge(*held, h);
                 }});
  for (const Overflow refusal : {Overflow::kDropNewest, Overflow::kReject}) {
    all.push_back({refusal == Overflow::kReject ? "is rejected" : "drops the newest",
                   small_with({.when_full = refusal}), full, [](Reader& in, Writer& out, History& h) {
                     put_one(out, h, kVictim);
                     take_one(in, h);
                     put_one(out, h, kVictim + 1);
                     put_one(out, h, kVictim + 2, 1000);
                   }});
  }
  all.push_back({"grows a queue",
                 {.capacity = 2,
                  .memory = 1024,
                  .max_message = 1024,
                  .max_capacity = 8,
                  .max_memory = 4096,
                  .writers = 1,
                  .policy = {.when_full = Overflow::kGrow}},
                 [](TestQueue& q, History& h) { put_some(q, h, 2, 500); },
                 [](Reader& in, Writer& out, History& h) {
                   put_one(out, h, kVictim, 1000);
                   put_one(out, h, kVictim + 1);
                   lend_one(out, h, kVictim + 2, 900);
                   take_one(in, h);
                 }});
  all.push_back({"finds messages too old", small_with({.expire = 1h}),
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 3);
                   return_some(q, 1);
                   age(q, 2);
                 },
                 [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   if (auto none = in.try_get()) acknowledge(*none, h);
                 }});
  all.push_back({"fails with messages for the last time", small_with({.max_deliveries = 2}),
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 3);
                   return_some(q, 2);
                 },
                 [](Reader& in, Writer&, History& h) {
                   return_one(in);
                   auto held = in.try_get();
                   return_one(in);
                   if (held) acknowledge(*held, h);
                 }});
  all.push_back(
      {"reads at most once", small_with({.at_most_once = true}), full, [](Reader& in, Writer&, History& h) {
         take_one(in, h);
         auto held = in.try_get();
         return_one(in);
       }});
  all.push_back({"lets messages rest, watched",
                 small_with({.lease_timeout = 1h, .retry_first = 1h, .retry_most = 2h}),
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 3);
                   return_some(q, 1);
                 },
                 [](Reader& in, Writer&, History& h) {
                   return_one(in);
                   take_one(in, h);
                   take_one(in, h);
                 }});
}

// ---- frames ----

void put_together(Writer& out, History& h, int first, int count, std::size_t size = 0) {
  std::vector<std::string> texts;
  for (int id = first; id < first + count; ++id) {
    texts.push_back(text_of(id, size));
    h.note(id, History::kPutBegun);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const std::size_t put = out.put_many(views, kPatience);
  for (std::size_t i = 0; i < put; ++i) h.note(first + static_cast<int>(i), History::kPut);
}

void put_frame(TestQueue& q, History& h, int first, int count) {
  View view = q.view(kPreparer);
  detail::Producer producer(view);
  std::vector<std::byte> bytes(1000);
  std::byte* end = bytes.data();
  for (int id = first; id < first + count; ++id) {
    const std::string text = text_of(id, 0);
    end = detail::add_record(end, text.data(), static_cast<std::uint32_t>(text.size()));
    h.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
  const std::uint64_t size = detail::frame_size(static_cast<std::uint64_t>(end - bytes.data()));
  BlockIndex block = 0;
  (void)producer.claim(size, block);
  std::copy_n(bytes.data(), size, view.memory.bytes(block));
  detail::begin_frame(view.memory.descriptor(block), static_cast<std::uint32_t>(count));
  (void)producer.publish(block, detail::kFrame);
  producer.forget();
  h.in_frames = true;
}

void acknowledge(Frame& frame, History& h) {
  std::vector<int> ids;
  for (std::span<const std::byte> bytes : frame)
    ids.push_back(id_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  for (int id : ids) h.note_ack(id, frame.deliveries());
  frame.ack();
  for (int id : ids) h.note(id, History::kAcked);
}

void add_frames(std::vector<Scenario>& all) {
  all.push_back({"puts many together", kSmall, [](TestQueue&, History& h) { h.in_frames = true; },
                 [](Reader&, Writer& out, History& h) {
                   put_together(out, h, kVictim, 3);
                   put_together(out, h, kVictim + 3, 4, 300);
                   put_together(out, h, kVictim + 7, 2);
                 }});
  const auto two = [](TestQueue& q, History& h) {
    put_frame(q, h, 0, 4);
    put_frame(q, h, 4, 3);
  };
  all.push_back({"takes what was put together one by one", kSmall, two, [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   auto held = in.try_get();
                   take_one(in, h);
                   return_one(in);
                   if (held) acknowledge(*held, h);
                   take_one(in, h);
                   take_one(in, h);
                 }});
  all.push_back({"takes what was put together at once", kSmall, two, [](Reader& in, Writer&, History& h) {
                   if (auto frame = in.get_many(kPatience)) acknowledge(*frame, h);
                   take_one(in, h);
                   if (auto rest = in.get_many(kPatience)) rest->nack();
                   if (auto again = in.get_many(kPatience)) acknowledge(*again, h);
                 }});
  all.push_back({"takes what is left of a frame", kSmall,
                 [two](TestQueue& q, History& h) {
                   two(q, h);
                   return_some(q, 2);
                 },
                 [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   return_one(in);
                   if (auto rest = in.get_many(kPatience)) acknowledge(*rest, h);
                   take_one(in, h);
                 }});
  all.push_back({"fails with a frame for the last time", small_with({.max_deliveries = 2}),
                 [two](TestQueue& q, History& h) {
                   two(q, h);
                   return_some(q, 2);
                 },
                 [](Reader& in, Writer&, History& h) {
                   if (auto frame = in.get_many(kPatience)) frame->nack();
                   take_one(in, h);
                   if (auto rest = in.get_many(kPatience)) rest->nack();
                 }});
  all.push_back({"reads frames at most once", small_with({.at_most_once = true}), two,
                 [](Reader& in, Writer& out, History& h) {
                   take_one(in, h);
                   put_together(out, h, kVictim, 2);
                   if (auto rest = in.get_many(kPatience)) acknowledge(*rest, h);
                 }});
}

std::vector<Scenario> make() {
  std::vector<Scenario> all;
  all.push_back({"puts into an empty queue", kSmall, [](TestQueue&, History&) {},
                 [](Reader&, Writer& out, History& h) {
                   put_one(out, h, kVictim);
                   put_one(out, h, kVictim + 1, 300);
                 }});
  all.push_back({"puts where readers sleep", kSmall,
                 [](TestQueue& q, History&) {
                   let_wait(q, detail::Line::kReaders, 0);
                   let_wait(q, detail::Line::kReaders, 0);
                 },
                 [](Reader&, Writer& out, History& h) {
                   put_one(out, h, kVictim);
                   put_one(out, h, kVictim + 1);
                 }});
  all.push_back({"puts into a full queue, waits, and takes", kSmall,
                 [](TestQueue& q, History& h) { put_some(q, h, 3); },
                 [](Reader& in, Writer& out, History& h) {
                   put_one(out, h, kVictim);
                   take_one(in, h);
                   put_one(out, h, kVictim + 1);
                 }});
  all.push_back({"puts where the memory is used up", kSmall,
                 [](TestQueue& q, History& h) { put_some(q, h, 2, 2000 / 2); },
                 [](Reader& in, Writer& out, History& h) {
                   put_one(out, h, kVictim, 1024);
                   put_one(out, h, kVictim + 1, 1024);
                   take_one(in, h);
                   put_one(out, h, kVictim + 2, 1024);
                 }});
  all.push_back({"lends, commits less, and drops a loan", kSmall,
                 [](TestQueue& q, History& h) { put_some(q, h, 1); },
                 [](Reader&, Writer& out, History& h) {
                   lend_one(out, h, kVictim, 900);
                   { auto dropped = out.loan(100, 0ns); }
                   lend_one(out, h, kVictim + 1, 10);
                 }});
  all.push_back({"takes, acknowledges and gives back", kSmall,
                 [](TestQueue& q, History& h) { put_some(q, h, 3); },
                 [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   return_one(in);
                   take_one(in, h);
                 }});
  all.push_back({"takes what came back", kSmall,
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 3);
                   return_some(q, 2);
                 },
                 [](Reader& in, Writer&, History& h) {
                   return_one(in);
                   take_one(in, h);
                   take_one(in, h);
                   take_one(in, h);
                 }});
  all.push_back({"takes where writers sleep", kSmall,
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 3, 1000);
                   let_wait(q, detail::Line::kPlaces, 0);
                   let_wait(q, detail::Line::kBytes, 1024);
                   let_wait(q, detail::Line::kBlocks, 2);
                 },
                 [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   take_one(in, h);
                 }});
  all.push_back({"waits for a message and leaves", kSmall, [](TestQueue&, History&) {},
                 [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   take_one(in, h);
                 }});
  all.push_back({"waits for the end while it holds a message", kSmall,
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 2);
                   end_of_writers(q.control(), q.roster());
                 },
                 [](Reader& in, Writer&, History& h) {
                   auto held = in.get(kPatience), other = in.get(kPatience);
                   (void)in.get(kPatience);
                   if (held) acknowledge(*held, h);
                   if (other) acknowledge(*other, h);
                   (void)in.try_get();
                 }});
  all.push_back({"puts and closes", kSmall, [](TestQueue&, History&) {},
                 [](Reader&, Writer& out, History& h) {
                   put_one(out, h, kVictim);
                   out.close();
                 }});
  all.push_back({"selects, takes and selects again", kSmall,
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 1);
                   return_some(q, 1);
                 },
                 [](Reader& in, Writer&, History& h) {
                   select_from({in, in});
                   take_one(in, h);
                   select_from({in, in});
                 }});
  all.push_back({"selects for room and puts", kSmall,
                 [](TestQueue& q, History& h) {
                   put_some(q, h, 2, 1000);
                   let_wait(q, detail::Line::kBytes, 1024);
                 },
                 [](Reader&, Writer& out, History& h) {
                   select_from({{out, 1000}});
                   put_one(out, h, kVictim);
                   select_from({out, {out, 1000}});
                 }});
  add_policies(all);
  add_frames(all);
  return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make();
  return all;
}

void work_beside(View view, History& history) {
  for (int id : {kOthers, kOthers + 1}) {
    history.note(id, History::kPutBegun);
    if (put(view, text_of(id, 0))) history.note(id, History::kPut);
  }
  detail::Consumer consumer(view);
  const BlockIndex first = consumer.take(), second = consumer.take();
  if (first != detail::kNoBlock) {
    for_each_message(view, first, [&](std::string_view text) {
      history.note_ack(id_of(text), view.memory.descriptor(first).tries + 1);
      history.note(id_of(text), History::kAcked);
    });
    release(view, first);
  }
  if (second != detail::kNoBlock) give_back(view, second);
}

}  // namespace procgraph::testing
