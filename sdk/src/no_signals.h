// NoSignals: while it lives this thread takes none, and a thread that it starts never will: they are the
// program's, for its own threads.
#pragma once

#include <signal.h>

namespace procgraph::detail {

class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace procgraph::detail
