// The waits of a graph in words and as drawings, for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "supervise/waits.h"

namespace procgraph {

// "split ─▶[left full 64/64 KiB] join ◀─[right empty]─ filter ◀─[mid empty]─ split".
[[nodiscard]] std::string draw(const Waits& waits, const Circle& circle);
// Who waits for what, and below that for whom, as trees, and then who is too slow for a buffer that is full;
// "" where nobody waits.
[[nodiscard]] std::string draw(const Waits& waits);
// The same for some of them, and what they wait for in turn. "count runs" of one who does not wait.
[[nodiscard]] std::string draw(const Waits& waits, const std::vector<PartyIndex>& parties);
// "join waits for data of pipe 'right'".
[[nodiscard]] std::string sentence(const Waits& waits, const Party& party);
// "64/64 KiB", "16/16".
[[nodiscard]] std::string level(const Buffer& buffer);
// "128KiB", "2048": as the file says it.
[[nodiscard]] std::string as_capacity(const Buffer& buffer, std::uint64_t capacity);

// "artificial", "starvation, local": what sort of circle it is.
[[nodiscard]] std::string kind_of(const Circle& circle);
// What was done, and what to write into the file so that it does not come to that again; a line for each.
[[nodiscard]] std::string cure(const Deadlock& deadlock);

}  // namespace procgraph
