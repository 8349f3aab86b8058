// Boost.Interprocess's message queue: shared memory behind one lock.
#include <boost/interprocess/ipc/message_queue.hpp>
#include <optional>

#include "contest.h"

namespace {

using boost::interprocess::create_only;
using boost::interprocess::message_queue;

struct BoostLink {
  static constexpr bool kPinned = true;

  BoostLink(const bench::Terms& terms, char which) : size(terms.size) {
    if (terms.spin) bench::cannot("it only sleeps");
    const std::string name = terms.name + which;
    queue.emplace(create_only, name.c_str(), terms.depth, terms.size);
    message_queue::remove(name.c_str());  // the mapping is what fork() hands on
  }

  struct Sender {
    explicit Sender(BoostLink& link) : queue(*link.queue), buffer(link.size) {}
    void send(auto fill) {
      fill(buffer.bytes());
      queue.send(buffer.data(), buffer.size(), 0);
    }
    message_queue& queue;
    bench::Buffer buffer;
  };

  struct Receiver {
    explicit Receiver(BoostLink& link) : queue(*link.queue), buffer(link.size) {}
    void receive(auto look) {
      message_queue::size_type got = 0;
      unsigned priority = 0;
      queue.receive(buffer.data(), buffer.size(), got, priority);
      look(buffer.bytes().first(got));
    }
    message_queue& queue;
    bench::Buffer buffer;
  };

  std::size_t size;
  std::optional<message_queue> queue;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::contest<BoostLink>(argc, argv);
}
