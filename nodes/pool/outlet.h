// Outlet: where results go: a channel, or this process's standard output, or nowhere. Each leaves whole, one
// after the other. Never waits.
#pragma once

#include <procgraph/node.h>

#include <cstddef>
#include <optional>
#include <span>

namespace pool {

class Outlet {
 public:
  // The port "out" if there is one, else standard output; with `each` nowhere: the runs write themselves.
  Outlet(procgraph::Node& node, bool each);

  // The largest result; nothing: nobody wants any.
  [[nodiscard]] std::optional<std::size_t> most() const { return most_; }
  // True: it has left for good. Else wait for room, and say the same again.
  [[nodiscard]] bool put(std::span<const std::byte> result);
  // What to wait for: room in a channel for so many bytes, or that a descriptor can be written to.
  [[nodiscard]] procgraph::Writer* channel() { return writer_ ? &*writer_ : nullptr; }
  [[nodiscard]] int descriptor() const;

 private:
  bool write(std::span<const std::byte> result);

  std::optional<procgraph::Writer> writer_;
  std::optional<std::size_t> most_;
  bool regular_ = false;     // standard output is a file
  std::size_t written_ = 0;  // of a result on its way to standard output
};

}  // namespace pool
