// Reading what connects a process: ports, streams and conditions.
#pragma once

#include <optional>
#include <vector>

#include "config/values.h"

namespace procgraph::config {

[[nodiscard]] std::vector<PortSpec> read_ports(Reader& reader, const Field& field);
// `serves:` and `connects:` (sockets.cc): each port also has the variable for the socket's address.
[[nodiscard]] std::vector<PortSpec> read_socket_ports(Reader& reader, const Field& field);
[[nodiscard]] std::optional<StreamSpec> read_stream(Reader& reader, const Field& field);
[[nodiscard]] std::vector<AfterSpec> read_after(Reader& reader, const Field& field);

}  // namespace procgraph::config
