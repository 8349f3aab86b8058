// Command: what is started for every message, and how. Knows no queue.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "descriptor.h"
#include "options.h"

namespace pool {

// What differs from run to run.
struct Occasion {
  std::string_view message;  // of a batch the first one's
  std::string number;        // "17", or "17.3" of one that was put together with others
  std::uint32_t delivery = 1;
  std::size_t place = 0;  // among the runs that there can be at a time
};

struct Child {
  pid_t pid = -1;
  Descriptor process;     // a pidfd: readable once it has ended
  int error = 0;          // why there is none
  bool at_fault = false;  // the message is: it cannot be a word of a command
};

class Command {
 public:
  // The runs get the environment of this process; but for what makes it a node of the graph, unless it is
  // `each`.
  explicit Command(const Options& options);

  // Starts the command with these two as its stdin and stdout, and this process's stderr; it gets no other
  // descriptor, unless it is `each`. It leads a process group in this process's session, dies with this
  // process, and has default dispositions of all signals. Returns once its program runs. Call it from one
  // thread only, with signals blocked.
  [[nodiscard]] Child start(const Occasion& occasion, int in, int out);

 private:
  Options options_;
  std::vector<std::string> environment_;
  std::vector<Limit> limits_;
  std::vector<std::byte> stack_;
};

}  // namespace pool
