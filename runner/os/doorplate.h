// Doorplate: where the files of a run's door are, in memory that the guard and the runner share, so that
// whoever of the two outlives the other takes them away. Knows nothing of the sockets.
#pragma once

#include "os/door.h"
#include "procgraph/result.h"

namespace procgraph {

class Doorplate {
 public:
  // Before guarded(): what is written is seen by all that are forked from here on.
  static Result<Doorplate> make();
  Doorplate(Doorplate&& other) noexcept;
  Doorplate& operator=(Doorplate&&) = delete;
  ~Doorplate();

  // Once; before anything starts.
  void write(const Door::Files& files) const;
  // Nobody of the run is left who could be behind that door. Never waits.
  void take_down() const;
  // Somebody is, and is about to be ended.
  void take_down_before() const;

 private:
  struct Page;
  explicit Doorplate(Page* page) : page_(page) {}

  Page* page_;
};

}  // namespace procgraph
