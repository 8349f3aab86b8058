#include "config/probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/pattern.h"
#include "base/socket_address.h"
#include "base/text.h"
#include "config/command.h"
#include "config/fields.h"

namespace procgraph::config {
namespace {

using Replica = Expander::Replica;

// What `ready` and `health` have in common, while it is read.
struct Draft {
  ProbeSpec probe;
  std::vector<const YamlNode*> ways;     // their keys
  std::vector<const YamlNode*> timings;  // keys that say how often and how long
  Typed<Duration> interval, timeout, watchdog;
  Typed<std::uint64_t> retries;
};

void claim(const Field& field, Draft& draft, ProbeKind kind) {
  draft.ways.push_back(&field.key);
  draft.probe.kind = kind;
  draft.probe.mark = field.value.mark;
}

// An address in digits with a port; what refers to a socket is for the graph to judge.
bool is_endpoint(std::string address) {
  if (address.find(kSocketMark) != std::string::npos) return true;
  std::ranges::replace(address, kReplicaMark, '0');
  std::ranges::replace(address, kReplicasMark, '1');
  const auto parsed = parse_socket_address("tcp://" + address, "");
  return parsed && parsed->port != 0;
}

constexpr std::string_view kHosts =
    "a host is an IPv4 address, an IPv6 address in brackets, or localhost; a declared socket is "
    "${socket.NAME.address}";

void read_fd(Reader& reader, const Field& field, Draft& draft) {
  claim(field, draft, ProbeKind::kFd);
  if (const auto number = read_whole(reader, field))
    draft.probe.fd = Marked<int>{static_cast<int>(number->value), number->mark};
}

void read_exec(Reader& reader, const Field& field, Draft& draft) {
  claim(field, draft, ProbeKind::kExec);
  if (auto command = read_command(reader, field)) draft.probe.command = std::move(*command);
}

void read_tcp(Reader& reader, const Field& field, Draft& draft) {
  claim(field, draft, ProbeKind::kTcp);
  if (missing(reader, field)) return;
  const std::optional<Text> address = text_of(reader, field.value, "'tcp'", Replica::kKept);
  if (!address) return;
  draft.probe.address = *address;
  if (!is_endpoint(address->value)) mismatch(reader, field).hint = kHosts;
}

bool is_path(std::string_view path) {
  return path.starts_with('/') && std::ranges::all_of(path, [](char c) {
           return (c > ' ' && c < '\x7f') || c == kReplicaMark || c == kReplicasMark;
         });
}

void read_url(Reader& reader, const Field& field, Draft& draft) {
  constexpr std::string_view kScheme = "http://";
  const std::optional<Text> url = text_of(reader, field.value, "'http'", Replica::kKept);
  if (!url) return;
  std::string_view rest = url->value;
  if (!rest.starts_with(kScheme)) {
    mismatch(reader, field).hint =
        rest.starts_with("https://") ? "for TLS write a command, as exec: curl -fsS https://…" : kHosts;
    return;
  }
  rest.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string address(rest.substr(0, slash));
  const bool has_port =
      address.find(kSocketMark) != std::string::npos || address.rfind(':') + 1 > address.rfind(']') + 1;
  if (!has_port) address += ":80";
  draft.probe.address = {address, url->mark};
  if (slash < rest.size()) draft.probe.path = rest.substr(slash);
  const bool reached = is_endpoint(address);
  if (!reached || !is_path(draft.probe.path))
    mismatch(reader, field).hint = reached ? "a path has no blanks" : kHosts;
}

void read_status(Reader& reader, const Field& field, Draft& draft) {
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return;
  const std::size_t dash = std::min(text->value.find('-'), text->value.size());
  const auto least = parse_whole(std::string_view(text->value).substr(0, dash));
  const auto most =
      dash == text->value.size() ? least : parse_whole(std::string_view(text->value).substr(dash + 1));
  if (!least || !most || *least < 100 || *most > 599 || *least > *most) {
    mismatch(reader, field).hint = "statuses are 100 to 599, the smaller one first";
    return;
  }
  draft.probe.least_status = static_cast<std::uint16_t>(*least);
  draft.probe.most_status = static_cast<std::uint16_t>(*most);
}

constexpr std::array kHttpBindings{
    Binding<Draft>{"socket",
                   [](Reader& reader, const Field& field, Draft& draft) {
                     if (const auto name = read_name(reader, field))
                       draft.probe.address = {socket_reference(name->value, "address"), name->mark};
                   }},
    Binding<Draft>{"path",
                   [](Reader& reader, const Field& field, Draft& draft) {
                     if (missing(reader, field)) return;
                     const auto path = text_of(reader, field.value, "'path'", Replica::kKept);
                     if (path && !is_path(path->value)) {
                       reader.problems.error(path->mark, "'path' begins with '/', and has no blanks");
                     } else if (path) {
                       draft.probe.path = path->value;
                     }
                   }},
    Binding<Draft>{"status", read_status},
};

void read_http(Reader& reader, const Field& field, Draft& draft) {
  claim(field, draft, ProbeKind::kHttp);
  if (missing(reader, field)) return;
  if (field.value.is(YamlNode::Kind::kScalar)) return read_url(reader, field, draft);
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field);
    return;
  }
  read_fields<Draft>(reader, Place::kHttp, field.value, kHttpBindings, draft);
  if (field.value.find("socket") == nullptr)
    reader.problems.error(field.key.mark, "'http' needs 'socket'", "or write http: http://HOST:PORT/PATH");
}

void read_log(Reader& reader, const Field& field, Draft& draft) {
  claim(field, draft, ProbeKind::kLog);
  const std::optional<Text> text = read_text(reader, field);
  if (!text) return;
  const auto pattern = Pattern::compile(text->value);
  if (const auto* wrong = std::get_if<std::string>(&pattern)) {
    reader.problems.error(text->mark, fmt::format("'log' is no regular expression: {}", *wrong),
                          "a backslash takes the meaning from a character, as in \\(");
  }
  draft.probe.pattern = text->value;
}

template <auto Member>
void timing(Reader& reader, const Field& field, Draft& draft) {
  draft.timings.push_back(&field.key);
  draft.*Member = read_positive_duration(reader, field);
}

constexpr std::array kReadyBindings{
    Binding<Draft>{"fd", read_fd},   Binding<Draft>{"exec", read_exec},
    Binding<Draft>{"tcp", read_tcp}, Binding<Draft>{"http", read_http},
    Binding<Draft>{"log", read_log}, Binding<Draft>{"timeout", timing<&Draft::timeout>},
};

constexpr std::array kHealthBindings{
    Binding<Draft>{"exec", read_exec},
    Binding<Draft>{"tcp", read_tcp},
    Binding<Draft>{"http", read_http},
    Binding<Draft>{"watchdog",
                   [](Reader& reader, const Field& field, Draft& draft) {
                     claim(field, draft, ProbeKind::kWatchdog);
                     draft.watchdog = read_positive_duration(reader, field);
                   }},
    Binding<Draft>{"interval", timing<&Draft::interval>},
    Binding<Draft>{"timeout", timing<&Draft::timeout>},
    Binding<Draft>{"retries",
                   [](Reader& reader, const Field& field, Draft& draft) {
                     draft.timings.push_back(&field.key);
                     draft.retries = read_whole(reader, field);
                   }},
};

// One way, not none and not two.
bool has_one_way(Reader& reader, const Field& field, const Draft& draft, std::string_view ways) {
  if (draft.ways.empty()) {
    reader.problems.error(field.key.mark, fmt::format("'{}' does not say how", field.row.name),
                          fmt::format("write one of {}", ways));
    return false;
  }
  if (draft.ways.size() == 1) return true;
  reader.problems
      .error(draft.ways[1]->mark,
             fmt::format("'{}' has two ways, '{}' and '{}'", field.row.name, draft.ways[0]->text(),
                         draft.ways[1]->text()),
             "write one; a command can look for several things, as exec: ./check")
      .notes.push_back({draft.ways[0]->mark, "the other one"});
  return false;
}

}  // namespace

std::optional<ReadySpec> read_ready(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  ReadySpec ready;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    const bool scalar = field.value.is(YamlNode::Kind::kScalar);
    const std::optional<Text> word = scalar ? read_text(reader, field) : std::optional<Text>();
    if (scalar && !word) return {};
    if (word && word->value == "started") return {};
    if (!word || word->value != "notify") {
      mismatch(reader, field);
      return {};
    }
    ready.probe.mark = word->mark;
    return ready;
  }
  Draft draft;
  const std::size_t before = reader.problems.errors();
  read_fields<Draft>(reader, Place::kReady, field.value, kReadyBindings, draft);
  if (reader.problems.errors() != before ||
      !has_one_way(reader, field, draft, "fd, exec, tcp, http and log, or 'ready: notify'"))
    return {};
  ready.probe = std::move(draft.probe);
  if (draft.timeout) ready.timeout = draft.timeout->value;
  return ready;
}

std::optional<HealthSpec> read_health(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field);
    return {};
  }
  Draft draft;
  const std::size_t before = reader.problems.errors();
  read_fields<Draft>(reader, Place::kHealth, field.value, kHealthBindings, draft);
  if (reader.problems.errors() != before ||
      !has_one_way(reader, field, draft, "exec, tcp, http and watchdog"))
    return {};
  if (draft.watchdog && !draft.timings.empty()) {
    reader.problems.error(draft.timings[0]->mark,
                          fmt::format("'{}' has no meaning beside 'watchdog'", draft.timings[0]->text()),
                          "nothing is asked: the process itself sends WATCHDOG=1 in time");
    return {};
  }
  HealthSpec health{.probe = std::move(draft.probe)};
  if (draft.interval) health.interval = draft.interval->value;
  if (draft.timeout) health.timeout = draft.timeout->value;
  if (draft.watchdog) health.timeout = draft.watchdog->value;
  if (draft.retries) health.retries = static_cast<std::uint32_t>(draft.retries->value);
  return health;
}

}  // namespace procgraph::config
