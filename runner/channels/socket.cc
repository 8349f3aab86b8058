// The socket: a listening one, which the runner opens and the server inherits, so that connections can wait
// for it; or only an address that the server opens itself.
#include <algorithm>

#include "channels/kinds.h"
#include "graph/wording.h"
#include "plan/builder.h"

namespace procgraph {
namespace {

using Family = SocketAddress::Family;

void fill(const ChannelSpec& spec, Channel& channel) {
  channel.socket.mark = spec.name.mark;
  channel.socket.opened_by_server = spec.opened_by_server;
  if (!spec.listen) return;
  channel.socket.address = spec.listen->value;
  channel.socket.mark = spec.listen->mark;
}

void check_server(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  const auto servers = process_names(graph, channel.readers);
  if (servers.size() == 1 || (servers.empty() && graph.incomplete)) return;
  const auto note_all = [&](Diagnostic& error, const std::vector<PortId>& ports, const char* what) {
    for (const PortId id : ports)
      error.notes.push_back(
          {graph.at(id).mark, cat(what, " here by ", quoted(graph.at(graph.at(id).process).name))});
  };
  if (servers.empty()) {
    note_all(diagnostics.error(
                 channel.mark,
                 cat(title(graph, channel), channel.writers.empty() ? " is declared but no process uses it"
                                                                    : " has clients but no server"),
                 cat("give a process 'serves: ", channel.name, '\'')),
             channel.writers, "connected to");
  } else {
    note_all(
        diagnostics.error(channel.mark,
                          cat(title(graph, channel), " has ", counted(servers.size(), "server", "servers"),
                              ", ", quoted_list(servers)),
                          "a connection would go to any of them; 'replicas' of one process share a socket"),
        channel.readers, "served");
  }
}

bool same_place(const SocketAddress& a, const SocketAddress& b) {
  if (a.family != b.family) return false;
  if (a.family == Family::kUnix) return !a.path.empty() && a.path == b.path;
  return a.port != 0 && a.port == b.port && a.host == b.host;
}

void check_address(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  const SocketOptions& socket = channel.socket;
  if (socket.opened_by_server && socket.address.family == Family::kTcp && socket.address.port == 0) {
    diagnostics.error(
        socket.mark,
        cat(title(graph, channel), " is opened by its server, so nobody can say which port it is"),
        "name the port, or let procgraph open it: leave 'open: server' out");
  }
  if (socket.address.path.size() > kLongestSocketPath) {
    diagnostics.error(socket.mark,
                      cat("the path of ", title(graph, channel), " has ", socket.address.path.size(),
                          " bytes; that of a unix socket has at most ", kLongestSocketPath));
  }
  for (const Channel& other : graph.channels) {
    if (other.id == channel.id) break;
    if (!other.kind->served || !same_place(other.socket.address, socket.address)) continue;
    diagnostics
        .error(socket.mark, cat("sockets ", quoted(other.name), " and ", quoted(channel.name),
                                " have one address, ", format(socket.address)))
        .notes.push_back({other.socket.mark, "the other one"});
  }
}

void check(const Graph& graph, const Channel& channel, const World&, Diagnostics& diagnostics) {
  check_server(graph, channel, diagnostics);
  check_address(graph, channel, diagnostics);
}

void plan(const Graph&, const Channel& channel, PlanBuilder& builder) {
  if (channel.socket.opened_by_server) return;
  const ObjectId listener = builder.object(channel.id, "", ListenerObject{channel.socket.address});
  for (const PortId port : channel.readers) builder.give(port, "fd", listener, End::kListen);
}

std::vector<Death> deaths(const Graph& graph, const Channel& channel) {
  const bool waits = !channel.socket.opened_by_server && any_may_return(graph, channel.readers);
  return {{"server", waits ? "connections break, and new ones wait for its next life"
                           : "connections break, and new ones are refused"}};
}

}  // namespace

const ChannelKind kSocketKind{
    .name = "socket",
    .key = "sockets",
    .summary =
        "a listening socket that its server inherits open, as LISTEN_FDS says; clients are told its address",
    .survives =
        "a server that has not started yet or starts again: connections wait; with the server gone for good "
        "they are refused",
    .flows = false,
    .served = true,
    .max_readers = 1,
    .fill = fill,
    .check = check,
    .plan = plan,
    .deaths = deaths,
};

}  // namespace procgraph
