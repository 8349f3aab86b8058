// A file that uses everything, and what is then in the Spec.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/socket_address.h"
#include "load.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const std::string kEverything = R"(# everything
name: all
description: Uses every key
vars: { WHO: ann }
timeout: 1h
grace: 20s
keep_going: true
x-anything: { at: all }
defaults:
  processes: { clean_env: true, env: { LANG: C } }
  queues: { capacity: 10 }
  pipes: { capacity: 128KiB }
processes:
  first: ./bin/first "two words" -x
  second:
    description: The second
    command: [second, "${replica}/${replicas}", "${WHO}"]
    reads: { in: { channel: q, fd: 7, wait: latency }, other: r }
    writes: [out, duplex]
    stdin: { channel: raw }
    stdout: { file: "logs/out.${replica}", append: true }
    stderr: inherit
    replicas: 4
    env: { NAME: "${WHO}" }
    clean_env: false
    cwd: work
    umask: 027
    after: { first: started, third: succeeded }
    on_failure: finish
    ok_codes: [0, 3]
    stop: { signal: SIGINT, grace: 1m }
    timeout: 90s
    restart: { policy: always, backoff: 250ms..1m, reset_after: 30s, max: 3 in 2m, except: [3, 78] }
    enabled: true
  third:
    shell: |
      echo one
      echo "$TWO"
    service: true
    replicas: cores
    reads: duplex
    stdin: none
    stdout: raw
    stop: { signal: HUP }
    restart: on_failure
    enabled: "${RUN_THIRD:-false}"
queues:
  q: { memory: 1MiB, max_message: 1000, when_full: block, delivery: at_least_once }
  r:
  out: {}
pipes:
  raw:
  duplex: { duplex: true, capacity: 4096 }
pipelines:
  - [first, q, second]
)";

TEST(Spec, HasTheTopLevel) {
  const Loaded loaded = load_text(kEverything);
  ASSERT_EQ(loaded.text(), "");
  const Spec& spec = loaded.spec;
  EXPECT_EQ(spec.name, (Text{"all", {.file = 0, .line = 2, .column = 7, .length = 3}}));
  EXPECT_EQ(spec.folder, kFolder);
  EXPECT_EQ(spec.description, "Uses every key");
  EXPECT_EQ(spec.timeout->value, 1h);
  EXPECT_EQ(spec.grace->value, 20s);
  EXPECT_TRUE(spec.keep_going);
  ASSERT_EQ(spec.pipelines.size(), 1U);
  EXPECT_EQ(spec.pipelines[0].names.at(1), (Text{"q", {.file = 0, .line = 55, .column = 13, .length = 1}}));
}

TEST(Spec, HasAProcessThatIsACommandAlone) {
  const ProcessSpec first = load_text(kEverything).spec.processes.at(0);
  EXPECT_EQ(first.name, (Text{"first", {.file = 0, .line = 14, .column = 3, .length = 5}}));
  ASSERT_TRUE(first.command);
  EXPECT_FALSE(first.command->shell);
  EXPECT_EQ(first.command->folder, kFolder);
  EXPECT_EQ(first.command->mark, (Mark{.file = 0, .line = 14, .column = 10, .length = 26}));
  EXPECT_EQ(first.command->words.at(0).value, "/graphs/bin/first");
  EXPECT_EQ(first.command->words.at(1).value, "two words");
  EXPECT_EQ(first.folder, kFolder);
  EXPECT_TRUE(first.clean_env);
  EXPECT_EQ(first.env.at(0).value.value, "C");
  EXPECT_FALSE(first.replicas);
  EXPECT_FALSE(first.stop);
  EXPECT_FALSE(first.restart);
  EXPECT_FALSE(first.out);
  EXPECT_TRUE(first.enabled);
}

TEST(Spec, HasAProcessThatSaysEverything) {
  const ProcessSpec second = load_text(kEverything).spec.processes.at(1);
  EXPECT_EQ(second.description, "The second");
  EXPECT_EQ(second.command->words.at(1).value, "\x01/\x02");
  EXPECT_EQ(second.command->words.at(2).value, "ann");
  EXPECT_EQ(second.replicas->value, 4U);
  EXPECT_EQ(second.env.size(), 2U);
  EXPECT_EQ(second.env.at(0).value.value, "ann");
  EXPECT_FALSE(second.clean_env);
  EXPECT_EQ(second.cwd.value, "/graphs/work");
  EXPECT_EQ(second.umask->value, 027U);
  EXPECT_EQ(second.on_failure, OnFailure::kFinish);
  EXPECT_THAT(second.ok_codes, ElementsAre(0, 3));
  EXPECT_EQ(second.stop->signal.value, SIGINT);
  EXPECT_EQ(second.stop->grace.value, 1min);
  EXPECT_EQ(second.timeout->value, 90s);
  EXPECT_EQ(second.restart->policy, (RestartPolicy{.when = Restart::kAlways,
                                                   .first = 250ms,
                                                   .most = 1min,
                                                   .reset_after = 30s,
                                                   .max = RestartPolicy::Intensity{3, 2min},
                                                   .except = {3, 78}}));
  EXPECT_FALSE(second.service);
  ASSERT_EQ(second.after.size(), 2U);
  EXPECT_EQ(second.after[0].process.value, "first");
  EXPECT_EQ(second.after[0].condition.value, Condition::kStarted);
  EXPECT_EQ(second.after[1].condition.value, Condition::kSucceeded);
}

TEST(Spec, HasReadinessAndHealth) {
  const Loaded loaded = load_text(
      "processes:\n"
      "  a: { command: x, ready: notify, health: { watchdog: 30s } }\n"
      "  b: { command: x, ready: { http: { socket: s, path: '/${replica}', status: 204 }, timeout: 5m } }\n"
      "  c: { command: x, ready: { http: 'http://localhost' }, health: { exec: ./check 1, interval: 1s, "
      "timeout: 250ms, retries: 7 } }\n"
      "  d: { command: x, ready: started, after: { a: { ready: true, restart: true } } }\n"
      "  e: { command: x, ready: { log: 'up|on' }, health: { tcp: '${socket.s.address}' } }\n"
      "defaults: { processes: { ready: { fd: 9 } } }\n");
  ASSERT_FALSE(loaded.diagnostics.has_errors()) << loaded.text();
  const auto& p = loaded.spec.processes;
  EXPECT_EQ(p.at(0).ready->probe.kind, ProbeKind::kNotify);
  EXPECT_EQ(p.at(0).ready->timeout, 60s);
  EXPECT_EQ(p.at(0).health->probe.kind, ProbeKind::kWatchdog);
  EXPECT_EQ(p.at(0).health->timeout, 30s);
  EXPECT_EQ(p.at(1).ready->probe.address.value, socket_reference("s", "address"));
  EXPECT_EQ(p.at(1).ready->probe.path, "/\x01");
  EXPECT_EQ(p.at(1).ready->probe.least_status, 204);
  EXPECT_EQ(p.at(1).ready->probe.most_status, 204);
  EXPECT_EQ(p.at(1).ready->timeout, 5min);
  EXPECT_EQ(p.at(2).ready->probe.address.value, "localhost:80");
  EXPECT_EQ(p.at(2).ready->probe.path, "/");
  EXPECT_EQ(p.at(2).health->probe.command.words.at(0).value, "/graphs/check");
  EXPECT_EQ(p.at(2).health->interval, 1s);
  EXPECT_EQ(p.at(2).health->timeout, 250ms);
  EXPECT_EQ(p.at(2).health->retries, 7U);
  EXPECT_FALSE(p.at(3).ready) << "it started, whatever the defaults say";
  EXPECT_EQ(p.at(3).after.at(0).condition.value, Condition::kReady);
  EXPECT_TRUE(p.at(3).after.at(0).restart);
  EXPECT_EQ(p.at(4).ready->probe.pattern, "up|on");
  EXPECT_EQ(p.at(4).health->retries, 3U);
}

TEST(Spec, HasWhatAProcessMayUse) {
  const Loaded loaded = load_text(
      "processes:\n  a: { command: x, limits: { memory: 64MiB, processes: 9, cpu: 2m, cpu_share: 150%, "
      "files: 50, file_size: "
      "1KB, "
      "core: 0 }, nice: -5, oom_score_adj: 300, cpus: [\"0-3,5\", \"${replica}\"] }\n");
  EXPECT_EQ(loaded.text(), "");
  const ResourcesSpec& resources = loaded.spec.processes.at(0).resources;
  EXPECT_EQ(resources.memory->value, Bytes{64U << 20U});
  EXPECT_EQ(resources.processes->value, 9U);
  EXPECT_EQ(resources.cpu->value, 2min);
  EXPECT_EQ(resources.cpu_share->value, 150U);
  EXPECT_EQ(resources.files->value, 50U);
  EXPECT_EQ(resources.file_size->value, Bytes{1000});
  EXPECT_EQ(resources.core->value, Bytes{0});
  EXPECT_EQ(resources.nice->value, -5);
  EXPECT_EQ(resources.oom_score_adj->value, 300);
  ASSERT_EQ(resources.cpus.size(), 3U);
  EXPECT_EQ(resources.cpus[0].value, "0-3");
  EXPECT_EQ(resources.cpus[1].value, "5");
  EXPECT_EQ(resources.cpus[2].value, "\x01");
}

TEST(Spec, HasPortsAndStreams) {
  const ProcessSpec second = load_text(kEverything).spec.processes.at(1);
  ASSERT_EQ(second.reads.size(), 2U);
  EXPECT_EQ(second.reads[0].port.value, "in");
  EXPECT_EQ(second.reads[0].channel.value, "q");
  EXPECT_EQ(second.reads[0].fd->value, 7);
  EXPECT_EQ(second.reads[0].wait->value, WaitMode::kLatency);
  EXPECT_EQ(second.reads[1].port.value, "other");
  EXPECT_EQ(second.reads[1].channel, (Text{"r", {.file = 0, .line = 18, .column = 63, .length = 1}}));
  ASSERT_EQ(second.writes.size(), 2U);
  EXPECT_EQ(second.writes[0].port, second.writes[0].channel);
  EXPECT_EQ(second.in->kind, StreamKind::kChannel);
  EXPECT_EQ(second.in->target, "raw");
  EXPECT_EQ(second.out->kind, StreamKind::kFile);
  EXPECT_EQ(second.out->target, "/graphs/logs/out.\x01");
  EXPECT_TRUE(second.out->append);
  EXPECT_EQ(second.err->kind, StreamKind::kInherit);
}

TEST(Spec, HasAScript) {
  const ProcessSpec third = load_text(kEverything).spec.processes.at(2);
  EXPECT_TRUE(third.command->shell);
  ASSERT_EQ(third.command->words.size(), 1U);
  EXPECT_EQ(third.command->words[0].value, "echo one\necho \"$TWO\"\n");
  EXPECT_TRUE(third.service);
  EXPECT_FALSE(third.enabled);
  EXPECT_EQ(third.replicas->value, 6U);
  EXPECT_EQ(third.in->kind, StreamKind::kNone);
  EXPECT_EQ(third.out->kind, StreamKind::kChannel);
  EXPECT_EQ(third.stop->signal.value, SIGHUP);
  EXPECT_EQ(third.restart->policy, (RestartPolicy{.when = Restart::kOnFailure}));
  EXPECT_EQ(third.stop->grace.value, 10s);
}

TEST(Spec, HasChannelsInTheOrderOfTheText) {
  const std::vector<ChannelSpec> channels = load_text(kEverything).spec.channels;
  ASSERT_EQ(channels.size(), 5U);
  EXPECT_EQ(channels[0].name.value, "q");
  EXPECT_EQ(channels[0].kind, "queue");
  EXPECT_EQ(channels[0].capacity->value, 10U);
  EXPECT_EQ(channels[0].memory->value, Bytes{1U << 20U});
  EXPECT_EQ(channels[0].max_message->value, Bytes{1000});
  EXPECT_EQ(channels[1].capacity->value, 10U);
  EXPECT_FALSE(channels[1].memory);
  EXPECT_EQ(channels[3].kind, "pipe");
  EXPECT_EQ(channels[3].capacity->value, 128U << 10U);
  EXPECT_FALSE(channels[3].duplex);
  EXPECT_EQ(channels[4].capacity->value, 4096U);
  EXPECT_TRUE(channels[4].duplex->value);
}

TEST(Spec, IsTheSameForTheSameText) {
  EXPECT_EQ(load_text(kEverything).spec, load_text(kEverything).spec);
}

TEST(Spec, TakesTheShortForms) {
  const Loaded loaded =
      load_text("processes:\n  f: { command: f, writes: q }\n  m: { command: m, reads: [q] }\nqueues: [q]\n");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.name.value, "g");
  EXPECT_EQ(loaded.spec.processes.at(0).writes.at(0).channel.value, "q");
  EXPECT_EQ(loaded.spec.processes.at(1).reads.at(0).port.value, "q");
  EXPECT_EQ(loaded.spec.channels.at(0).name.mark, (Mark{.file = 0, .line = 4, .column = 10, .length = 1}));
}

TEST(Spec, TakesJson) {
  const Loaded loaded = load_text(
      R"({"processes": {"f": {"command": ["f", "-x"], "writes": "q", "replicas": 2, "timeout": "10s"}, "m": "m"}, "queues": {"q": {"capacity": 5}}})");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).replicas->value, 2U);
  EXPECT_EQ(loaded.spec.channels.at(0).capacity->value, 5U);
}

TEST(Defaults, LeaveAScriptOrACommandOfOnesOwnAlone) {
  const Loaded loaded =
      load_text("defaults: { processes: { command: x } }\nprocesses: { a: {}, b: { shell: y }, c: z }\n");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).command->words.at(0).value, "x");
  EXPECT_TRUE(loaded.spec.processes.at(1).command->shell);
  EXPECT_EQ(loaded.spec.processes.at(2).command->words.at(0).value, "z");
}

TEST(Paths, AreRelativeToTheFileOnlyInTheFirstWordAndInKeys) {
  const Loaded loaded = load_text(
      "processes: { a: { command: [./x, ./y, ../z], cwd: ../w }, b: { command: /bin/../x }, c: { command: x "
      "} }\n");
  EXPECT_EQ(loaded.text(), "");
  const std::vector<Text>& words = loaded.spec.processes.at(0).command->words;
  EXPECT_EQ(words.at(0).value, "/graphs/x");
  EXPECT_EQ(words.at(1).value, "./y");
  EXPECT_EQ(words.at(2).value, "../z");
  EXPECT_EQ(loaded.spec.processes.at(0).cwd.value, "/w");
  EXPECT_EQ(loaded.spec.processes.at(1).command->words.at(0).value, "/bin/../x");
  EXPECT_EQ(loaded.spec.processes.at(2).command->words.at(0).value, "x");
  EXPECT_EQ(loaded.spec.processes.at(2).cwd.value, "");
}

TEST(Spec, HasWhatAQueueDoesWithItsMessages) {
  const Loaded loaded = load_text(R"(queues:
  a: { when_full: grow, max_capacity: 9, max_memory: 1MiB, dead_letter: { queue: d, fail: true }, prefault: true }
  b: { delivery: at_most_once, expire: 1s, lease_timeout: 2s }
  c: { retry: 1s..5m, max_deliveries: 3, dead_letter: d }
  d: { retry: 250ms }
)");
  ASSERT_EQ(loaded.text(), "");
  const std::vector<ChannelSpec>& channels = loaded.spec.channels;
  const PolicySpec& a = channels.at(0).policies;
  EXPECT_EQ(a.when_full->value, "grow");
  EXPECT_EQ(a.max_capacity->value, 9U);
  EXPECT_EQ(a.max_memory->value, Bytes{1U << 20U});
  EXPECT_EQ(a.dead_letter->value, "d");
  EXPECT_TRUE(a.dead_letter_fails);
  EXPECT_TRUE(a.prefault);
  const PolicySpec& b = channels.at(1).policies;
  EXPECT_EQ(b.delivery->value, "at_most_once");
  EXPECT_EQ(b.expire->value, 1s);
  EXPECT_EQ(b.lease_timeout->value, 2s);
  EXPECT_FALSE(b.dead_letter);
  const PolicySpec& c = channels.at(2).policies;
  EXPECT_EQ(c.retry->first, 1s);
  EXPECT_EQ(c.retry->most, 5min);
  EXPECT_EQ(c.max_deliveries->value, 3U);
  EXPECT_FALSE(c.dead_letter_fails);
  EXPECT_EQ(channels.at(3).policies.retry->first, 250ms);
  EXPECT_EQ(channels.at(3).policies.retry->most, 250ms);
}

TEST(Spec, HasWhatATopicDoesWithItsMessages) {
  const Loaded loaded = load_text("topics: { a: { expire: 1s, delivery: at_most_once } }\n");
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.channels.at(0).policies.expire->value, 1s);
  EXPECT_EQ(loaded.spec.channels.at(0).policies.delivery->value, "at_most_once");
}

TEST(Spec, HasRunsForMessages) {
  const Loaded loaded = load_text(R"(processes:
  one: { command: x, per: message, ordered: false }
  many: { command: x, per: { messages: 500, within: 1s }, ordered: { window: 8 } }
  usual: { command: x, per: message, ordered: true }
queues: { q: { reject_codes: [3, 4] } }
)");
  ASSERT_EQ(loaded.text(), "");
  const auto& processes = loaded.spec.processes;
  EXPECT_EQ(processes.at(0).per->messages, 1U);
  EXPECT_FALSE(processes.at(0).per->within);
  EXPECT_FALSE(processes.at(0).ordered);
  EXPECT_EQ(processes.at(1).per->messages, 500U);
  EXPECT_EQ(processes.at(1).per->within->value, 1s);
  EXPECT_EQ(processes.at(1).ordered->window, 8U);
  EXPECT_EQ(processes.at(2).ordered->window, 1024U);
  EXPECT_THAT(loaded.spec.channels.at(0).policies.reject_codes, ElementsAre(3, 4));
}

}  // namespace
}  // namespace procgraph::testing
