// Task: the messages of one run, and what came of them.
#pragma once

#include <procgraph/node.h>

#include <cstddef>
#include <string>
#include <vector>

namespace pool {

struct Task {
  std::vector<procgraph::Message> messages;  // one, or a batch
  unsigned failures = 0;                     // of runs of this process
  std::vector<std::byte> result;
  bool done = false;

  [[nodiscard]] std::string number() const;  // of the first
  [[nodiscard]] std::string title() const;   // "message 17", "messages 17 to 40"
  // How often its message has been tried, with the next time.
  [[nodiscard]] unsigned delivery() const { return messages.front().deliveries() + failures; }
  void acknowledge();
  void give_back();
  void put_back();  // untried
  void reject();
};

}  // namespace pool
