#include <array>

#include "killstep_topic_steps.h"

namespace procgraph::testing::topic_steps {

void add_calls(std::vector<TopicScenario>& all) {
  add(
      all, "takes a batch", [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer&, History& h) {
        for (Message& message : in.get_batch(3, kPatience)) {
          h.note(id_of(message.text()), History::kTaken);
          acknowledge(message, h);
        }
      });
  add(
      all, "takes what would come together", [](TestTopic& t, History& h) { put_some(t, h, 0, 2); },
      [](Reader& in, Writer&, History& h) {
        for (int i = 0; i < 2; ++i) {
          auto frame = in.get_many(kPatience);
          if (!frame) continue;
          const int id = id_of(text_of(*frame->begin()));
          h.note(id, History::kTaken);
          h.note_ack(id, frame->deliveries());
          frame->ack();
          h.note(id, History::kAcked);
        }
      });
  add(
      all, "puts many together", [](TestTopic& t, History& h) { put_some(t, h, 0, 1); },
      [](Reader&, Writer& out, History& h) {
        const std::array<std::string, 3> texts{text_of(kVictim, 0), text_of(kVictim + 1, 300),
                                               text_of(kVictim + 2, 0)};
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        for (int id : {kVictim, kVictim + 1, kVictim + 2}) h.note(id, History::kPutBegun);
        const auto put = static_cast<int>(out.put_many(views, kPatience));
        for (int i = 0; i < put; ++i) h.note(kVictim + i, History::kPut);
      });
  add(
      all, "puts back and rejects", [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer&, History& h) {
        if (auto message = get_one(in, h)) message->put_back();
        take_one(in, h);
        if (auto message = get_one(in, h)) message->reject();
        take_one(in, h);
      });
  add(
      all, "selects, takes, selects for room and puts",
      [](TestTopic& t, History& h) { put_some(t, h, 0, 2); },
      [](Reader& in, Writer& out, History& h) {
        select_from({in, out});
        take_one(in, h);
        take_one(in, h);
        select_from({in, in});
        select_from({{out, 1000}});
        put_one(out, h, kVictim, 1000);
      });
  add(
      all, "attaches, works, and goes", [](TestTopic& t, History& h) { put_some(t, h, 0, 2); },
      [](Reader& in, Writer& out, History& h) {
        take_one(in, h);
        put_one(out, h, kVictim);
        take_one(in, h);
      });
  for (std::size_t i = all.size() - 2; i < all.size(); ++i) all[i].attaches = true;
}

}  // namespace procgraph::testing::topic_steps
