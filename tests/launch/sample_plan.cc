#include "launch/sample_plan.h"

#include <utility>

namespace procgraph {
namespace {

Inits inits;
int init_error = 0;

Result<void> init(const LiveChannel& live) {
  ++inits.count;
  inits.mapped = live.control.size() == 8192 && live.roster.size() == 4096;
  if (init_error != 0) return Error{"init", init_error};
  return {};
}

const ChannelKind kPipe{.name = "pipe"};
const ChannelKind kQueue{.name = "queue", .init = init};

Channel channel(std::uint32_t id, std::string name, const ChannelKind& kind) {
  Channel channel;
  channel.id = {id};
  channel.name = std::move(name);
  channel.kind = &kind;
  return channel;
}

Spawn spawn(std::uint32_t id, std::vector<Inherit> inherits) {
  Spawn spawn;
  spawn.id = {id};
  spawn.label = id == 0 ? "first" : "second";
  spawn.program = SHOW;
  spawn.cwd = "/";
  spawn.inherits = std::move(inherits);
  return spawn;
}

}  // namespace

Plan sample_plan(const std::string& folder) {
  Plan plan;
  plan.graph.channels = {channel(0, "words", kPipe), channel(1, "talk", kPipe), channel(2, "q", kQueue)};
  plan.objects = {{{0}, {0}, "words", PipeObject{Bytes{65536}}},
                  {{1}, {1}, "talk", SocketPairObject{}},
                  {{2}, {2}, "q.control", MemoryObject{Bytes{8192}, true}},
                  {{3}, {2}, "q.payload", MemoryObject{Bytes{65536}, false}},
                  {{4}, {}, "out", FileObject{folder + "/out", false}},
                  {{5}, {}, "roster", MemoryObject{Bytes{4096}, true}}};
  plan.spawns = {spawn(0, {{3, {0}, End::kWrite},
                           {4, {1}, End::kA},
                           {5, {2}, End::kReadWrite},
                           {6, {3}, End::kReadWrite},
                           {7, {4}, End::kReadWrite}}),
                 spawn(1, {{0, {0}, End::kRead},
                           {3, {1}, End::kB},
                           {4, {2}, End::kReadWrite},
                           {9, {3}, End::kReadOnly},
                           {10, {4}, End::kReadWrite}})};
  plan.spawns[1].streams[0] = StreamKind::kChannel;
  plan.roster = {5};
  plan.descriptors = 40;
  return plan;
}

Inits take_inits() {
  return std::exchange(inits, {});
}

void let_init_fail(int code) {
  init_error = code;
}

}  // namespace procgraph
