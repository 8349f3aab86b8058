// RotatingFile: a file of lines that begins anew when it has grown to a certain size; the older ones stay
// beside it as NAME.1 (the newest of them), NAME.2 …
//
// It is opened for each piece that is appended, so that ten thousand of them hold no descriptor, and one that
// somebody has moved away is simply made again. No link is followed, and nothing but a file is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace procgraph {

struct Rotation {
  std::uint64_t size = 10U << 20U;  // bytes; a single line may be longer
  unsigned keep = 5;                // older files
};

// A folder, for as long as anybody writes there.
class Folder {
 public:
  explicit Folder(int fd) : fd_(fd) {}  // takes it over
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// As write(2); a test's may fail, or take its time.
using WriteCall = std::function<long(int, const char*, std::size_t)>;

class RotatingFile {
 public:
  RotatingFile(std::shared_ptr<const Folder> folder, std::string name, Rotation rotation, WriteCall write);

  struct Outcome {
    std::size_t written = 0;  // bytes of whole lines; the rest is not in the file, not even in part
    int error = 0;            // errno that ended it; 0: all was written
  };
  // Whole lines. Blocks as long as the disk does.
  [[nodiscard]] Outcome append(std::string_view lines);
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  [[nodiscard]] int rotate() const;

  std::shared_ptr<const Folder> folder_;
  std::string name_;
  Rotation rotation_;
  WriteCall write_;
};

}  // namespace procgraph
