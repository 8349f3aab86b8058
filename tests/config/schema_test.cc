// The JSON schema says what the parser says, as far as a schema can.
#include "config/schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/keys.h"
#include "json_of.h"
#include "load.h"
#include "schema_check.h"

namespace procgraph::testing {

using namespace config;

namespace {

std::string refused(const std::string& yaml) {
  static const nlohmann::json schema = nlohmann::json::parse(schema_json());
  return refusal(schema, schema, json_of(yaml));
}

TEST(Schema, AcceptsWhatTheParserAccepts) {
  for (const std::string yaml : {
           "processes: { f: { command: f, writes: q }, m: { command: m, reads: q } }\nqueues: [q]\n",
           "processes:\n  a: cat x\n  b: { command: [grep, 5, true], stdout: inherit, stdin: { file: x }, "
           "stderr: { file: y, append: true } }\n",
           "processes: { a: { shell: x, reads: { p: q, r: { channel: s, fd: 3, wait: sleep } }, after: { b: "
           "failed } } }\n",
           "x-a: [1]\nname: n\ndescription: 5\nvars: { A: 1 }\ninclude: [a, b]\ntimeout: 10s\ngrace: "
           "0\nkeep_going: true\n",
           "defaults: { processes: { umask: 022, ok_codes: [0, 1] }, queues: { memory: 4096 }, pipes: { "
           "duplex: false } }\n",
           "queues: { a: , b: {}, c: { capacity: 5, memory: 1MiB, max_message: 10KB, when_full: block, "
           "delivery: at_least_once } }\n",
           "topics: { a: , b: { history: 3, memory: 1MiB, max_message: 10KB, when_full: latest } }\n",
           "queues: { a: { when_full: grow, max_capacity: 9, max_memory: 1MiB, dead_letter: { queue: d, "
           "fail: true } }, "
           "b: { delivery: at_most_once, expire: 1s, lease_timeout: 2s, prefault: true }, c: { retry: "
           "1s..5m, "
           "max_deliveries: 3, dead_letter: d }, d: { retry: 250ms } }\n",
           "processes: { a: { command: x, replicas: cores, enabled: '${X:-true}', env: { A: 1, B: true, C: "
           "'' }, stop: { signal: TERM } } }\n",
           "sockets: { a: , b: { listen: unix }, c: { listen: 'tcp://[::1]:0', open: server }, d: { listen: "
           "'unix:x' } }\nprocesses: { s: { command: x, serves: [a, b], connects: c }, t: { command: x, "
           "serves: { "
           "http: d }, connects: { DATA_BASE: a } } }\ndefaults: { sockets: { listen: 'tcp://127.0.0.1:0' } "
           "}\n",
           "shared_memory: { a: { size: 4KiB }, b: { size: 1, lock: true, initial: x, sync: [l, e] } "
           "}\ndefaults: { "
           "shared_memory: { size: 4096 } }\n",
           "processes: { a: { command: x, restart: on_failure }, b: { command: x, restart: { policy: always, "
           "backoff: 1s..30s, reset_after: 1m, max: 5 in 1m, except: [78] } }, c: { command: x, restart: { "
           "policy: "
           "'${P:-never}', backoff: 2s, max: none } } }\n",
           "processes: { a: { command: x, ready: notify, health: { watchdog: 5s } }, b: { command: x, ready: "
           "started, after: { a: ready, c: { ready: true } } }, c: { command: x, ready: { fd: 5, timeout: 1m "
           "} }, "
           "d: { command: x, ready: { exec: [a, b] }, health: { exec: a b, interval: 1s, timeout: 2s, "
           "retries: 1 "
           "} }, e: { command: x, ready: { tcp: '127.0.0.1:80' }, health: { http: { socket: s, path: /x, "
           "status: "
           "200-299 } } }, f: { command: x, ready: { http: 'http://[::1]:80/x' } }, g: { command: x, ready: "
           "{ "
           "log: up } } }\n",
           "processes: { a: { command: x, cpus: 3, nice: -5, env_file: x }, b: { command: x, cpus: [0, 2-3], "
           "oom_score_adj: -1000, env_file: [x, y] }, c: { command: x, cpus: '0-3,${N:-7}' } }\n",
           "processes: { a: { command: x, limits: { memory: 64MiB, processes: 9, cpu: 10s, cpu_share: 5%, "
           "files: 50, "
           "file_size: 1, core: 0 } } }\n",
           "pipelines: [[a, b], [c, d, e]]\npipes: { p: { capacity: 64KiB } }\n",
       }) {
    EXPECT_EQ(refused(yaml), "") << yaml;
  }
}

TEST(Schema, RefusesWhatTheParserRefuses) {
  for (const std::string yaml : {
           "timout: 1s\n",
           "processes: [a]\n",
           "processes: { f: { comand: x } }\n",
           "processes: { 1f: x }\n",
           "processes: { f: { command: x, shell: y } }\n",
           "processes: { f: { command: x, replicas: 0 } }\n",
           "processes: { f: { command: x, replicas: '4' } }\n",
           "processes: { f: { command: x, service: yes } }\n",
           "processes: { f: { command: [] } }\n",
           "processes: { f: { command: x, reads: a/b } }\n",
           "processes: { f: { command: x, ok_codes: [256] } }\n",
           "processes: { f: { command: x, after: { g: { rady: true } } } }\n",
           "processes: { f: { command: x, after: { g: { ready: false } } } }\n",
           "processes: { f: { command: x, ready: soon } }\n",
           "processes: { f: { command: x, ready: { fd: 2 } } }\n",
           "processes: { f: { command: x, ready: { tcp: 5432 } } }\n",
           "processes: { f: { command: x, ready: { http: { path: /x } } } }\n",
           "processes: { f: { command: x, ready: { http: 'https://x' } } }\n",
           "processes: { f: { command: x, health: { log: x } } }\n",
           "processes: { f: { command: x, health: { exec: x, retries: 0 } } }\n",
           "processes: { f: { command: x, health: x } }\n",
           "processes: { f: { command: x, reads: { p: { fd: 5 } } } }\n",
           "queues: { q: { capacity: 10KiB } }\n",
           "queues: { q: { memory: 1.5GB } }\n",
           "queues: { q: { when_full: spill } }\n",
           "queues: { q: { retry: often } }\n",
           "queues: { q: { dead_letter: { fail: true } } }\n",
           "queues: { q: { max_deliveries: 0 } }\n",
           "topics: { t: { when_full: reject } }\n",
           "topics: { t: { capacity: 3 } }\n",
           "processes: { f: { command: x, reads: { p: { channel: t, broadcast: 1 } } } }\n",
           "sockets: { s: { listen: 'udp://127.0.0.1:0' } }\n",
           "sockets: { s: { open: client } }\n",
           "processes: { f: { command: x, connects: { 'A-B': s } } }\n",
           "shared_memory: { a: { size: 4KiB, sync: [] } }\n",
           "shared_memory: { a: { size: 4KiB, sync: l } }\n",
           "shared_memory: { a: { size: -1 } }\n",
           "processes: { f: { command: x, restart: true } }\n",
           "processes: { f: { command: x, restart: { max: 5 in 1m } } }\n",
           "processes: { f: { command: x, restart: { policy: always, max: 5 } } }\n",
           "processes: { f: { command: x, restart: { policy: always, backoff: 1 } } }\n",
           "processes: { f: { command: x, nice: 20 } }\n",
           "processes: { f: { command: x, oom_score_adj: -1001 } }\n",
           "processes: { f: { command: x, cpus: [] } }\n",
           "processes: { f: { command: x, cpus: first } }\n",
           "processes: { f: { command: x, limits: { memory: 0 } } }\n",
           "processes: { f: { command: x, limits: { files: 3 } } }\n",
           "processes: { f: { command: x, limits: { cpu_share: 50 } } }\n",
           "processes: { f: { command: x, limits: { cpu_share: 0% } } }\n",
           "processes: { f: { command: x, limits: { stack: 3 } } }\n",
           "queues: q\n",
           "timeout: 10\n",
           "pipelines: [a, b]\n",
           "pipelines: [[a]]\n",
           "processes: { f: { command: x, env: { A: } } }\n",
       }) {
    EXPECT_NE(refused(yaml), "") << yaml;
    EXPECT_TRUE(load_text(yaml).diagnostics.has_errors()) << yaml;
  }
}

TEST(Schema, DescribesEachSupportedKeyAndNoOther) {
  const std::string schema = schema_json();
  const nlohmann::json top = nlohmann::json::parse(schema)["properties"];
  for (const Key& key : keys()) {
    if (key.place == Place::kTop) {
      EXPECT_EQ(top.contains(std::string(key.name)), key.supported) << key.name;
    }
  }
  EXPECT_EQ(schema.find("not supported"), std::string::npos);
}

TEST(Reference, IsTheOneThatIsCommitted) {
  std::ifstream file(PROCGRAPH_REFERENCE, std::ios::binary);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(committed == file_reference_markdown())
      << "docs/file.md is not up to date: procgraph schema --reference > docs/file.md";
}

TEST(Reference, OfEachKindIsInTheManualOfChannelsToo) {
  std::ifstream file(PROCGRAPH_CHANNELS, std::ios::binary);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  for (const std::string& kind : kinds_with_options()) {
    const std::string table = options_markdown(kind);
    ASSERT_NE(table, "") << kind;
    EXPECT_NE(committed.find("<!-- Generated: procgraph schema --options " + kind + " -->\n\n" + table),
              std::string::npos)
        << "docs/channels.md has another table than: procgraph schema --options " << kind;
  }
  EXPECT_EQ(options_markdown("kettle"), "");
}

}  // namespace
}  // namespace procgraph::testing
