// SocketAddress: where a socket listens, and how that is written in the file. A value. Knows no name service:
// a host is an address in digits. Also what stands in a text for an address that is not known yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace procgraph {

struct SocketAddress {
  enum class Family : std::uint8_t { kUnix, kTcp };

  Family family = Family::kUnix;
  std::string host;        // of TCP: digits, without brackets
  std::uint16_t port = 0;  // of TCP; 0: one that the kernel chooses
  std::string path;        // of unix: absolute; empty: a file in a folder of the run's own

  bool operator==(const SocketAddress&) const = default;
};

// What the kernel takes of a unix socket's path, in bytes.
inline constexpr std::size_t kLongestSocketPath = 107;

// "unix", "unix:PATH" (relative to `folder`) or "tcp://HOST:PORT", where HOST is an IPv4 address, an IPv6
// address in brackets or "localhost" (127.0.0.1). Nothing for anything else.
[[nodiscard]] std::optional<SocketAddress> parse_socket_address(std::string_view text,
                                                                const std::string& folder);
// As a client takes it: "127.0.0.1:80", "[::1]:80", or the path.
[[nodiscard]] std::string format(const SocketAddress& address);
// "address", "host" or "port" of it. Nothing: it has no such part.
[[nodiscard]] std::optional<std::string> part_of(const SocketAddress& address, std::string_view part);

// ${socket.NAME.PART} is filled in when the socket is open: until then this, NAME.PART and this again stand
// in its place. No file can contain it.
inline constexpr char kSocketMark = '\x03';
[[nodiscard]] std::string socket_reference(std::string_view name, std::string_view part);
// The text with value(name, part) in place of each reference.
[[nodiscard]] std::string replace_socket_references(
    std::string_view text,
    const std::function<std::string(std::string_view name, std::string_view part)>& value);

}  // namespace procgraph
