// A dead letter as it lies in its queue: the message's bytes, then its headers as text (key=value, separated
// by commas), then their length as 16 bits, little-endian. Its block's flags have kLetter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "procgraph/message.h"

namespace procgraph::detail {

// "cause=death,queue=jobs,process=worker.1,deliveries=5,sequence=17", and its length.
[[nodiscard]] std::string trailer_of(const DeadLetter& letter);
// How many of a letter's bytes are the message's own; all of them where what follows makes no sense.
[[nodiscard]] std::size_t size_in_letter(std::span<const std::byte> bytes);
[[nodiscard]] DeadLetter read_trailer(std::span<const std::byte> trailer);

}  // namespace procgraph::detail
