#include "task.h"

namespace pool {
namespace {

std::string number_of(const procgraph::Message& message) {
  std::string number = std::to_string(message.sequence());
  if (message.part() != 0) number += '.' + std::to_string(message.part());
  return number;
}

}  // namespace

std::string Task::number() const {
  return number_of(messages.front());
}

std::string Task::title() const {
  if (messages.size() == 1) return "message " + number();
  return "messages " + number() + " to " + number_of(messages.back());
}

void Task::acknowledge() {
  for (procgraph::Message& message : messages) message.ack();
}
void Task::give_back() {
  for (procgraph::Message& message : messages) message.nack();
}
void Task::put_back() {
  for (procgraph::Message& message : messages) message.put_back();
}
void Task::reject() {
  for (procgraph::Message& message : messages) message.reject();
}

}  // namespace pool
