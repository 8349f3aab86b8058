#include "area/watch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "no_signals.h"
#include "procgraph/errors.h"

namespace procgraph::detail {

Watch::Watch(EventCount& events, std::function<bool()> has_come)
    : events_(events), has_come_(std::move(has_come)), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw Failure(std::string("no descriptor to wait with: ") + std::strerror(errno));
  const NoSignals none;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& e) {
    close(fd_);
    throw Failure(std::string("no thread to wait with: ") + e.what());
  }
}

Watch::~Watch() {
  stopping_ = true;
  notify_always(events_);
  thread_.join();
  close(fd_);
}

void Watch::run() {
  (void)await(events_, std::nullopt, [&] { return has_come_() || stopping_; });
  eventfd_write(fd_, 1);
}

}  // namespace procgraph::detail
