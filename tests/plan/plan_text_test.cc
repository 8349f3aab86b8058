// Plans, compared whole.
#include <gtest/gtest.h>

#include "planned.h"

namespace procgraph::test {
namespace {

// What becomes of channels is in deaths_test.cc.
std::string but_deaths(const Plan& plan) {
  std::string text = to_text(plan);
  const std::size_t at = text.find("\nwhen one dies\n");
  return at == std::string::npos ? text : text.substr(0, at);
}

TEST(PlanText, SaysWhoComesFromOutside) {
  const Plan plan = planned(R"(processes:
  f: { command: n, reads: jobs, writes: results }
queues:
  jobs: { external: write, spare: 1 }
  results: { external: both }
)");
  const std::string text = to_text(plan);
  const std::size_t at = text.find("\noutside\n");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.substr(at, text.find("\nprocesses") - at), R"(
outside
  jobs     written from outside by up to one process at a time
  results  read and written from outside by up to 8 processes at a time
)");
  EXPECT_EQ(plan.descriptors, 32U + 2 * 5 + 2 * 9 + 1 + 2) << "a pidfd and a connection for each place";
}

TEST(PlanText, OfTwoNodesAndAQueue) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q }
queues: [q]
)")),
            R"(graph g: two processes, one channel, 44 open files, at most 16 MiB in channels

objects
  q.control  memory       64 KiB reserved, mapped by the runner too
  q.payload  memory       16 MiB reserved
  roster     memory       64 KiB reserved, mapped by the runner too

processes
  f
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  q.control
    5        read-write  q.payload
    env      PROCGRAPH_PARTICIPANT=1
             PROCGRAPH_PORTS=port=q,channel=q,kind=queue,access=write,control=4,payload=5
             PROCGRAPH_ROSTER=3
  m
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  q.control
    5        read-only   q.payload
    env      PROCGRAPH_PARTICIPANT=2
             PROCGRAPH_PORTS=port=q,channel=q,kind=queue,access=read,control=4,payload=5
             PROCGRAPH_ROSTER=3
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  f, m

stop
  1        f
  2        m
)");
}

TEST(PlanText, OfATopicWhoseReplicasShareWhatTheyGet) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  f: { command: n, writes: t }
  m: { command: n, reads: t, replicas: 2 }
  b: { command: n, reads: { all: { channel: t, broadcast: true, wait: latency } }, replicas: 2 }
topics: [t]
)")),
            R"(graph g: 6 processes, two channels, 60 open files, at most 32 MiB in channels

objects
  t.control    memory       64 KiB reserved, mapped by the runner too
  t.payload    memory       16 MiB reserved
  t|m.control  memory       64 KiB reserved, mapped by the runner too
  t|m.payload  memory       16 MiB reserved
  roster       memory       64 KiB reserved, mapped by the runner too

processes
  f
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  t.control
    5        read-write  t.payload
    env      PROCGRAPH_PARTICIPANT=1
             PROCGRAPH_PORTS=port=t,channel=t,kind=topic,access=write,control=4,payload=5
             PROCGRAPH_ROSTER=3
  m.0
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  t|m.control
    5        read-only   t|m.payload
    env      PROCGRAPH_PARTICIPANT=2
             PROCGRAPH_PORTS=port=t,channel=t|m,kind=queue,access=read,control=4,payload=5
             PROCGRAPH_ROSTER=3
  m.1: as m.0, but for the numbers
  b.0
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  t.control
    5        read-only   t.payload
    env      PROCGRAPH_PARTICIPANT=4
             PROCGRAPH_PORTS=port=all,channel=t,kind=topic,access=read,control=4,payload=5,reader=0,wait=latency
             PROCGRAPH_ROSTER=3
  b.1: as b.0, but for the numbers
  copy:t:m (ours)
    command  /opt/procgraph/copy in out
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  t.control
    5        read-only   t.payload
    6        read-write  t|m.control
    7        read-write  t|m.payload
    env      PROCGRAPH_PARTICIPANT=6
             PROCGRAPH_PORTS=port=in,channel=t,kind=topic,access=read,control=4,payload=5,reader=2
                             port=out,channel=t|m,kind=queue,access=write,control=6,payload=7
             PROCGRAPH_ROSTER=3
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  f, m, b, copy:t:m

stop
  1        f
  2        b, copy:t:m
  3        m
)");
}

TEST(PlanText, OfAPipelineOfPlainPrograms) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  read: { command: cat -n, stdin: { file: access.log } }
  sort: sort -rn
  top: { command: "n 20", stdout: inherit, stderr: none }
pipelines: [[read, sort, top]]
)")),
            R"(graph g: 3 processes, two channels, 42 open files

objects
  read|sort      pipe
  sort|top       pipe
  /w/access.log  file

processes
  read
    command  /usr/bin/cat -n
    folder   /w
    0        read-only   /w/access.log
    1        write       read|sort
    2        log
  sort
    command  /usr/bin/sort -rn
    folder   /w
    0        read        read|sort
    1        write       sort|top
    2        log
  top
    command  /usr/bin/n 20
    folder   /w
    0        read        sort|top
    1        inherit
    2        none
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  read, sort, top

stop
  1        read
  2        sort
  3        top
)");
}

TEST(PlanText, OfReplicasWithAnEnvironmentOfTheirOwn) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  feed: { command: n, writes: lines }
  parse:
    command: "parse --shard ${replica}/${replicas}"
    replicas: 3
    env: { SHARD: "${replica}", TEXT: two words }
    reads: lines
    cwd: data
    clean_env: true
    umask: "027"
queues: [lines]
)")),
            R"(graph g: 4 processes, one channel, 50 open files, at most 16 MiB in channels

objects
  lines.control  memory       64 KiB reserved, mapped by the runner too
  lines.payload  memory       16 MiB reserved
  roster         memory       64 KiB reserved, mapped by the runner too

processes
  feed
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  lines.control
    5        read-write  lines.payload
    env      PROCGRAPH_PARTICIPANT=1
             PROCGRAPH_PORTS=port=lines,channel=lines,kind=queue,access=write,control=4,payload=5
             PROCGRAPH_ROSTER=3
  parse.0
    command  /w/nodes/parse --shard 0/3
    folder   /w/data
    umask    027
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  lines.control
    5        read-only   lines.payload
    env      (clean)
             PROCGRAPH_PARTICIPANT=2
             PROCGRAPH_PORTS=port=lines,channel=lines,kind=queue,access=read,control=4,payload=5
             PROCGRAPH_ROSTER=3
             SHARD=0
             TEXT=two words
  parse.1 … parse.2: as parse.0, but for the numbers
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  feed, parse

stop
  1        feed
  2        parse
)");
}

TEST(PlanText, OfFixedDescriptorsADuplexPipeAndFiles) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  ask: { command: n, reads: talk, writes: { talk: talk, out: { channel: p, fd: 4 } }, stdout: { file: out.txt, append: true }, stderr: { file: out.txt, append: true } }
  tell: { command: n, reads: talk, writes: talk, stdin: p, service: true }
pipes: { p: { capacity: 1MiB }, talk: { duplex: true } }
)")),
            R"(graph g: two processes, two channels, 41 open files
may hang: looked at every 1s; deadlock: grow, by up to 64MiB

objects
  p           pipe         1MiB
  talk        socket pair
  /w/out.txt  file         appended to

processes
  ask
    command  /usr/bin/n
    folder   /w
    0        none
    1        read-write  /w/out.txt
    2        read-write  /w/out.txt
    3        both        talk
    4        write       p
    env      PROCGRAPH_PORTS=port=talk,channel=talk,kind=pipe,access=both,fd=3
                             port=out,channel=p,kind=pipe,access=write,fd=4
  tell (service)
    command  /usr/bin/n
    folder   /w
    0        read        p
    1        log
    2        log
    3        both        talk
    env      PROCGRAPH_PORTS=port=talk,channel=talk,kind=pipe,access=both,fd=3
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  ask, tell

stop
  1        ask, tell
)");
}

TEST(PlanText, OfStepsAndStartConditions) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  migrate: { shell: "exit 0; echo 'hi'" }
  api: { command: n, after: { migrate: succeeded } }
  a: n
  b: { command: n, after: { api: started } }
pipelines: [[a, b]]
)")),
            R"(graph g: 4 processes, one channel, 45 open files

objects
  a|b  pipe

processes
  migrate (step)
    command  /bin/sh -c 'exit 0; echo '\''hi'\'''
    folder   /w
    0        none
    1        log
    2        log
  api
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
  a
    command  /usr/bin/n
    folder   /w
    0        none
    1        write       a|b
    2        log
  b
    command  /usr/bin/n
    folder   /w
    0        read        a|b
    1        log
    2        log
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  migrate
           api: when migrate succeeded
           a, b: when api started

stop
  1        a
  2        b
  3        api
  4        migrate
)");
}

TEST(PlanText, OfWhatWasTakenOut) {
  EXPECT_EQ(but_deaths(planned(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q, enabled: false }
queues: [q]
)")),
            R"(graph g: two processes, one channel, 44 open files, at most 16 MiB in channels
note: process 'm' is out (enabled: false)
note: queue 'q' is read by a 'discard' of ours, which counts: its readers are out

objects
  q.control  memory       64 KiB reserved, mapped by the runner too
  q.payload  memory       16 MiB reserved
  roster     memory       64 KiB reserved, mapped by the runner too

processes
  f
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  q.control
    5        read-write  q.payload
    env      PROCGRAPH_PARTICIPANT=1
             PROCGRAPH_PORTS=port=q,channel=q,kind=queue,access=write,control=4,payload=5
             PROCGRAPH_ROSTER=3
  discard:q (ours)
    command  /opt/procgraph/discard q
    folder   /w
    0        none
    1        log
    2        log
    3        read-write  roster
    4        read-write  q.control
    5        read-only   q.payload
    env      PROCGRAPH_PARTICIPANT=2
             PROCGRAPH_PORTS=port=q,channel=q,kind=queue,access=read,control=4,payload=5
             PROCGRAPH_ROSTER=3
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  f, discard:q

stop
  1        f
  2        discard:q
)");
}

// Replica i of either end has the i-th pipe, at the same number.
TEST(PlanText, OfCopiesThatReadBytesFromAQueue) {
  const Plan plan = planned(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, stdin: q, replicas: 2, stdout: none, stderr: none }
queues: [q]
)");
  const std::string text = to_text(plan);
  EXPECT_NE(text.find(R"(
  relay:q:b.stdin|b.0  pipe         4KiB
  relay:q:b.stdin|b.1  pipe         4KiB
)"),
            std::string::npos)
      << text;
  for (const std::uint32_t replica : {0U, 1U}) {
    const Spawn &program = plan.spawns[1 + replica], &relay = plan.spawns[3 + replica];
    EXPECT_EQ(program.label, replica == 0 ? "b.0" : "b.1");
    EXPECT_EQ(relay.label, replica == 0 ? "relay:q:b.stdin.0" : "relay:q:b.stdin.1");
    ASSERT_EQ(program.inherits.size(), 1U);
    EXPECT_EQ(program.inherits[0].fd, 0);
    EXPECT_EQ(program.inherits[0].end, End::kRead);
    EXPECT_EQ(relay.inherits[0].fd, 1);
    EXPECT_EQ(relay.inherits[0].end, End::kWrite);
    EXPECT_EQ(program.inherits[0].object, relay.inherits[0].object);
    EXPECT_EQ(plan.at(program.inherits[0].object).name, "relay:q:b.stdin|b." + std::to_string(replica));
    EXPECT_EQ(program.participant, 0) << "its relay takes part in its place";
    EXPECT_NE(relay.participant, 0);
  }
  EXPECT_EQ(plan.start_group[1], plan.start_group[2]) << "a process and its relay start together";
}

}  // namespace
}  // namespace procgraph::test
