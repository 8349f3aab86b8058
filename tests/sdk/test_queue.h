// A queue or a topic without a graph: its regions as the runner makes them, views of any participant, and
// nodes in processes of their own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "procgraph/admin.h"
#include "procgraph/node.h"
#include "topic/memory.h"

namespace procgraph::testing {

// An unnamed region of zeros, mapped and owned.
class Region {
 public:
  explicit Region(std::uint64_t size);
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region();

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  // A descriptor of its own for a child, on the lowest free number.
  [[nodiscard]] int descriptor(bool writable) const;

 private:
  int fd_;
  std::span<std::byte> bytes_;
};

class TestQueue {
 public:
  using Shape = QueueShape;

  explicit TestQueue(const QueueShape& shape);

  [[nodiscard]] std::span<std::byte> control() const { return control_.bytes(); }
  [[nodiscard]] std::span<std::byte> payload() const { return payload_.bytes(); }
  [[nodiscard]] std::span<std::byte> roster() const { return roster_.bytes(); }
  [[nodiscard]] detail::View view(std::uint16_t participant) const;
  [[nodiscard]] QueueSample sample() const { return procgraph::sample(control()); }

  // A port of this channel as PROCGRAPH_PORTS has it, with descriptors opened for it.
  [[nodiscard]] std::string port(const std::string& name, const std::string& access,
                                 std::uint32_t reader = 0) const;
  // The environment of a process that has these ports, all of which ring with this channel's roster.
  void enter_with(std::uint16_t participant, const std::string& ports) const;
  // The environment of a process that reads, writes or does both to the channel "q", with descriptors opened
  // for it. Of a topic it is the given reader.
  void enter(std::uint16_t participant, const std::string& access, std::uint32_t reader = 0) const;
  // Forks a node; the child's exit code is what `body` returns, 100 for an exception. "both" gives it the
  // ports "in" and "out".
  [[nodiscard]] pid_t start(std::uint16_t participant, const std::string& access,
                            const std::function<int(Node&)>& body, std::uint32_t reader = 0) const;

  void reap(std::uint16_t participant) const { procgraph::reap(control(), roster(), participant); }

 protected:
  TestQueue(const char* kind, const QueueSizes& sizes);

 private:
  const char* kind_;
  Region control_, payload_, roster_;
};

class TestTopic : public TestQueue {
 public:
  using Shape = TopicShape;

  explicit TestTopic(const TopicShape& shape);

  [[nodiscard]] detail::TopicView view(std::uint16_t participant) const;
  [[nodiscard]] TopicSample sample() const { return sample_topic(control()); }
};

// Exit code, or 128 + signal.
[[nodiscard]] int wait_for_end(pid_t pid);
void wait_for_stop(pid_t pid);

// What core code does without the C++ face.
[[nodiscard]] bool put(detail::View& view, std::string_view text);
// The text, acknowledged; "" if there was none.
[[nodiscard]] std::string get(detail::View& view);

}  // namespace procgraph::testing
