#include "base/out_of_memory.h"

#include <poll.h>
#include <unistd.h>

#include <string_view>

namespace procgraph {

void end_without_memory() {
  constexpr std::string_view kWords = "procgraph: this machine has no memory left for it\n";
  constexpr int kOperatingSystemError = 71;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  ::_exit(kOperatingSystemError);
}

void wait_for_memory() {
  constexpr int kMoment = 10;  // milliseconds
  ::poll(nullptr, 0, kMoment);
}

}  // namespace procgraph
