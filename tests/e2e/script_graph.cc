#include "script_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace procgraph::e2e {
namespace {

constexpr std::size_t kLog = 4096;  // bytes
constexpr std::size_t kMostStates = 150'000;
constexpr int kFirstDescriptor = 20;

using Kind = ScriptBuffer::Kind;

}  // namespace

ScriptGraph::ScriptGraph(unsigned seed) : dice_(seed) {
  if (seed % 3 == 0) add_random();
  if (seed % 3 == 1) add_split();
  if (seed % 3 == 2) add_circle();
}

// --- how they are made ---

// Anybody does anything to anybody.
void ScriptGraph::add_random() {
  steps_.resize(2 + roll(3));
  std::vector<std::vector<ScriptTry>> ends(processes());
  for (unsigned left = 1 + roll(4); left > 0; --left) {
    const unsigned writer = roll(processes());
    const unsigned reader = (writer + 1 + roll(processes() - 1)) % processes();
    std::vector<unsigned> writers{writer}, readers{reader};
    for (unsigned other = 0; other < processes(); ++other) {
      if (other != writer && other != reader && roll(3) == 0)
        (roll(2) == 0 ? writers : readers).push_back(other);
    }
    const unsigned buffer = add_buffer(writers, readers);
    for (const unsigned process : writers) ends[process].push_back({buffer, true});
    for (const unsigned process : readers) ends[process].push_back({buffer, false});
  }
  for (unsigned process = 0; process < processes(); ++process) {
    if (ends[process].empty()) continue;
    const auto size = static_cast<unsigned>(ends[process].size());
    for (unsigned left = roll(9); left > 0; --left) {
      const ScriptTry one = ends[process][roll(size)], other = ends[process][roll(size)];
      // The SDK waits for a queue and for what comes out of a pipe at once, not for room in one.
      const auto is_pipe = [&](const ScriptTry& each) { return buffers_[each.buffer].kind == Kind::kPipe; };
      const bool mixed = is_pipe(one) != is_pipe(other);
      const bool room = (is_pipe(one) && one.put) || (is_pipe(other) && other.put);
      const bool two = roll(5) == 0 && !(mixed && room) && one.buffer != other.buffer;
      mixed_ += two && mixed ? 1 : 0;
      add_step(process, two ? std::vector{one, other} : std::vector{one});
    }
  }
}

// A source, a split, branches with filters that let through all, some or nothing, and a join that takes its
// branches in turn, or one after the other.
void ScriptGraph::add_split() {
  const unsigned tokens = 2 + roll(6), branches = 2 + roll(2);
  steps_.resize(3);
  const unsigned in = add_buffer({0}, {1});
  std::vector<std::pair<unsigned, unsigned>> joined;  // its last buffer, and what comes through
  std::vector<unsigned> first;
  for (unsigned branch = 0; branch < branches; ++branch) {
    const bool direct = roll(2) == 0;
    if (direct) {
      first.push_back(add_buffer({1}, {2}));
      joined.emplace_back(first.back(), tokens);
      continue;
    }
    const unsigned filter = processes(), each = 1 + roll(tokens + 2);
    const bool all_first = roll(3) == 0;  // as sort does
    steps_.emplace_back();
    first.push_back(add_buffer({1}, {filter}));
    const unsigned out = add_buffer({filter}, {2});
    unsigned kept = 0;
    for (unsigned i = 1; i <= tokens; ++i) {
      take(filter, first.back());
      if (i % each != 0) continue;
      ++kept;
      if (!all_first) put(filter, out);
    }
    for (unsigned i = 0; all_first && i < kept; ++i) put(filter, out);
    joined.emplace_back(out, kept);
  }
  for (unsigned i = 0; i < tokens; ++i) {
    put(0, in);
    take(1, in);
    for (const unsigned branch : first) put(1, branch);
  }
  const bool in_order = roll(2) == 0;
  if (in_order) {
    std::ranges::shuffle(joined, dice_);
    for (const auto& [buffer, count] : joined)
      for (unsigned i = 0; i <= count; ++i) take(2, buffer);  // the end, too
    return;
  }
  for (unsigned i = 0; i < tokens; ++i)
    for (const auto& joining : joined) take(2, joining.first);
}

// Each puts some ahead, then takes and puts in turn.
void ScriptGraph::add_circle() {
  steps_.resize(2 + roll(3));
  std::vector<unsigned> to;
  for (unsigned process = 0; process < processes(); ++process)
    to.push_back(add_buffer({process}, {(process + 1) % processes()}));
  const unsigned rounds = 1 + roll(5);
  for (unsigned process = 0; process < processes(); ++process) {
    const unsigned from = to[(process + processes() - 1) % processes()];
    const unsigned ahead = roll(3) == 0 ? rounds : roll(3);
    for (unsigned i = 0; i < ahead; ++i) put(process, to[process]);
    for (unsigned i = 0; i < rounds; ++i) {
      take(process, from);
      if (i + ahead < rounds) put(process, to[process]);
    }
  }
}

unsigned ScriptGraph::add_buffer(std::vector<unsigned> writers, std::vector<unsigned> readers) {
  ScriptBuffer buffer{.kind = static_cast<Kind>(roll(3)),
                      .writers = std::move(writers),
                      .readers = std::move(readers),
                      .capacity = static_cast<int>(1 + roll(2))};
  if (buffer.kind == Kind::kPipe && buffer.writers.size() + buffer.readers.size() > 2)
    buffer.kind = Kind::kQueue;
  buffers_.push_back(std::move(buffer));
  return static_cast<unsigned>(buffers_.size() - 1);
}

// Now and then one is slow before it.
void ScriptGraph::add_step(unsigned process, std::vector<ScriptTry> tries) {
  ScriptStep step{.tries = std::move(tries)};
  if (roll(12) == 0) step.before = roll(2) == 0 ? fmt::format("s:{}", 100 * (1 + roll(6))) : "n:200000000";
  steps_[process].push_back(std::move(step));
}

// --- as processes of the kernel ---

std::string ScriptGraph::command(unsigned process) const {
  std::string text = fmt::format("script p{}.log", process);
  for (const ScriptStep& step : steps_[process]) {
    if (!step.before.empty()) text += ' ' + step.before;
    text += " t:";
    for (const ScriptTry& one : step.tries) {
      const bool pipe = buffers_[one.buffer].kind == Kind::kPipe;
      text +=
          fmt::format("{}{}{}", &one == &step.tries.front() ? "" : ",", one.put ? "+" : "",
                      pipe ? std::to_string(kFirstDescriptor + one.buffer) : fmt::format("c{}", one.buffer));
    }
  }
  return text;
}

std::string ScriptGraph::ports(unsigned process, bool writes) const {
  std::string text;
  for (unsigned i = 0; i < buffers_.size(); ++i) {
    const auto& its = writes ? buffers_[i].writers : buffers_[i].readers;
    if (std::ranges::find(its, process) == its.end()) continue;
    text += fmt::format("{}c{}: {}", text.empty() ? "" : ", ", i,
                        buffers_[i].kind == Kind::kPipe
                            ? fmt::format("{{ channel: c{}, fd: {} }}", i, kFirstDescriptor + i)
                            : fmt::format("c{}", i));
  }
  return text.empty() ? "" : fmt::format("    {}: {{ {} }}\n", writes ? "writes" : "reads", text);
}

std::string ScriptGraph::yaml(const std::string& policy) const {
  std::string text =
      fmt::format("deadlock: {{ policy: {}, after: 200ms }}\ngrace: 200ms\nprocesses:\n", policy);
  for (unsigned process = 0; process < processes(); ++process)
    text += fmt::format("  p{}:\n    command: {}\n{}{}", process, command(process), ports(process, false),
                        ports(process, true));
  constexpr std::array kKinds{"pipes", "queues", "topics"};
  for (const Kind kind : {Kind::kPipe, Kind::kQueue, Kind::kTopic}) {
    std::string list;
    for (unsigned i = 0; i < buffers_.size(); ++i) {
      const ScriptBuffer& buffer = buffers_[i];
      if (buffer.kind != kind) continue;
      list += kind == Kind::kPipe    ? fmt::format("  c{}: {{ capacity: {}KiB }}\n", i, 4 * buffer.capacity)
              : kind == Kind::kQueue ? fmt::format("  c{}: {{ capacity: {} }}\n", i, buffer.capacity)
                                     : fmt::format("  c{}: {{ history: {} }}\n", i, buffer.capacity);
    }
    if (!list.empty()) text += fmt::format("{}:\n{}", kKinds[static_cast<std::size_t>(kind)], list);
  }
  return text;
}

void ScriptGraph::make_logs(const Folder& folder) const {
  for (unsigned process = 0; process < processes(); ++process)
    folder.write(fmt::format("p{}.log", process), std::string(kLog, '\0'));
}

ScriptState ScriptGraph::state(const Folder& folder) const {
  ScriptState state = start();
  for (unsigned process = 0; process < processes(); ++process) {
    const std::string log = folder.read(fmt::format("p{}.log", process));
    for (std::size_t i = 0; i < log.size() && log[i] != '\0'; ++i) {
      const auto entry = static_cast<unsigned char>(log[i] - 1);
      const ScriptStep& step = steps_.at(process).at(i);
      if (entry % 2 != 0) count(state, process, step.tries.at(entry / 2));
      ++state.done[process];
    }
  }
  return state;
}

// --- all that can become of it ---

ScriptState ScriptGraph::start() const {
  ScriptState state{.done = std::vector<unsigned char>(processes()), .fill = {}};
  for (const ScriptBuffer& buffer : buffers_)
    state.fill.emplace_back(buffer.kind == Kind::kTopic ? buffer.readers.size() : 1);
  return state;
}

bool ScriptGraph::has_ended(const ScriptState& state, unsigned process) const {
  return state.done[process] == steps_[process].size();
}

bool ScriptGraph::all_ended(const ScriptState& state, const std::vector<unsigned>& processes) const {
  return std::ranges::all_of(processes, [&](unsigned process) { return has_ended(state, process); });
}

// Of a topic there is a count for each reader.
std::size_t ScriptGraph::place(const ScriptBuffer& buffer, unsigned reader) const {
  if (buffer.kind != Kind::kTopic) return 0;
  return static_cast<std::size_t>(std::ranges::find(buffer.readers, reader) - buffer.readers.begin());
}

bool ScriptGraph::is_possible(const ScriptState& state, unsigned process, ScriptTry one, bool bounded) const {
  const ScriptBuffer& buffer = buffers_[one.buffer];
  const auto& fill = state.fill[one.buffer];
  if (!one.put) return fill[place(buffer, process)] > 0 || all_ended(state, buffer.writers);
  if (!bounded) return true;
  const auto has_room = [&](unsigned reader) {
    return has_ended(state, reader) || fill[place(buffer, reader)] < buffer.capacity;
  };
  if (buffer.kind == Kind::kTopic) return std::ranges::all_of(buffer.readers, has_room);
  return fill[0] < buffer.capacity || all_ended(state, buffer.readers);
}

void ScriptGraph::count(ScriptState& state, unsigned process, ScriptTry one) const {
  auto& fill = state.fill[one.buffer];
  if (one.put) {
    for (signed char& each : fill) ++each;
  } else {
    --fill[place(buffers_[one.buffer], process)];
  }
}

void ScriptGraph::perform(ScriptState& state, unsigned process, ScriptTry one) const {
  const ScriptBuffer& buffer = buffers_[one.buffer];
  const bool nothing =
      one.put ? all_ended(state, buffer.readers) : state.fill[one.buffer][place(buffer, process)] <= 0;
  if (!nothing) count(state, process, one);
  ++state.done[process];
}

std::optional<ScriptGraph::Future> ScriptGraph::future(const ScriptState& from, bool bounded) const {
  Future future{.moves = std::vector<bool>(processes())};
  std::set<ScriptState> seen{from};
  std::vector<ScriptState> left{from};
  while (!left.empty()) {
    if (seen.size() > kMostStates) return std::nullopt;
    const ScriptState state = std::move(left.back());
    left.pop_back();
    bool stands = true;
    for (unsigned process = 0; process < processes(); ++process) {
      if (has_ended(state, process)) continue;
      for (const ScriptTry& one : steps_[process][state.done[process]].tries) {
        if (!is_possible(state, process, one, bounded)) continue;
        stands = false;
        future.moves[process] = true;
        ScriptState next = state;
        perform(next, process, one);
        if (seen.insert(next).second) left.push_back(std::move(next));
      }
    }
    if (!stands) continue;
    bool ended = true;
    for (unsigned process = 0; process < processes(); ++process) ended = ended && has_ended(state, process);
    (ended ? future.can_finish : future.can_hang) = true;
  }
  return future;
}

}  // namespace procgraph::e2e
