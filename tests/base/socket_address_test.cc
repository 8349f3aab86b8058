#include "base/socket_address.h"

#include <gtest/gtest.h>

namespace procgraph {
namespace {

using Family = SocketAddress::Family;

std::string again(std::string_view text) {
  const auto address = parse_socket_address(text, "/w");
  return address ? format(*address) : "refused";
}

TEST(SocketAddress, IsAUnixPathOrAHostInDigitsWithAPort) {
  EXPECT_EQ(parse_socket_address("unix", "/w"), SocketAddress{});
  EXPECT_EQ(again("unix:run/s"), "/w/run/s");
  EXPECT_EQ(again("unix:/tmp/s"), "/tmp/s");
  EXPECT_EQ(again("tcp://127.0.0.1:0"), "127.0.0.1:0");
  EXPECT_EQ(again("tcp://localhost:80"), "127.0.0.1:80");
  EXPECT_EQ(again("tcp://[::1]:65535"), "[::1]:65535");
}

TEST(SocketAddress, IsNothingElse) {
  for (const char* text :
       {"", "unix:", "Unix", "tcp://", "tcp://127.0.0.1", "tcp://:80", "tcp://example.org:80",
        "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:8o", "tcp://::1:80",
        "tcp://[127.0.0.1]:80", "127.0.0.1:80", "udp://127.0.0.1:80"}) {
    EXPECT_EQ(again(text), "refused") << text;
  }
}

TEST(SocketAddress, HasPartsOnlyWhereItIsAHostAndAPort) {
  const SocketAddress tcp{Family::kTcp, "::1", 80, ""}, path{Family::kUnix, "", 0, "/s"};
  EXPECT_EQ(part_of(tcp, "address"), "[::1]:80");
  EXPECT_EQ(part_of(tcp, "host"), "::1");
  EXPECT_EQ(part_of(tcp, "port"), "80");
  EXPECT_EQ(part_of(tcp, "path"), std::nullopt);
  EXPECT_EQ(part_of(path, "address"), "/s");
  EXPECT_EQ(part_of(path, "host"), std::nullopt);
}

TEST(SocketReference, IsReplacedWhereverItStands) {
  const auto shown = [](std::string_view name, std::string_view part) {
    return "<" + std::string(name) + " " + std::string(part) + ">";
  };
  const std::string text =
      "http://" + socket_reference("a-b", "host") + ":" + socket_reference("c", "port") + "/x";
  EXPECT_EQ(replace_socket_references(text, shown), "http://<a-b host>:<c port>/x");
  EXPECT_EQ(replace_socket_references("nothing", shown), "nothing");
}

}  // namespace
}  // namespace procgraph
