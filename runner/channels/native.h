// What the kinds that carry messages in shared memory have in common: two regions for each channel, and what
// the runner does to them, whichever kind they are of.
#pragma once

#include "graph/channel_kind.h"
#include "procgraph/admin.h"

namespace procgraph::native {

struct Memory {
  bool prefault = false;
  bool payload_mapped = false;  // by the runner, which moves messages itself
};

// Every end gets the control region to write, and the payload to write only if it writes messages.
void plan(const Graph& graph, const Channel& channel, const QueueSizes& sizes, const Memory& memory,
          PlanBuilder& builder);
// With what becomes of what a reader holds.
[[nodiscard]] std::vector<Death> deaths(std::string reader);
// Once the kind has made the memory a channel. The roster is the graph's; whichever native channel is made
// first gives it its header, the others write the same again.
Result<void> finish(const LiveChannel& live);

// Of this machine, measured once.
[[nodiscard]] std::chrono::nanoseconds wake_cost();
// Why a channel of such a shape cannot be, where its name and kind are said already.
[[nodiscard]] std::string reason(const Error& error, const Channel& channel);
[[nodiscard]] Reaped reaped(const Recovery& recovery);

// Functions of a kind's row.
Reaped reap(const LiveChannel& live, std::uint16_t participant);
void sidestep(const LiveChannel& live, std::uint16_t participant);
void writer_gone(const LiveChannel& live, std::uint16_t participant);
void end_of_writers(const LiveChannel& live);
void end_of_readers(const LiveChannel& live);
[[nodiscard]] bool queue_ended(const LiveChannel& live, std::uint32_t place);
[[nodiscard]] bool topic_ended(const LiveChannel& live, std::uint32_t place);
// Of a port beyond those that the roster has room for nothing is known.
[[nodiscard]] bool has_opened(const LiveChannel& live, std::uint16_t participant, std::size_t port);
[[nodiscard]] std::optional<Poisoning> poisoned(const LiveChannel& live);
[[nodiscard]] std::vector<Sleeper> sleepers(const LiveChannel& live);
[[nodiscard]] Room room(const LiveChannel& live, Bound bound, std::uint64_t fill);
void enlarge(const LiveChannel& live, Bound bound, std::uint64_t to);

}  // namespace procgraph::native
