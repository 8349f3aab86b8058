#include "channels/kinds.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "graph_text.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

TEST(Kinds, HaveEverythingThatAGraphAndAPlanNeed) {
  std::set<std::string_view> names;
  for (const ChannelKind* kind : all_kinds()) {
    EXPECT_TRUE(names.insert(kind->name).second) << kind->name;
    EXPECT_EQ(kind->key.substr(0, kind->name.size()), kind->name);
    EXPECT_FALSE(kind->summary.empty());
    EXPECT_FALSE(kind->survives.empty());
    EXPECT_TRUE(kind->fill != nullptr && kind->check != nullptr && kind->plan != nullptr);
  }
}

TEST(Kinds, WorkOnMemoryAllOrNotAtAll) {
  for (const ChannelKind* kind : all_kinds()) {
    const bool native = kind->init != nullptr;
    EXPECT_EQ(kind->native(), native) << kind->name;
    EXPECT_EQ(kind->sidestep != nullptr, native) << kind->name;
    // Only where data flows can it end, or be left over.
    EXPECT_EQ(kind->writer_gone != nullptr, native && kind->flows) << kind->name;
    EXPECT_EQ(kind->end_of_writers != nullptr, native && kind->flows) << kind->name;
    EXPECT_EQ(kind->end_of_readers != nullptr, native && kind->flows) << kind->name;
    EXPECT_EQ(kind->sample != nullptr, native && kind->flows) << kind->name;
    EXPECT_EQ(kind->bytes, !native && kind->flows) << kind->name;
    EXPECT_FALSE(kind->served && kind->flows) << kind->name;
    EXPECT_EQ(kind->reader_gone != nullptr, kind->to_each) << kind->name;
  }
}

// Memory of a queue, as a run has it.
class Live {
 public:
  explicit Live(bool ended)
      : text_("processes: { f: { command: n, writes: q }, m: { command: n, reads: q } }\nqueues: [q]\n") {
    channel_ = text_.graph.channels.at(0);
    channel_.ended_from_start = ended;
    const auto sizes = queue_sizes({.capacity = channel_.capacity,
                                    .memory = channel_.memory.value,
                                    .max_message = channel_.max_message.value,
                                    .participants = channel_.holders,
                                    .writers = channel_.writing_holders});
    control_.resize(sizes->control / sizeof(Line));
    roster_.resize(roster_size() / sizeof(Line));
  }

  LiveChannel value() {
    return {&channel_, std::as_writable_bytes(std::span(control_)),
            std::as_writable_bytes(std::span(roster_))};
  }

 private:
  struct alignas(4096) Line {
    std::byte bytes[4096];
  };
  test::Text text_;
  Channel channel_;
  std::vector<Line> control_, roster_;
};

TEST(QueueKind, BeginsEmpty) {
  Live live(false);
  ASSERT_TRUE(init_roster(live.value().roster));
  ASSERT_TRUE(kQueueKind.init(live.value()));
  const ChannelSample sample = kQueueKind.sample(live.value());
  EXPECT_EQ(sample.waiting, 0U);
  EXPECT_EQ(sample.put, 0U);
}

TEST(QueueKind, BearsEveryEndInAnyOrder) {
  for (const bool ended : {false, true}) {
    Live live(ended);
    ASSERT_TRUE(init_roster(live.value().roster));
    ASSERT_TRUE(kQueueKind.init(live.value()));
    kQueueKind.reap(live.value(), 1);
    kQueueKind.writer_gone(live.value(), 1);
    kQueueKind.end_of_readers(live.value());
    kQueueKind.end_of_writers(live.value());
    EXPECT_EQ(kQueueKind.sample(live.value()).waiting, 0U);
  }
}

}  // namespace
}  // namespace procgraph
