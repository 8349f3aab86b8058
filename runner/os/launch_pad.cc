#include "os/launch_pad.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace procgraph {

LaunchPad::LaunchPad() : nothing_(::open("/", O_PATH | O_CLOEXEC)) {
  for (int i = 0; i < kPlaces; ++i) {
    Fd place(::fcntl(nothing_.get(), F_DUPFD_CLOEXEC, 0));
    if (!place) return;
    end_ = std::max(end_, place.get() + 1);
    places_.push_back(std::move(place));
  }
}

int LaunchPad::put(int fd) {
  if (used_ == places_.size()) return -1;
  const int place = ::dup3(fd, places_[used_].get(), O_CLOEXEC);
  if (place >= 0) ++used_;
  return place;
}

// A place must stay taken, or what is opened next would have its number.
void LaunchPad::clear() {
  while (used_ > 0) ::dup3(nothing_.get(), places_[--used_].get(), O_CLOEXEC);
}

}  // namespace procgraph
