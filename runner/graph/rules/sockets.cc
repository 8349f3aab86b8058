// What processes are told of sockets: descriptors, variables, addresses.
#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/socket_address.h"
#include "base/text.h"
#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr int kFirst = 3;  // of the listeners, as LISTEN_FDS wants it

bool is_server(const Graph& graph, const Port& port) {
  return graph.at(port.channel).kind->served && port.access == Access::kRead;
}

bool inherits_listener(const Graph& graph, const Port& port) {
  return is_server(graph, port) && !graph.at(port.channel).socket.opened_by_server;
}

const EnvironmentEntry* declared(const Process& process, std::string_view variable) {
  const auto found = std::ranges::find_if(
      process.env, [&](const EnvironmentEntry& entry) { return entry.name.value == variable; });
  return found == process.env.end() ? nullptr : &*found;
}

const Channel* find_socket(const Graph& graph, std::string_view name) {
  const auto found = std::ranges::find(graph.channels, name, &Channel::name);
  return found == graph.channels.end() || !found->kind->served ? nullptr : &*found;
}

std::string near(const Graph& graph, std::string_view name) {
  std::vector<std::string> sockets;
  for (const Channel& channel : graph.channels) {
    if (channel.kind->served) sockets.push_back(channel.name);
  }
  return did_you_mean(name, sockets);
}

// Says what is wrong with the references in one text; `where` is empty where they may stand.
void check_references(const Graph& graph, const Text& text, std::string_view where,
                      Diagnostics& diagnostics) {
  (void)replace_socket_references(text.value, [&](std::string_view name, std::string_view part) {
    const std::string form = cat("${socket.", name, '.', part, '}');
    if (!where.empty()) {
      diagnostics.error(text.mark, cat(quoted(form), " has no meaning in ", where),
                        "a socket's address is filled in in command, env and probes");
    } else if (const Channel* socket = find_socket(graph, name); socket == nullptr) {
      diagnostics.error(text.mark, cat(quoted(form), " names an unknown socket"), near(graph, name));
    } else if (!part_of(socket->socket.address, part)) {
      diagnostics.error(text.mark, cat(title(graph, *socket), " has a path, and no ", part),
                        cat("write ${socket.", name, ".address}, or give it 'listen: tcp://127.0.0.1:0'"));
    }
    return std::string();
  });
}

}  // namespace

void listeners_have_their_numbers(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    const auto listeners = static_cast<int>(std::ranges::count_if(
        process.ports, [&](PortId id) { return inherits_listener(graph, graph.at(id)); }));
    for (const PortId id : process.ports) {
      const Port& port = graph.at(id);
      const bool fixed = !port.stream && port.fd && !graph.at(port.channel).kind->native();
      if (!fixed || *port.fd >= kFirst + listeners) continue;
      diagnostics.error(
          port.mark,
          cat("process ", quoted(process.name), " gives port ", quoted(port.name), " descriptor ", *port.fd,
              ", which is a listening socket's"),
          cat("the sockets of 'serves' come first, from 3 on; the next free number is ", kFirst + listeners));
    }
  }
}

void variables_hold_one_address(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    std::map<std::string_view, const Port*> seen;
    for (const PortId id : process.ports) {
      const Port& port = graph.at(id);
      if (port.variable.empty()) continue;
      if (const EnvironmentEntry* entry = declared(process, port.variable)) {
        diagnostics
            .error(port.mark, cat("variable ", quoted(port.variable), " of process ", quoted(process.name),
                                  " would hold the address of ", title(graph, graph.at(port.channel)),
                                  ", but 'env' sets it"))
            .notes.push_back({entry->name.mark, "set here"});
      }
      const auto [before, fresh] = seen.try_emplace(port.variable, &port);
      if (fresh || before->second->channel == port.channel) continue;
      diagnostics
          .error(port.mark,
                 cat("variable ", quoted(port.variable), " of process ", quoted(process.name),
                     " would hold the addresses of two sockets, ",
                     quoted(graph.at(before->second->channel).name), " and ",
                     quoted(graph.at(port.channel).name)),
                 "name the variables: connects: {VARIABLE: SOCKET}")
          .notes.push_back({before->second->mark, "the other one"});
    }
  }
}

void addresses_are_those_of_sockets(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    for (std::size_t i = 0; i < process.command.words.size(); ++i)
      check_references(graph, process.command.words[i], i == 0 ? "the name of a program" : "", diagnostics);
    for (const EnvironmentEntry& entry : process.env) check_references(graph, entry.value, "", diagnostics);
    check_references(graph, {process.cwd, process.cwd_mark}, "'cwd'", diagnostics);
    for (const Stream& stream : process.streams)
      check_references(graph, {stream.file, stream.mark}, "the file of a stream", diagnostics);
  }
}

namespace {

// As a probe uses it: HOST:PORT, or the path of a unix socket. The parts that are known when it is open are
// made up. True, too, where a reference is wrong, for that is said already.
bool is_endpoint(const Graph& graph, std::string_view text) {
  bool known = true;
  std::string address = replace_socket_references(text, [&](std::string_view name, std::string_view part) {
    const Channel* socket = find_socket(graph, name);
    SocketAddress made_up;
    if (socket != nullptr) made_up = socket->socket.address;
    if (made_up.path.empty()) made_up.path = "/made/up";
    if (made_up.port == 0) made_up.port = 1;
    const auto text_of_it = part_of(made_up, part);
    known = known && socket != nullptr && text_of_it;
    return text_of_it.value_or("");
  });
  if (!known) return true;
  if (address.starts_with('/')) return text.front() == kSocketMark && text.back() == kSocketMark;
  std::ranges::replace(address, kReplicaMark, '0');
  std::ranges::replace(address, kReplicasMark, '1');
  const auto parsed = parse_socket_address("tcp://" + address, "");
  return parsed && parsed->port != 0;
}

void check_probe(const Graph& graph, const Process& process, const ProbeSpec& probe,
                 Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < probe.command.words.size(); ++i)
    check_references(graph, probe.command.words[i], i == 0 ? "the name of a program" : "", diagnostics);
  const Text& address = probe.address;
  if (address.value.empty()) return;
  check_references(graph, address, "", diagnostics);
  if (!is_endpoint(graph, address.value)) {
    diagnostics.error(address.mark, "a probe needs an address HOST:PORT, or that of a socket",
                      "as 127.0.0.1:8080 or ${socket.NAME.address}");
  }
  if (probe.kind != ProbeKind::kTcp) return;
  (void)replace_socket_references(address.value, [&](std::string_view name, std::string_view) {
    const Channel* socket = find_socket(graph, name);
    if (socket == nullptr || socket->socket.opened_by_server) return std::string();
    diagnostics
        .error(address.mark,
               cat("process ", quoted(process.name), " is probed at ", title(graph, *socket),
                   ", which procgraph holds open: that always succeeds"),
               "write 'ready: notify' or an http probe, or let the server open it: 'open: server'")
        .notes.push_back({socket->mark, "declared here"});
    return std::string();
  });
}

}  // namespace

void probes_ask_the_process(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.ready) check_probe(graph, process, process.ready->probe, diagnostics);
    if (process.health) check_probe(graph, process, process.health->probe, diagnostics);
  }
}

// A server rarely ends by itself, and the graph would wait for it.
void servers_are_services(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    const bool only_serves = !process.ports.empty() && std::ranges::all_of(process.ports, [&](PortId id) {
      return is_server(graph, graph.at(id));
    });
    if (!only_serves || process.service) continue;
    diagnostics.warning(
        process.mark,
        cat("process ", quoted(process.name),
            " only serves, and the graph waits for its end; servers rarely end by themselves"),
        "write 'service: true', and it is stopped when everything else has ended");
  }
}

}  // namespace procgraph
