// What a process says of itself, in the datagrams of sd_notify(3), and the socket on which one start of a
// process says it. A socket for each start: whoever knows its name is of that start, and what an earlier one
// says late is heard by nobody.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

struct Notice {
  bool ready = false;     // READY=1
  bool watchdog = false;  // WATCHDOG=1
  bool trigger = false;   // WATCHDOG=trigger: it has found out itself that it does not work
  std::optional<std::string> status;
  std::optional<Duration> extend;  // EXTEND_TIMEOUT_USEC

  bool operator==(const Notice&) const = default;
};

// Of one datagram: lines KEY=VALUE. What is not known is left out.
[[nodiscard]] Notice parse_notice(std::string_view datagram);

struct NoticeSocket {
  Fd fd;                // readable: something was said
  std::string address;  // as NOTIFY_SOCKET has it: "@procgraph/notify/…"
};

// Under a name that nobody can guess, in the abstract space: nothing of it stays in the file system.
[[nodiscard]] Result<NoticeSocket> open_notice_socket();
// The next of what was said, an empty one if it was another user's; nothing if that was all. Does not wait.
// Descriptors that come with it are closed: that is what BARRIER=1 waits for.
[[nodiscard]] std::optional<Notice> receive_notice(int fd);

}  // namespace procgraph
