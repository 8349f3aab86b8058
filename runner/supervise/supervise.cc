#include "supervise/supervise.h"

#include <boost/system/system_error.hpp>
#include <csignal>
#include <stdexcept>
#include <string>

#include "supervise/loop.h"

namespace procgraph {
namespace {

// The calling thread's mask and the dispositions that the loop needs, as they were before at its end.
class Signals {
 public:
  Signals() {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    pipe_ = set(SIGPIPE, SIG_IGN);   // a write tells
    child_ = set(SIGCHLD, SIG_DFL);  // ignored, it would hide every end
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    ::sigaction(SIGPIPE, &pipe_, nullptr);
    ::sigaction(SIGCHLD, &child_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  static struct sigaction set(int signal, sighandler_t handler) {
    struct sigaction action {
    }, before{};
    action.sa_handler = handler;
    ::sigaction(signal, &action, &before);
    return before;
  }

  sigset_t mask_{};
  struct sigaction pipe_ {
  }, child_{};
};

Result<Fd> open_all_signals() {
  // A HUP that is ignored (nohup) stays so.
  if (is_ignored(SIGHUP)) return open_signals({SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGUSR1});
  return open_signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGUSR1});
}

Outcome give_up(Reporter& reporter, const std::string& why) {
  reporter.error(why);
  (void)reporter.flush();
  return {.code = 71};
}

}  // namespace

Outcome supervise(const Plan& plan, Opened& opened, Reporter& reporter, const RunOptions& options) {
  const Signals signals;
  Result<Fd> fd = open_all_signals();
  if (!fd) return give_up(reporter, fd.error().text());
  try {
    Journal journal(reporter);
    Loop loop(plan, opened, journal, options, std::move(*fd));
    return loop.run();
  } catch (const boost::system::system_error& error) {  // the guard ends what runs
    return give_up(reporter, "the kernel watches no more for the runner: " + error.code().message());
  } catch (const std::runtime_error& error) {  // no thread, no eventfd, no door for programs outside
    return give_up(reporter, error.what());
  }
}

}  // namespace procgraph
