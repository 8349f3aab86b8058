// What a process and the runner say to each other when the process asks for a number of its own in the
// roster: it belongs to a node, but is not the process that was started, whose number is in its environment.
// One packet each way over a unix socket of the sort SOCK_SEQPACKET, whose name is in PROCGRAPH_ATTACH ("@"
// stands for the zero byte of an abstract name). docs/node-protocol.md describes the same.
#pragma once

#include <array>
#include <cstdint>

namespace procgraph {

inline constexpr std::uint32_t kAttachVersion = 1;

struct AttachRequest {
  std::uint32_t version = kAttachVersion;
  std::int32_t started = 0;  // PROCGRAPH_PID: the process that was started, of whose node it is
};

struct AttachReply {
  std::uint32_t version = kAttachVersion;
  std::uint16_t participant = 0;  // 0: refused
  std::uint16_t reserved = 0;
  std::array<char, 248> refusal{};  // why, as a zero-terminated text
};
static_assert(sizeof(AttachRequest) == 8 && sizeof(AttachReply) == 256);

}  // namespace procgraph
