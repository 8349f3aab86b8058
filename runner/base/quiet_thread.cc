#include "base/quiet_thread.h"

#include <csignal>
#include <string>
#include <system_error>
#include <utility>

namespace procgraph {
namespace {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Result<std::thread> quiet_thread(const char* purpose, std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& refused) {
    return Error{std::string("a thread ") + purpose, refused.code().value()};
  }
}

}  // namespace procgraph
