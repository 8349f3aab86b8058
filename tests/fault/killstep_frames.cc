// Victims that put and take together, put back what they have not tried, and reject.
#include "killstep_steps.h"

namespace procgraph::testing {
namespace {

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

}  // namespace

// Of which the first get waits for ever: there is always something.
void add_batches(std::vector<Scenario>& all) {
  all.push_back({"takes a batch", kSmall, [](TestQueue& q, History& h) { put_some(q, h, 3); },
                 [](Reader& in, Writer&, History& h) {
                   auto batch = in.get_batch(3, kPatience);
                   for (; batch.size() > 1; batch.pop_back()) acknowledge(batch.back(), h);
                   batch.front().nack();
                 }});
  all.push_back({"takes a batch that does not get full", kSmall,
                 [](TestQueue& q, History& h) { put_some(q, h, 1); },
                 [](Reader& in, Writer&, History& h) {
                   for (Message& message : in.get_batch(3, kPatience)) acknowledge(message, h);
                 }});
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
  all.push_back({"attaches, and goes with a frame half read", kSmall, two,
                 [](Reader& in, Writer&, History& h) {
                   take_one(in, h);
                   take_one(in, h);
                 },
                 true});
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

namespace {

// ---- what is not tried, and what is of no use ----

void put_one_back(Reader& in) {
  if (auto message = in.try_get()) message->put_back();
}

void reject_one(Reader& in) {
  if (auto message = in.try_get()) message->reject();
}

// The first `done` are acknowledged.
void put_rest_back(Reader& in, std::size_t done, History& h) {
  auto frame = in.get_many(kPatience);
  if (!frame) return;
  std::vector<int> ids;
  for (std::span<const std::byte> bytes : *frame)
    if (ids.size() < done) ids.push_back(id_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  for (int id : ids) h.note_ack(id, frame->deliveries());
  frame->put_back(done);
  for (int id : ids) h.note(id, History::kAcked);
}

}  // namespace

void add_fates(std::vector<Scenario>& all) {
  const auto some = [](TestQueue& q, History& h) {
    h.puts_back = true;
    put_some(q, h, 3);
    return_some(q, 1);
  };
  const auto two = [](TestQueue& q, History& h) {
    put_frame(q, h, 0, 4);
    put_frame(q, h, 4, 3);
  };
  for (const bool once : {false, true}) {
    all.push_back({once ? "puts back what is read at most once" : "puts back what it has not tried",
                   small_with({.at_most_once = once, .max_deliveries = 2}), some,
                   [](Reader& in, Writer&, History& h) {
                     put_one_back(in);
                     take_one(in, h);
                     auto held = in.try_get();
                     put_one_back(in);
                     if (held) acknowledge(*held, h);
                   }});
  }
  all.push_back({"puts back the rest of a frame", kSmall, two, [](Reader& in, Writer&, History& h) {
                   put_rest_back(in, 2, h);
                   take_one(in, h);
                   put_one_back(in);
                   put_rest_back(in, 0, h);
                 }});
  all.push_back(
      {"rejects messages", small_with({.max_deliveries = 5}), some, [](Reader& in, Writer&, History& h) {
         reject_one(in);
         take_one(in, h);
         reject_one(in);
       }});
  all.push_back({"rejects what was put together", kSmall, two, [](Reader& in, Writer&, History& h) {
                   reject_one(in);
                   take_one(in, h);
                   if (auto rest = in.get_many(kPatience)) rest->reject();
                   if (auto whole = in.get_many(kPatience)) whole->reject();
                 }});
}

}  // namespace procgraph::testing
