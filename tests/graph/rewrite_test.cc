// What is written out of a graph: the nodes of ours.
#include "graph/rewrite.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "channels/kinds.h"
#include "graph/draw.h"
#include "graph_text.h"

namespace procgraph {
namespace {

Graph rewritten(std::string_view yaml, const Selection& selection = {}) {
  test::Text text(yaml);
  Graph graph = rewrite(text.selected(selection), text.spec, all_kinds());
  EXPECT_EQ(text.told(), "");
  return graph;
}

const Process& process(const Graph& graph, std::string_view name) {
  return *std::ranges::find(graph.processes, name, &Process::name);
}

constexpr std::string_view kCamera = R"(processes:
  camera: { command: n, writes: frames }
  detector: { command: n, reads: { image: { channel: frames, when_full: drop_oldest, history: 4 } }, replicas: 2 }
  recorder: { command: n, reads: frames }
topics: { frames: { history: 8, max_message: 1MiB } }
)";

TEST(Rewrites, LetReplicasShareATopicThroughACopyAndAQueue) {
  const Graph graph = rewritten(kCamera);
  ASSERT_EQ(graph.processes.size(), 4U);
  ASSERT_EQ(graph.channels.size(), 2U);
  const Process& copy = graph.processes[3];
  EXPECT_EQ(copy.name, "copy:frames:detector.image");
  EXPECT_TRUE(copy.builtin);
  EXPECT_EQ(copy.replicas, 1U);
  const Channel &frames = graph.channels[0], &queue = graph.channels[1];
  EXPECT_EQ(process_names(graph, frames.readers), (std::vector<std::string>{"recorder", copy.name}));
  EXPECT_EQ(process_names(graph, queue.writers), std::vector{copy.name});
  EXPECT_EQ(process_names(graph, queue.readers), std::vector<std::string>{"detector"});
  EXPECT_EQ(queue.kind->name, "queue");
  EXPECT_EQ(queue.capacity, 4U);
  EXPECT_EQ(queue.max_message, frames.max_message);
  EXPECT_EQ(queue.memory, Bytes{4 << 20});
  EXPECT_EQ(queue.holders, 3U);
  EXPECT_EQ(title(graph, queue), "the queue from 'copy:frames:detector.image' to 'detector'");
}

TEST(Rewrites, GiveTheCopyThePlaceAndThePolicyOfItsProcess) {
  const Graph graph = rewritten(kCamera);
  const auto& places = graph.channels[0].places;
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(graph.at(places[0].port).process, process(graph, "recorder").id);
  EXPECT_EQ(places[0].policy, ReaderPolicy::kBlock);
  EXPECT_EQ(places[0].history, 8U);
  EXPECT_EQ(graph.at(places[1].port).process, process(graph, "copy:frames:detector.image").id);
  EXPECT_EQ(places[1].policy, ReaderPolicy::kDropOldest);
  EXPECT_EQ(places[1].history, 4U);
}

TEST(Rewrites, LetAQueueOfReplicasDoWithMessagesWhatItsTopicDoes) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t, replicas: 2 }
topics: { t: { expire: 5s, delivery: at_most_once } }
)");
  EXPECT_EQ(graph.channels[1].policies.expire->value, std::chrono::seconds(5));
  EXPECT_EQ(graph.channels[1].policies.delivery->value, "at_most_once");
}

TEST(Rewrites, GiveAReaderWhoseMessagesMayFailAQueueOfItsOwn) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t }
  c: { command: n, reads: { in: { channel: t, when_full: latest } } }
topics: { t: { max_deliveries: 2, dead_letter: { queue: d, fail: true } } }
queues: [d]
)");
  ASSERT_EQ(graph.channels.size(), 4U);
  const auto &topic = *std::ranges::find(graph.channels, "t", &Channel::name),
             &letters = *std::ranges::find(graph.channels, "d", &Channel::name),
             &queue = *std::ranges::find(graph.channels, "t|b", &Channel::name),
             &newest = *std::ranges::find(graph.channels, "t|c.in", &Channel::name);
  EXPECT_EQ(process_names(graph, topic.readers), (std::vector<std::string>{"copy:t:b", "copy:t:c.in"}));
  EXPECT_FALSE(topic.dead_letter.valid());
  for (const Channel* one : {&queue, &newest}) {
    EXPECT_EQ(one->dead_letter, letters.id) << one->name;
    EXPECT_TRUE(one->policies.dead_letter_fails) << one->name;
    EXPECT_EQ(one->policies.max_deliveries->value, 2U) << one->name;
  }
  EXPECT_EQ(newest.capacity, 1U);
  EXPECT_TRUE(letters.takes_letters);
  EXPECT_EQ(letters.largest_letter, topic.max_message);
}

TEST(Rewrites, GiveAQueueForEachPolicyThatNeedsOne) {
  for (const char* policy : {"max_deliveries: 3", "lease_timeout: 1s", "dead_letter: d"}) {
    const std::string yaml = std::string(R"(processes:
  a: { command: n, writes: [t, d] }
  b: { command: n, reads: [t, d] }
topics: { t: { )") + policy + " } }\nqueues: [d]\n";
    const Graph graph = rewritten(yaml);
    EXPECT_EQ(graph.processes.size(), 3U) << policy;
  }
}

TEST(Rewrites, LetACopyOfAServiceBeOne) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t, replicas: 2, service: true, on_failure: ignore }
  c: { command: n, reads: t, replicas: 2 }
topics: [t]
)");
  EXPECT_TRUE(process(graph, "copy:t:b").service);
  EXPECT_EQ(process(graph, "copy:t:b").on_failure, OnFailure::kIgnore);
  EXPECT_FALSE(process(graph, "copy:t:c").service);
}

TEST(Rewrites, LeaveBroadcastsAndSingleReadersAlone) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: { in: { channel: t, broadcast: true } }, replicas: 3 }
  c: { command: n, reads: t }
topics: [t]
)");
  EXPECT_EQ(graph.processes.size(), 3U);
  const auto& places = graph.channels[0].places;
  ASSERT_EQ(places.size(), 4U);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(places[i].replica, i);
  EXPECT_EQ(places[3].port, graph.channels[0].readers[1]);
}

TEST(Rewrites, MakeNoCopyForAProcessThatIsOut) {
  const Graph graph = rewritten(kCamera, {.except = {"detector"}});
  EXPECT_EQ(graph.processes.size(), 2U);
  EXPECT_EQ(graph.channels[0].places.size(), 1U);
}

TEST(Rewrites, MakeAQueueNoLargerThanItsTopic) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t, replicas: 2 }
topics: { t: { history: 1000, memory: 2MiB, max_message: 1MiB } }
)");
  EXPECT_EQ(graph.channels[1].memory, Bytes{2 << 20});
}

TEST(Rewrites, LetAProcessThatRunsOncePerMessageKeepItsNameAndItsPlace) {
  EXPECT_EQ(draw_mermaid(rewritten(R"(processes:
  a: { command: n, writes: q }
  work: { command: n, per: message, replicas: 3, stdin: q, stdout: r }
  b: { command: n, reads: r }
queues: [q, r]
)")),
            R"-(flowchart LR
  p0("a")
  p1("work ×3")
  p2("b")
  p0 -- "q (queue)" --> p1
  p1 -- "r (queue)" --> p2
)-");
}

TEST(Rewrites, StandInThePicture) {
  EXPECT_EQ(draw_mermaid(rewritten(kCamera)), R"-(flowchart LR
  p0("camera")
  p1("detector ×2")
  p2("recorder")
  p3("copy:frames:detector.image")
  c0{{"frames (topic)"}}
  p0 --- c0
  c0 --> p2
  c0 --> p3
  p3 --> p1
)-");
}

std::vector<std::string> words(const Process& process) {
  std::vector<std::string> words;
  for (const auto& word : process.command.words) words.push_back(word.value);
  return words;
}

TEST(Rewrites, PutARelayBetweenAPlainProgramAndItsChannel) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, stdout: q, service: true, on_failure: finish, stop: { grace: 3s } }
  b: { command: n, stdin: { channel: q, framing: { record: 16 } } }
queues: [q]
)");
  const Process &out = process(graph, "relay:a.stdout:q"), &in = process(graph, "relay:q:b.stdin");
  EXPECT_EQ(words(out), (std::vector<std::string>{"relay", "lines"}));
  EXPECT_EQ(words(in), (std::vector<std::string>{"relay", "record", "16"}));
  EXPECT_EQ(out.part_of, process(graph, "a").id);
  EXPECT_TRUE(out.builtin && out.service && !in.service);
  EXPECT_EQ(out.on_failure, OnFailure::kFinish);
  EXPECT_EQ(out.grace, std::chrono::seconds(3));
  const Channel &q = graph.channels[0], &left = graph.channels[1], &right = graph.channels[2];
  EXPECT_EQ(process_names(graph, q.writers), std::vector{out.name});
  EXPECT_EQ(process_names(graph, q.readers), std::vector{in.name});
  EXPECT_EQ(title(graph, left), "the pipe from 'a' to 'relay:a.stdout:q'");
  EXPECT_EQ(title(graph, right), "the pipe from 'relay:q:b.stdin' to 'b'");
  EXPECT_FALSE(left.per_replica);
  EXPECT_EQ(right.capacity, 0U);
}

TEST(Rewrites, ShowTheirRelays) {
  EXPECT_EQ(draw_ascii(rewritten(R"(processes:
  a: { command: n, stdout: q }
  b: { command: n, stdin: q, replicas: 2 }
queues: [q]
)")),
            R"( a ─▶ relay:a.stdout:q ──q──▶ relay:q:b.stdin ×2 ─▶ b ×2
                       queue
)");
}

TEST(Rewrites, GiveEachCopyARelayAndAPipe) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, stdin: q, stdout: r, replicas: 3, min_replicas: 2 }
  c: { command: n, reads: r }
queues: { q: { framing: nul }, r: {} }
)");
  const Process &in = process(graph, "relay:q:b.stdin"), &out = process(graph, "relay:b.stdout:r");
  EXPECT_EQ(words(in), (std::vector<std::string>{"relay", "nul", "shared"}))
      << "each copy is to get its part";
  EXPECT_EQ(words(out), (std::vector<std::string>{"relay", "lines"}));
  for (const Process* relay : {&in, &out}) {
    EXPECT_EQ(relay->replicas, 3U);
    EXPECT_EQ(relay->min_replicas, 2U);
  }
  EXPECT_TRUE(graph.channels[2].per_replica && graph.channels[3].per_replica);
  EXPECT_EQ(graph.channels[2].capacity, 4096U);
  EXPECT_EQ(graph.channels[3].capacity, 0U);
}

TEST(Rewrites, ReplaceADescriptorWithAFramingButNotAPort) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: { x: { channel: q, fd: 5, wait: sleep }, y: r } }
  b: { command: n, reads: [q, r] }
queues: { q: { framing: length }, r: {} }
)");
  const Process& relay = process(graph, "relay:a.x:q");
  EXPECT_EQ(graph.at(relay.ports[0]).wait, WaitMode::kSleep);
  EXPECT_EQ(graph.at(process(graph, "a").ports[0]).fd, 5);
  EXPECT_TRUE(graph.at(graph.at(process(graph, "a").ports[0]).channel).kind->bytes);
  EXPECT_EQ(process_names(graph, graph.channels[1].writers), std::vector<std::string>{"a"});
}

TEST(Rewrites, LetCopiesOfAPlainProgramShareATopic) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, stdin: t, replicas: 2 }
  c: { command: n, stdin: { channel: t, framing: whole } }
topics: { t: { framing: netstring } }
)");
  EXPECT_EQ(words(process(graph, "relay:t|b.stdin:b.stdin")),
            (std::vector<std::string>{"relay", "netstring", "shared"}));
  EXPECT_EQ(words(process(graph, "relay:t:c.stdin")), (std::vector<std::string>{"relay", "whole"}));
  const auto& places = graph.channels[0].places;
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(graph.at(graph.at(places[0].port).process).name, "copy:t:b.stdin");
  EXPECT_EQ(graph.at(graph.at(places[1].port).process).name, "relay:t:c.stdin");
}

TEST(Rewrites, PutANodeThatOrdersAroundAProcess) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: { in: q }, writes: { out: r }, ordered: { window: 7 }, replicas: 3, on_failure: ignore }
  c: { command: n, reads: r }
queues: { q: { capacity: 5, lease_timeout: 3s, max_deliveries: 2, dead_letter: bad, max_message: 100KiB }, r: {}, bad: {} }
)");
  const Process& order = process(graph, "order:b");
  EXPECT_EQ(words(order), (std::vector<std::string>{"order", "7"}));
  EXPECT_EQ(order.replicas, 1U);
  EXPECT_EQ(order.on_failure, OnFailure::kIgnore);
  const auto find = [&](std::string_view name) {
    return *std::ranges::find(graph.channels, name, &Channel::name);
  };
  const Channel q = find("q"), r = find("r"), work = find("order:b|b"), answers = find("b|order:b"),
                failed = find("b|failed");
  using Names = std::vector<std::string>;
  EXPECT_EQ(process_names(graph, q.readers), Names{"order:b"});
  EXPECT_EQ(process_names(graph, work.writers), Names{"order:b"});
  EXPECT_EQ(process_names(graph, work.readers), Names{"b"});
  EXPECT_EQ(process_names(graph, answers.writers), Names{"b"});
  EXPECT_EQ(process_names(graph, answers.readers), Names{"order:b"});
  EXPECT_EQ(process_names(graph, failed.readers), Names{"order:b"});
  EXPECT_EQ(process_names(graph, r.writers), Names{"order:b"});
  EXPECT_EQ(title(graph, failed), "the queue to 'order:b'");
  EXPECT_FALSE(q.policies.lease_timeout) << "it is the copies that may hold one for too long";
  EXPECT_TRUE(work.policies.lease_timeout);
  EXPECT_EQ(work.policies.max_deliveries->value, 2U);
  EXPECT_EQ(work.dead_letter, failed.id);
  EXPECT_TRUE(failed.takes_letters);
  EXPECT_EQ(graph.at(q.dead_letter).name, "bad");
  EXPECT_EQ(work.max_message, Bytes{100 << 10});
  for (const PortId port : process(graph, "b").ports) EXPECT_TRUE(graph.at(port).ordered);
  for (const PortId port : order.ports) EXPECT_FALSE(graph.at(port).ordered);
}

TEST(Rewrites, TryOnceInOrderWhatMayBeDeliveredOnce) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q, writes: r, ordered: true }
  c: { command: n, reads: r }
queues: { q: { delivery: at_most_once }, r: {} }
)");
  EXPECT_EQ(std::ranges::find(graph.channels, "order:b|b", &Channel::name)->policies.max_deliveries->value,
            1U);
}

TEST(Rewrites, GiveAnOrderedReaderOfATopicAQueueFirst) {
  const Graph graph = rewritten(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t, writes: r, ordered: true }
  c: { command: n, reads: r }
queues: [r]
topics: [t]
)");
  EXPECT_EQ(process_names(graph, graph.channels[1].readers), std::vector<std::string>{"copy:t:b"});
  EXPECT_EQ(process(graph, "order:b").ports.size(), 5U);
}

}  // namespace
}  // namespace procgraph
