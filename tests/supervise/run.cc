#include "run.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "channels/kinds.h"
#include "launch/launch.h"
#include "os/descendants.h"
#include "os/process.h"
#include "os/spawn.h"

namespace procgraph {
namespace {

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator folder("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

ProcessId find(const Graph& graph, const std::string& name) {
  return std::ranges::find(graph.processes, name, &Process::name)->id;
}

Probe probe_of(const ProbeSpec& spec) {
  Probe probe{.kind = spec.kind,
              .fd = spec.fd ? spec.fd->value : -1,
              .address = spec.address.value,
              .path = spec.path,
              .least_status = spec.least_status,
              .most_status = spec.most_status,
              .pattern = spec.pattern};
  for (const Text& word : spec.command.words) probe.argv.push_back(word.value);
  if (!probe.argv.empty()) probe.program = probe.argv[0];
  return probe;
}

// The first spawn of a program opens what stays open: it must not look like a leak of the first run.
void spawn_once() {
  static const bool done = [] {
    const auto started = spawn({.program = "/bin/true", .argv = {"true"}});
    const auto* child = std::get_if<Child>(&started);
    return child != nullptr && ::waitpid(child->pid, nullptr, 0) == child->pid;
  }();
  EXPECT_TRUE(done);
}

}  // namespace

void Ear::line(const Label& from, LogStream stream, std::string_view text, bool cut) {
  lines.push_back(from.name + (stream == LogStream::kOut ? " out: " : " err: ") + std::string(text) +
                  (cut ? " [cut]" : ""));
}

void Ear::event(std::string_view what, std::string_view process, std::span<const Field> fields) {
  if (what == "started")
    pids[std::string(process)] = static_cast<int>(std::get<std::int64_t>(fields[0].value));
}

std::vector<std::string> Ear::serious() const {
  std::vector<std::string> result;
  std::ranges::copy_if(words, std::back_inserter(result),
                       [](const auto& word) { return !word.starts_with("news"); });
  return result;
}

RunTest::RunTest() : folder_(testing::TempDir() + "runXXXXXX") {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  folder_ = ::mkdtemp(folder_.data());
  spawn_once();
  descriptors_ = open_descriptors();
}

void RunTest::TearDown() {
  std::filesystem::remove_all(folder_);
  EXPECT_TRUE(children().empty()) << "a process is left";
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  EXPECT_EQ(open_descriptors(), descriptors_);
}

Plan RunTest::plan(const std::vector<Script>& scripts) const {
  Plan plan;
  plan.graph.name = "test";
  plan.graph.grace = grace;
  for (const Script& script : scripts) {
    const auto index = static_cast<std::uint32_t>(plan.spawns.size());
    Process& process = plan.graph.processes.emplace_back(script.more.process);
    process.id = ProcessId{index};
    process.name = script.name;
    plan.start_group.push_back(index);
    plan.stop_rank.push_back(script.more.rank);
    Spawn& spawn = plan.spawns.emplace_back();
    spawn.id = SpawnId{index};
    spawn.process = process.id;
    spawn.label = script.name;
    spawn.program = script.more.program ? script.text : "/bin/sh";
    spawn.argv =
        script.more.program ? std::vector{script.text} : std::vector<std::string>{"sh", "-c", script.text};
    spawn.env = {"PATH=/usr/bin:/bin", "T=" + folder_};
    spawn.cwd = script.more.cwd;
    if (process.ready) spawn.ready = probe_of(process.ready->probe);
    if (process.health) spawn.health = probe_of(process.health->probe);
  }
  for (const auto& [left, right] : pipes_) join(plan, left, right);
  return plan;
}

void RunTest::join(Plan& plan, const std::string& left, const std::string& right) const {
  Graph& graph = plan.graph;
  const ProcessId writer = find(graph, left), reader = find(graph, right);
  const ChannelId channel{static_cast<std::uint32_t>(graph.channels.size())};
  const ObjectId object{static_cast<std::uint32_t>(plan.objects.size())};
  graph.channels.push_back({.id = channel, .name = left + "|" + right, .kind = &kPipeKind});
  plan.objects.push_back({.id = object, .channel = channel, .name = "pipe", .what = PipeObject{}});
  const auto give = [&](ProcessId process, Access access, int fd, End end) {
    const PortId port{static_cast<std::uint32_t>(graph.ports.size())};
    graph.ports.push_back(
        {.id = port, .process = process, .channel = channel, .access = access, .stream = true});
    graph.at(process).ports.push_back(port);
    (access == Access::kRead ? graph.at(channel).readers : graph.at(channel).writers).push_back(port);
    Spawn& spawn = plan.spawns[process.value];
    spawn.streams[static_cast<std::size_t>(fd)] = StreamKind::kChannel;
    spawn.inherits.push_back({fd, object, end});
  };
  give(writer, Access::kWrite, 1, End::kWrite);
  give(reader, Access::kRead, 0, End::kRead);
}

std::string RunTest::run(const std::vector<Script>& scripts, const RunOptions& options, Reporter& reporter) {
  const Plan made = plan(scripts);
  Result<Opened> opened = Opened::open(made);
  EXPECT_TRUE(opened) << opened.error().text();
  const Outcome outcome = supervise(made, *opened, reporter, options);
  return outcome.signal != 0 ? "dies of " + signal_name(outcome.signal)
                             : "exits " + std::to_string(outcome.code);
}

}  // namespace procgraph
