// What a node says of itself: one datagram, to whom NOTIFY_SOCKET names.
#include "notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <string>

#include "fd.h"
#include "procgraph/errors.h"

namespace procgraph::testing {
namespace {

// A socket with a name that the kernel chooses.
struct Listener {
  Listener() : fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof(sa_family_t)), 0);
    socklen_t size = sizeof name;
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    address.assign(name.sun_path, size - offsetof(sockaddr_un, sun_path));
    address[0] = '@';
  }
  [[nodiscard]] std::string heard() const {
    std::array<char, 100> bytes{};
    const auto size = ::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }

  detail::Fd fd;
  std::string address;
};

TEST(Notify, SendsOneDatagramToANameInTheAbstractSpace) {
  const Listener listener;
  detail::notify(listener.address, "READY=1");
  EXPECT_EQ(listener.heard(), "READY=1");
  EXPECT_EQ(listener.heard(), "nothing");
}

TEST(Notify, IsNoFaultWhereNobodyListensAnyMore) {
  const std::string address = Listener().address;
  EXPECT_NO_THROW(detail::notify(address, "READY=1"));
  EXPECT_NO_THROW(detail::notify("/nowhere/notify", "READY=1"));
}

TEST(Notify, RefusesAnAddressThatIsNone) {
  EXPECT_THROW(detail::notify("@", "READY=1"), Failure);
  EXPECT_THROW(detail::notify(std::string(200, 'x'), "READY=1"), Failure);
}

}  // namespace
}  // namespace procgraph::testing
