// What a plan says of sockets, compared whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

using testing::HasSubstr;

constexpr std::string_view kGraph = R"(processes:
  web: { command: n, serves: { http: w, admin: a }, writes: { lines: { channel: p, fd: 6 } }, replicas: 2 }
  ask: { command: "n http://${socket.w.address}/", connects: { ADMIN: a }, reads: p2, env: { P: "${socket.w.port}" } }
  own: { command: n, serves: o, writes: p2, service: true }
  end: { command: n, stdin: p }
pipes: [p, p2]
sockets: { w: { listen: "tcp://[::1]:0" }, a: , o: { listen: "tcp://127.0.0.1:70", open: server } }
)";

struct Planned {
  explicit Planned(std::string_view yaml, World world) : text(yaml, std::move(world)) {
    plan = make_plan(text.graph, text.world, text.diagnostics, errors);
  }

  test::Text text;
  PlanErrors errors;
  Plan plan;
};

TEST(PlanOfSockets, NumbersListenersFirstAndLeavesOpenWhatIsNotKnown) {
  std::string yaml(kGraph);
  yaml.replace(yaml.find(", replicas: 2"), 13, "");
  Planned planned(yaml, test::FakeWorld().value);
  ASSERT_EQ(planned.text.told(), "");
  EXPECT_EQ(to_text(planned.plan), R"(graph g: 4 processes, 5 channels, 50 open files

objects
  p   pipe
  p2  pipe
  w   listener     ::1, a port that the kernel chooses
  a   listener     unix, in the run's folder

processes
  web
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        listen      w
    4        listen      a
    6        write       p
    env      LISTEN_FDNAMES=http:admin
             LISTEN_FDS=2
             PROCGRAPH_PORTS=port=lines,channel=p,kind=pipe,access=write,fd=6
                             port=http,channel=w,kind=socket,access=serve,fd=3,variable=PROCGRAPH_SOCKET_W
                             port=admin,channel=a,kind=socket,access=serve,fd=4,variable=PROCGRAPH_SOCKET_A
             PROCGRAPH_SOCKET_A=${socket.a.address}
             PROCGRAPH_SOCKET_W=${socket.w.address}
  ask
    command  /usr/bin/n 'http://${socket.w.address}/'
    folder   /w
    0        none
    1        log
    2        log
    3        read        p2
    env      ADMIN=${socket.a.address}
             P=${socket.w.port}
             PROCGRAPH_PORTS=port=p2,channel=p2,kind=pipe,access=read,fd=3
                             port=ADMIN,channel=a,kind=socket,access=connect,variable=ADMIN
  own (service)
    command  /usr/bin/n
    folder   /w
    0        none
    1        log
    2        log
    3        write       p2
    env      PROCGRAPH_PORTS=port=p2,channel=p2,kind=pipe,access=write,fd=3
                             port=o,channel=o,kind=socket,access=serve,variable=PROCGRAPH_SOCKET_O
             PROCGRAPH_SOCKET_O=${socket.o.address}
  end
    command  /usr/bin/n
    folder   /w
    0        read        p
    1        log
    2        log
  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants _ATTACH too

start
  at once  web, end, ask, own

stop
  1        own
  2        ask
  3        web
  4        end

when one dies
  p, p2
    reader       what nobody has read is gone, the writer gets SIGPIPE
    writer       what is there is read, then the data ends
    runner       what is in it is gone
  w, a, o
    server       connections break, and new ones are refused
)");
  EXPECT_TRUE(planned.plan.spawns[0].listens);
  EXPECT_FALSE(planned.plan.spawns[2].listens);
  EXPECT_THAT(to_json(planned.plan), HasSubstr(R"("sort": "listener",
      "channel": "w",
      "family": "tcp",
      "host": "::1"
    })"));
}

TEST(PlanOfSockets, HasAFolderOnlyWhereASocketNeedsIt) {
  const auto folder = [](const char* listen, const std::map<std::string, std::string>& environment) {
    test::FakeWorld world;
    world.folder("/run/u").file("/file");
    world.value.environment = environment;
    const std::string yaml =
        "processes: { a: { command: n, serves: s, service: true } }\nsockets: { s: { listen: \"" +
        std::string(listen) + "\" } }\n";
    return Planned(yaml, world.value).plan.run_folder;
  };
  EXPECT_EQ(folder("tcp://127.0.0.1:0", {}), "");
  EXPECT_EQ(folder("unix:/s", {}), "");
  EXPECT_EQ(folder("unix", {}), "/tmp/procgraph-XXXXXX");
  EXPECT_EQ(folder("unix", {{"XDG_RUNTIME_DIR", "/run/u"}, {"TMPDIR", "/w"}}), "/run/u/procgraph-XXXXXX");
  EXPECT_EQ(folder("unix", {{"XDG_RUNTIME_DIR", "/none"}, {"TMPDIR", "/w"}}), "/w/procgraph-XXXXXX");
  EXPECT_EQ(folder("unix", {{"XDG_RUNTIME_DIR", "run"}, {"TMPDIR", "/file"}}), "/tmp/procgraph-XXXXXX");
}

TEST(PlanOfSockets, RefusesAMachineOnWhichThePathWouldBeTooLong) {
  const std::string deep = "/w/" + std::string(90, 'd');
  test::FakeWorld world;
  world.folder(deep);
  world.value.environment = {{"TMPDIR", deep}};
  Planned planned("processes: { a: { command: n, serves: s, service: true } }\nsockets: [s]\n", world.value);
  EXPECT_TRUE(planned.errors.machine);
  EXPECT_EQ(planned.text.told(),
            "g.yaml:2:11: error: the path of socket 's', '" + deep +
                R"(/procgraph-XXXXXX/s', has 112 bytes; that of a unix socket has at most 107
  2 │ sockets: [s]
    │           ^
    hint: let XDG_RUNTIME_DIR name a folder with a shorter path, or write 'listen: unix:PATH'
1 error
)");
}

}  // namespace
}  // namespace procgraph
