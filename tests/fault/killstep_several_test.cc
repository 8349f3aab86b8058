// A process that has ends of several channels dies, or stops, between any two instructions of what it does
// with more than one of them: forwards from a queue to another and to a topic, and selects among queues,
// topics, an area and an event. Of each channel all holds that holds of it alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "area/lock_word.h"
#include "area/sync.h"
#include "killstep_scene.h"
#include "killstep_topic_steps.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

using namespace topic_steps;

constexpr QueueShape kQueue{
    .capacity = 3, .memory = 4096, .max_message = 1024, .max_capacity = 3, .writers = 1};
// Room for all that is put: who forwards waits for it as long as it takes.
const TopicShape kTopic{
    .history = 8, .memory = 9 * 1024, .max_message = 1024, .writers = 1, .readers = {{}, {}}};
const AreaShape kArea{.size = 128, .sync = {"event"}};

}  // namespace

// (in) ─▶ victim ─▶ (out), (tell); (tell) is a topic that it reads as (told); "a" is an area that it writes.
class TestHub {
 public:
  struct Shape {};
  struct View {
    detail::View in, out;
    detail::TopicView news;
    detail::AreaMemory area;
    History &put, &told;
  };

  explicit TestHub(const Shape&)
      : in_(kQueue),
        out_(kQueue),
        news_(kTopic),
        area_(kArea),
        put_(sizeof(History)),
        told_(sizeof(History)) {
    detail::make(event(), detail::SyncKind::kEvent);
  }

  // Their roster is that of the first.
  void enter(std::uint16_t participant, const char* /*access*/) const {
    in_.enter_with(participant, in_.port("in", "read") + " " + out_.port("out", "write") + " " +
                                    news_.port("told", "read") + " " + news_.port("tell", "write") + " " +
                                    area_.port("a", "write"));
  }
  [[nodiscard]] View view(std::uint16_t participant) {
    View view{in_.view(participant),
              out_.view(participant),
              news_.view(participant),
              area_.memory(),
              put(),
              told()};
    view.out.roster = view.news.roster = view.in.roster;
    return view;
  }
  void reap(std::uint16_t participant) const {
    for (const TestQueue* channel : {&in_, &out_, static_cast<const TestQueue*>(&news_)})
      procgraph::reap(channel->control(), in_.roster(), participant);
    area_.reap(participant);
  }

  TestQueue& in() { return in_; }
  TestQueue& out() { return out_; }
  TestTopic& news() { return news_; }
  [[nodiscard]] const TestArea& area() const { return area_; }
  [[nodiscard]] detail::SyncObject& event() const { return *area_.memory().find("event"); }
  // What was put into the second queue, and into the topic.
  [[nodiscard]] History& put() const { return *reinterpret_cast<History*>(put_.bytes().data()); }
  [[nodiscard]] History& told() const { return *reinterpret_cast<History*>(told_.bytes().data()); }

  [[nodiscard]] std::vector<std::span<std::byte>> parts() {
    std::vector<std::span<std::byte>> all{area_.control(), area_.data(), put_.bytes(), told_.bytes()};
    const auto add = [&](const std::vector<std::span<std::byte>>& more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    add(moving_parts(in_));
    add(moving_parts(out_));
    add(moving_parts(news_));
    return all;
  }

 private:
  TestQueue in_, out_;
  TestTopic news_;
  TestArea area_;
  Region put_, told_;
};

template <>
struct ScenarioOf<TestHub> {
  std::string name;
  TestHub::Shape shape;
  std::function<void(TestHub&, History&)> prepare;
  std::function<void(Ends&, TestHub&, History&)> act;
  bool attaches = false;
};

using HubScenario = ScenarioOf<TestHub>;

// ---- what the harness calls ----

inline std::vector<std::span<std::byte>> moving_parts(TestHub& hub) {
  return hub.parts();
}

inline void perform(const HubScenario& scenario, Scene<TestHub>& scene, Ends& ends) {
  scenario.act(ends, scene.queue(), scene.history());
}

inline void work_beside(TestHub::View view, History& history) {
  work_beside(view.in, history);
  work_beside(view.out, view.put);
  put_beside(view.news, view.told);
  detail::note_change(view.area.control());
  detail::set(*view.area.find("event"));
}

inline std::string verdict(TestHub& hub, const History& history) {
  if (auto wrong = verdict(hub.in(), history); !wrong.empty()) return "in: " + wrong;
  if (auto wrong = verdict(hub.out(), hub.put()); !wrong.empty()) return "out: " + wrong;
  if (auto wrong = verdict(hub.news(), hub.told()); !wrong.empty()) return "topic: " + wrong;
  if (poisoned_area(hub.area().control(), kArea)) return "the area is poisoned";
  for (std::size_t id = 0; id < kMessages; ++id) {
    const bool done = (history.steps[id].load() & History::kAckBegun) != 0 && id < kOthers;
    for (const History* to : {&hub.put(), &hub.told()}) {
      const std::uint32_t steps = to->steps[id].load();
      if (done && (steps & History::kPutBegun) != 0 && (steps & History::kPut) == 0)
        return "message " + std::to_string(id) + " was acknowledged before it was forwarded";
    }
  }
  return "";
}

namespace {

// ---- before the victim starts ----

void put_into(TestQueue& queue, History& history, int count) {
  detail::View view = queue.view(kPreparer);
  for (int id = 0; id < count; ++id) {
    if (testing::put(view, text_of(id, 0)))
      history.note(id, static_cast<History::Step>(History::kPutBegun | History::kPut));
  }
}

// ---- the victim's steps ----

void forward(Writer& to, const Message& message, History& history) {
  const int id = testing::id_of(message.text());
  history.note(id, History::kPutBegun);
  to.forward(message);
  history.note(id, History::kPut);
}

// The others' stay: their numbers are used there already.
void forward_one(Ends& ends, Writer& tell, TestHub& hub, History& history) {
  auto message = ends.in->get(kPatience);
  if (!message) return;
  if (testing::id_of(message->text()) < kOthers) {
    forward(*ends.out, *message, hub.put());
    forward(tell, *message, hub.told());
  }
  acknowledge(*message, history);
}

void take(Reader& in, History& history) {
  if (auto message = in.get(kPatience)) {
    history.note(testing::id_of(message->text()), History::kTaken);
    acknowledge(*message, history);
  }
}

std::vector<HubScenario> hub_scenarios() {
  std::vector<HubScenario> all;
  all.push_back({"forwards to a queue and to a topic",
                 {},
                 [](TestHub& hub, History& history) { put_into(hub.in(), history, 2); },
                 [](Ends& ends, TestHub& hub, History& history) {
                   Writer tell = ends.node->writer("tell");
                   for (int i = 0; i < 2; ++i) forward_one(ends, tell, hub, history);
                 }});
  all.push_back({"forwards what it takes of a topic",
                 {},
                 [](TestHub& hub, History&) { put_some(hub.news(), hub.told(), 0, 2); },
                 [](Ends& ends, TestHub& hub, History&) {
                   Reader told = ends.node->reader("told");
                   auto message = get_one(told, hub.told());
                   if (!message) return;
                   if (testing::id_of(message->text()) < kOthers) forward(*ends.out, *message, hub.put());
                   finish(message, hub.told());
                 }});
  all.push_back({"selects among messages and takes them",
                 {},
                 [](TestHub& hub, History& history) {
                   put_into(hub.in(), history, 1);
                   put_some(hub.news(), hub.told(), 0, 1);
                 },
                 [](Ends& ends, TestHub& hub, History& history) {
                   Reader told = ends.node->reader("told");
                   Writer tell = ends.node->writer("tell");
                   (void)ends.node->select({*ends.in, told, {*ends.out, 1000}, {tell, 1000}}, kPatience);
                   take(*ends.in, history);
                   (void)ends.node->select({*ends.in, told}, kPatience);
                   take(told, hub.told());
                   (void)ends.node->select({*ends.in, told}, kPatience);
                 }});
  all.push_back({"selects among all that there is",
                 {},
                 [](TestHub& hub, History& history) { put_into(hub.in(), history, 1); },
                 [](Ends& ends, TestHub& hub, History& history) {
                   Reader told = ends.node->reader("told");
                   SharedMemory area = ends.node->shared_memory("a");
                   Event event = ends.node->event("a", "event");
                   const auto select = [&] {
                     (void)ends.node->select({*ends.in, told, {area, area.version()}, event}, kPatience);
                   };
                   select();
                   take(*ends.in, history);
                   select();  // in vain
                   area.changed();
                   event.set();
                   select();
                   take(told, hub.told());
                 }});
  return all;
}

class SeveralKillStep : public ::testing::TestWithParam<HubScenario> {};

TEST_P(SeveralKillStep, AProcessKilledAtAnyInstructionLosesNothingAndBlocksNobody) {
  kill_anywhere(GetParam());
}

TEST_P(SeveralKillStep, OthersWorkBesideAStoppedProcessAndAfterItsDeath) {
  work_beside_anywhere(GetParam());
}

TEST_P(SeveralKillStep, AProcessGoesOnRightlyWhenOthersHaveWorkedMeanwhile) {
  go_on_anywhere(GetParam());
}

INSTANTIATE_TEST_SUITE_P(AProcessThat, SeveralKillStep, ::testing::ValuesIn(hub_scenarios()),
                         [](const auto& scenario) { return test_name(scenario.param.name); });

}  // namespace
}  // namespace procgraph::testing
