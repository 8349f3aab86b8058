// An address as text, as Asio takes it.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <string>

#include "base/socket_address.h"

namespace procgraph {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

// HOST:PORT, or the path of a unix socket. Nothing for anything else.
inline std::optional<boost::asio::generic::stream_protocol::endpoint> stream_endpoint(
    const std::string& text) {
  if (text.starts_with('/')) {
    if (text.size() > kLongestSocketPath) return {};
    return boost::asio::local::stream_protocol::endpoint(text);
  }
  const auto address = parse_socket_address("tcp://" + text, "");
  if (!address) return {};
  boost::system::error_code error;
  const auto host = boost::asio::ip::make_address(address->host, error);
  if (error) return {};
  return boost::asio::ip::tcp::endpoint(host, address->port);
}

}  // namespace procgraph
