// Outlet: one of the runner's two standard outputs, written without ever waiting for its reader. Knows
// nothing of lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace procgraph {

class Outlet {
 public:
  explicit Outlet(int fd);  // stays the caller's
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  ~Outlet();

  // Where the next bytes are appended. After a loss they are dropped by the next pump().
  [[nodiscard]] std::string& buffer() { return buffer_; }
  [[nodiscard]] std::size_t pending() const { return buffer_.size() - written_; }
  [[nodiscard]] bool terminal() const { return terminal_; }
  [[nodiscard]] int lost() const { return lost_; }  // errno, 0: not lost
  // Writes what can be written without waiting; the descriptor that must become writable for the rest, or -1.
  int pump();
  // Writes everything, waiting as long as it takes.
  void flush();

 private:
  enum class Way : std::uint8_t { kOwn, kSocket, kBlocking, kFile };

  [[nodiscard]] long write_some(const char* data, std::size_t size) const;

  int fd_;
  Way way_ = Way::kFile;
  bool terminal_ = false;
  int lost_ = 0;
  std::string buffer_;
  std::size_t written_ = 0;  // bytes of buffer_ that are out
};

}  // namespace procgraph
