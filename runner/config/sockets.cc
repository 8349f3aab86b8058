// The sockets of a process.
#include <fmt/format.h>

#include "config/ports.h"

namespace procgraph::config {
namespace {

// PROCGRAPH_SOCKET_DATA_BASE of the socket data-base.
std::string variable_for(std::string_view socket) {
  std::string variable = "PROCGRAPH_SOCKET_";
  for (const char c : socket) {
    const bool lower = c >= 'a' && c <= 'z';
    variable += c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return variable;
}

void add(Reader& reader, const YamlNode& node, std::vector<PortSpec>& ports) {
  const std::optional<Text> name = name_of(reader, node, "a socket");
  if (!name) return;
  ports.push_back(
      {.port = *name, .channel = *name, .fd = {}, .wait = {}, .variable = variable_for(name->value)});
}

bool check_variable(Reader& reader, const Text& name) {
  if (!valid_variable(name.value)) {
    reader.problems.error(name.mark, fmt::format("a variable cannot be called '{}'", name.value),
                          "a name has letters, digits and '_', and does not begin with a digit");
  } else if (name.value.starts_with("PROCGRAPH_") || name.value.starts_with("LISTEN_")) {
    reader.problems.error(name.mark, fmt::format("'{}' is a name for procgraph's own variables", name.value));
  } else {
    return true;
  }
  return false;
}

// In a map of `serves` the keys name ports, in one of `connects` variables.
void add(Reader& reader, const Field& field, const Entry& entry, std::vector<PortSpec>& ports) {
  const bool variables = field.row.type == Type::kConnects;
  const Text key{std::string(entry.key->text()), entry.key->mark};
  if (variables ? !check_variable(reader, key) : !check_name(reader, key, "a port")) return;
  if (entry.value->is(YamlNode::Kind::kNull)) {
    reader.problems.error(key.mark, fmt::format("'{}' has no socket", key.value),
                          fmt::format("write {}: {{{}: SOCKET}}", field.row.name, key.value));
    return;
  }
  const std::size_t before = ports.size();
  add(reader, *entry.value, ports);
  if (ports.size() == before) return;
  ports.back().port = key;
  if (variables) ports.back().variable = key.value;
}

}  // namespace

std::vector<PortSpec> read_socket_ports(Reader& reader, const Field& field) {
  std::vector<PortSpec> ports;
  if (missing(reader, field)) return ports;
  if (field.value.is(YamlNode::Kind::kScalar)) add(reader, field.value, ports);
  for (const YamlNode* item : field.value.items()) add(reader, *item, ports);
  for (const Entry& entry : field.value.entries()) add(reader, field, entry, ports);
  return ports;
}

}  // namespace procgraph::config
