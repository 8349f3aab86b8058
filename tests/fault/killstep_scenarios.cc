#include "killstep_scenarios.h"

#include <poll.h>

#include "killstep_steps.h"

namespace procgraph::testing {
namespace {

// ---- policies ----

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
  all.push_back({"waits with poll", kSmall, [](TestQueue& q, History& h) { put_some(q, h, 1); },
                 [](Reader& in, Writer&, History& h) {
                   pollfd ready{in.fd(), POLLIN, 0};
                   for (int i = 0; i < 2; ++i) {
                     if (poll(&ready, 1, static_cast<int>(kPatience.count())) != 1) continue;
                     while (auto message = in.try_get()) acknowledge(*message, h);
                   }
                 }});
  all.push_back({"attaches, works, and goes", kSmall, [](TestQueue& q, History& h) { put_some(q, h, 3); },
                 [](Reader& in, Writer& out, History& h) {
                   take_one(in, h);
                   put_one(out, h, kVictim);
                   take_one(in, h);
                   lend_one(out, h, kVictim + 1, 10);
                 },
                 true});
  add_policies(all);
  add_batches(all);
  add_frames(all);
  add_fates(all);
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
