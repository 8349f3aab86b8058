#include "base/quiet_thread.h"

#include <string>
#include <system_error>
#include <utility>

#include "base/signals_blocked.h"

namespace procgraph {

Result<std::thread> quiet_thread(const char* purpose, std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& refused) {
    return Error{std::string("a thread ") + purpose, refused.code().value()};
  }
}

}  // namespace procgraph
