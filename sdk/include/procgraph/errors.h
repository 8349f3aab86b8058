// What the SDK throws. Every message names the port or channel, and the cure where there is one.
#pragma once

#include <stdexcept>

namespace procgraph {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The program was not started by procgraph, or not in a way that gives it its channels.
class NotInGraph : public Failure {
 public:
  using Failure::Failure;
};
// The graph gives this process no port of that name, or one of another kind or direction.
class NoSuchPort : public Failure {
 public:
  using Failure::Failure;
};
// All readers of the channel are gone for good. Thrown only where SIGPIPE is ignored or blocked, else the
// process dies of SIGPIPE, as with write(2). Uncaught, it ends the process with exit code 141.
class NoReaders : public Failure {
 public:
  using Failure::Failure;
};
// This end was closed, or the data was declared at its end.
class Closed : public Failure {
 public:
  using Failure::Failure;
};
// The message is longer than the channel allows.
class TooLarge : public Failure {
 public:
  using Failure::Failure;
};
// The queue has no room, and its `when_full: reject` says that the writer is to be told.
class Full : public Failure {
 public:
  using Failure::Failure;
};
// A frame was cut off: the other end went away, or a deadline passed, in the middle of it.
class Truncated : public Failure {
 public:
  using Failure::Failure;
};
// A writer of a shared memory area died in the middle of a write, and nobody has written there since.
class Torn : public Failure {
 public:
  using Failure::Failure;
};
// The run to which a program outside the graph was connected is over, or was killed: nothing comes any more,
// and nothing that was put will be read.
class GraphEnded : public Failure {
 public:
  using Failure::Failure;
};
// The channel's memory says something impossible; it is stopped for everybody.
class Poisoned : public Failure {
 public:
  using Failure::Failure;
};

}  // namespace procgraph
