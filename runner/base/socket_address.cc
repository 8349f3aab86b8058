#include "base/socket_address.h"

#include <arpa/inet.h>

#include <charconv>

#include "base/path.h"

namespace procgraph {
namespace {

bool is_host(int family, const std::string& text) {
  in6_addr address{};  // large enough for either
  return ::inet_pton(family, text.c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return port;
}

std::optional<std::string> parse_host(std::string_view text) {
  if (text == "localhost") return "127.0.0.1";
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    std::string host(text.substr(1, text.size() - 2));
    if (is_host(AF_INET6, host)) return host;
  } else if (std::string host(text); is_host(AF_INET, host)) {
    return host;
  }
  return {};
}

std::optional<SocketAddress> parse_tcp(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  const auto host = parse_host(text.substr(0, colon));
  const auto port = parse_port(text.substr(colon + 1));
  if (!host || !port) return {};
  return SocketAddress{.family = SocketAddress::Family::kTcp, .host = *host, .port = *port, .path = {}};
}

}  // namespace

std::optional<SocketAddress> parse_socket_address(std::string_view text, const std::string& folder) {
  constexpr std::string_view kTcp = "tcp://", kUnix = "unix:";
  if (text == "unix") return SocketAddress{};
  if (text.starts_with(kTcp)) return parse_tcp(text.substr(kTcp.size()));
  if (!text.starts_with(kUnix) || text.size() == kUnix.size()) return {};
  return SocketAddress{.family = SocketAddress::Family::kUnix,
                       .host = {},
                       .path = absolute(folder, text.substr(kUnix.size()))};
}

std::string format(const SocketAddress& address) {
  if (address.family == SocketAddress::Family::kUnix) return address.path;
  const bool brackets = address.host.find(':') != std::string::npos;
  return (brackets ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<std::string> part_of(const SocketAddress& address, std::string_view part) {
  if (part == "address") return format(address);
  if (address.family != SocketAddress::Family::kTcp) return {};
  if (part == "host") return address.host;
  if (part == "port") return std::to_string(address.port);
  return {};
}

std::string socket_reference(std::string_view name, std::string_view part) {
  std::string text(1, kSocketMark);
  text.append(name).append(".").append(part);
  return text += kSocketMark;
}

std::string replace_socket_references(
    std::string_view text,
    const std::function<std::string(std::string_view name, std::string_view part)>& value) {
  std::string out;
  while (true) {
    const std::size_t begin = text.find(kSocketMark);
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const std::size_t end = text.find(kSocketMark, begin + 1);
    if (end == std::string_view::npos) return out.append(text.substr(begin));  // inherited, and none of ours
    const std::string_view inside = text.substr(begin + 1, end - begin - 1);
    const std::size_t dot = inside.find('.');
    out += value(inside.substr(0, dot), inside.substr(dot + 1));
    text.remove_prefix(end + 1);
  }
}

}  // namespace procgraph
