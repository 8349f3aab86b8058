// What a process and the runner say to each other when the process asks for a number of its own in the
// roster: it belongs to a node, but is not the process that was started, whose number is in its environment.
// One packet each way over a unix socket of the sort SOCK_SEQPACKET, whose name is in PROCGRAPH_ATTACH ("@"
// stands for the zero byte of an abstract name). docs/node-protocol.md describes the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// A program that the graph did not start connects, with a socket of the same sort, to a file that bears the
// run's name in one of meeting_folders(), and sends a request for each end that it wants. It has one number,
// whatever it opens, as long as it is connected and alive.
struct OutsideRequest {
  std::uint32_t version = kAttachVersion;
  std::uint32_t writes = 0;        // 1: wants to write; 0: to read
  std::array<char, 64> channel{};  // zero-terminated
};

// With it come, where it is no refusal, three descriptors: of the roster, of the channel's control region, of
// its payload, which can be mapped writable only by those who asked to write.
struct OutsideReply {
  std::uint32_t version = kAttachVersion;
  std::uint16_t participant = 0;     // 0: refused
  std::uint16_t no_such_port = 0;    // 1: the file does not give that; 0: it may work at another time
  std::uint32_t topic = 0;           // 1: the channel is a topic
  std::uint32_t reader = 0;          // of a topic's reader: its place
  std::array<char, 1008> refusal{};  // why, as a zero-terminated text
};
static_assert(sizeof(OutsideRequest) == 72 && sizeof(OutsideReply) == 1024);
inline constexpr std::size_t kOutsideDescriptors = 3;

// Where runs that are open to programs outside are found, the best one first: $XDG_RUNTIME_DIR/procgraph if
// that variable is a path, /run/user/UID/procgraph, then /tmp/procgraph-UID. Only one that belongs to the
// user, and to nobody else, is to be trusted.
[[nodiscard]] std::vector<std::string> meeting_folders();
// The file that a run of this graph has there, but for the "-2" and so on of further ones: what is neither a
// letter, a digit, - nor _ becomes _, and it ends after 63 bytes.
[[nodiscard]] std::string meeting_name(std::string_view graph);

}  // namespace procgraph
