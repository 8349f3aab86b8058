// Spooler: appends lines to files on a thread of its own, so that nobody waits for a disk. What finds no room
// in its bounded memory, or that the disk refuses, is left out: counted exactly, and told in the file where
// it is missing. Knows nothing of who says the lines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "report/rotating_file.h"

namespace procgraph {

class Spooler {
 public:
  // Bytes that may wait for the disk, in one file and in all of them.
  struct Room {
    std::size_t each = 1U << 20U;
    std::size_t all = 32U << 20U;
  };
  // What stands in a file where so many lines are missing: a line.
  using Missing = std::function<std::string(std::uint64_t)>;

  // Throws std::runtime_error where the machine has no thread left.
  Spooler(Room room, Missing missing);
  Spooler(const Spooler&) = delete;
  Spooler& operator=(const Spooler&) = delete;
  // Does not wait for a disk that hangs: what was not written by then may still be, or not.
  ~Spooler();

  // From now on it is known by the number that is returned: 0, 1, 2 …
  std::size_t add(RotatingFile file);
  // Appends one line, which ends with a newline. Never waits.
  void append(std::size_t file, std::string_view line);
  // True: all that was appended is in its file, or counted as lost. False: not within this time.
  [[nodiscard]] bool drain(std::chrono::nanoseconds most);

  struct Loss {
    std::uint64_t lines = 0;
    int error = 0;  // errno, the last one; 0: there was no room
  };
  [[nodiscard]] Loss loss(std::size_t file) const;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // the thread's too, which may outlive us at a disk that hangs
};

}  // namespace procgraph
