// LaunchPad: a few low numbers from which the descriptors of a child start. A child that had a copy of our
// whole table would have it copied, and closed one by one at its exec: with 10,000 processes in our hands
// that is most of what a start costs, and the kernel keeps the large table for as long as the child runs. So
// a child of a crowded parent shares the table for a moment, takes what is below the end of the pad, and
// leaves the rest.
#pragma once

#include <cstddef>
#include <vector>

#include "os/fd.h"

namespace procgraph {

// Not safe for use by several threads at once. To be made before the descriptors that crowd the table.
class LaunchPad {
 public:
  static constexpr int kPlaces = 32, kDescriptors = kPlaces + 1;

  // Without places where there are no descriptors to be had: then nothing starts from it.
  LaunchPad();

  // The lowest number above all of it.
  [[nodiscard]] int end() const { return end_; }

  // The number that `fd` also has from now on; -1 where there is no place, or no such descriptor.
  [[nodiscard]] int put(int fd);
  // Takes all from it.
  void clear();

 private:
  Fd nothing_;  // what lies on the places that are free
  std::vector<Fd> places_;
  std::size_t used_ = 0;
  int end_ = 0;
};

}  // namespace procgraph
