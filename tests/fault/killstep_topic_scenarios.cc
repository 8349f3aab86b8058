#include <algorithm>
#include <cstdlib>

#include "killstep_topic_steps.h"

namespace procgraph::testing {
namespace {

using namespace topic_steps;

void expires(TopicReader& reader) {
  reader.expire = 1h;
}

void add_old_messages(std::vector<TopicScenario>& all) {
  add(
      all, "passes over what is too old",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 3);
        for (int id : {0, 1}) age(t, h, id);
      },
      [](Reader& in, Writer&, History& h) {
        take_one(in, h);
        take_one(in, h);
      });
  where_the_reader(all, expires);
  add(
      all, "passes over what is too old beside what it has in hand",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 3);
        age(t, h, 1);
      },
      [](Reader& in, Writer&, History& h) {
        auto first = get_one(in, h), second = get_one(in, h);
        finish(second, h);
        finish(first, h);
      });
  where_the_reader(all, expires);
  add(
      all, "passes over what has become too old when it comes back",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 2);
        give_one_back(t, h, 0);
        age(t, h, 0);
      },
      [](Reader& in, Writer&, History& h) { take_one(in, h); });
  where_the_reader(all, expires);
}

void add_at_most_once(std::vector<TopicScenario>& all) {
  const auto at_most_once = [](TopicReader& reader) { reader.at_most_once = true; };
  add(
      all, "takes at most once, acknowledges and gives back",
      [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer&, History& h) {
        take_one(in, h);
        if (auto message = get_one(in, h)) message->nack();
        take_one(in, h);
      });
  where_the_reader(all, at_most_once);
  add(
      all, "gives back out of order what comes at most once",
      [](TestTopic& t, History& h) { put_some(t, h, 0, 3); },
      [](Reader& in, Writer& out, History& h) {
        auto first = get_one(in, h), second = get_one(in, h);
        if (second) second->nack();
        if (first) first->nack();
        put_one(out, h, kVictim);
      });
  where_the_reader(all, at_most_once);
  add(
      all, "passes over what is too old where messages come at most once",
      [](TestTopic& t, History& h) {
        put_some(t, h, 0, 3);
        age(t, h, 1);
      },
      [](Reader& in, Writer&, History& h) {
        auto first = get_one(in, h), second = get_one(in, h);
        finish(second, h);
        finish(first, h);
      });
  where_the_reader(all, at_most_once);
  where_the_reader(all, expires);
}

std::vector<TopicScenario> make() {
  std::vector<TopicScenario> all;
  add_old_messages(all);
  add_at_most_once(all);
  add_calls(all);
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

}  // namespace procgraph::testing
