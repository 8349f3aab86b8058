#include "procgraph/result.h"

#include <cstring>

namespace procgraph {

std::string Error::text() const {
  return code == 0 ? what : what + ": " + std::strerror(code);
}

}  // namespace procgraph
