// What a kill leaves behind: a process runs one operation instruction by instruction and is killed after the
// k-th, for every k until the operation returns; then a survivor looks. It must find every message that was
// there (one that was being put may be there or not, one that was being taken must be there unless the dead
// had it in hand and said so), and then be able to fill the whole channel and drain it again.
//   crash_safety queue|vyukov|boost   prints, for put and get: points, how many left it stuck (the survivor
//   could not go on), short (of room) or lossy
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/date_time/posix_time/posix_time.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "killstep_tracee.h"
#include "procgraph/node.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "test_queue.h"
#include "together.h"
#include "vyukov.h"

namespace {

using procgraph::testing::TestQueue;
using procgraph::testing::Tracee;

constexpr std::uint64_t kRoom = 8, kWaiting = 3;

// A subject: a channel of eight numbers that is shared with the processes forked from this one. In the
// process that is killed, enter() comes first. take() hands the number to `use` before it lets go of it. The
// survivor's put() and take() give up when the channel does not let them.

struct Queue {
  TestQueue queue{{.capacity = kRoom, .memory = 65536, .max_message = 64, .participants = 2}};
  std::optional<procgraph::detail::View> survivor{queue.view(2)}, victim;

  void enter() { victim.emplace(queue.view(1)); }
  void recover() { queue.reap(1); }
  bool put(std::uint64_t number) { return procgraph::testing::put(mine(), text(number)); }
  bool take(auto use) {
    procgraph::detail::Consumer consumer(mine());
    const procgraph::detail::BlockIndex block = consumer.take();
    if (block == procgraph::detail::kNoBlock) return false;
    std::uint64_t number = 0;
    std::memcpy(&number, mine().memory.bytes(block), sizeof number);
    use(number);
    procgraph::detail::release(mine(), block);
    return true;
  }

  procgraph::detail::View& mine() { return victim ? *victim : *survivor; }
  static std::string_view text(const std::uint64_t& number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
  }
};

struct Vyukov {
  using Ring = bench::Vyukov<kRoom, sizeof(std::uint64_t)>;
  Ring* ring =
      new (mmap(nullptr, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Ring;

  Vyukov() { ring->init(); }
  ~Vyukov() { munmap(ring, sizeof(Ring)); }
  void enter() {}
  void recover() {}
  bool put(std::uint64_t number) { return ring->push(&number); }
  bool take(auto use) {
    std::uint64_t number = 0;
    if (!ring->pop(&number)) return false;
    use(number);
    return true;
  }
};

// Its lock is waited for, for 5 ms: whoever holds it longer is dead.
struct Boost {
  using message_queue = boost::interprocess::message_queue;
  std::string name = "procgraph-bench-" + std::to_string(getpid());
  std::optional<message_queue> queue;

  Boost() {
    message_queue::remove(name.c_str());
    queue.emplace(boost::interprocess::create_only, name.c_str(), kRoom, sizeof(std::uint64_t));
    message_queue::remove(name.c_str());
  }
  static boost::posix_time::ptime soon() {
    return boost::posix_time::microsec_clock::universal_time() + boost::posix_time::milliseconds(5);
  }
  void enter() {}
  void recover() {}
  bool put(std::uint64_t number) try {
    return queue->timed_send(&number, sizeof number, 0, soon());
  } catch (const boost::interprocess::interprocess_exception&) {  // its lock says that it cannot be had
    return false;
  }
  bool take(auto use) try {
    std::uint64_t number = 0;
    message_queue::size_type got = 0;
    unsigned priority = 0;
    if (!queue->timed_receive(&number, sizeof number, got, priority, soon())) return false;
    use(number);
    return true;
  } catch (const boost::interprocess::interprocess_exception&) {
    return false;
  }
};

// In memory that outlives the dead: what it had in hand, and said so.
struct Said {
  std::uint64_t used = 0;
};

struct Tally {
  unsigned points = 0, stuck = 0, short_of_room = 0, lossy = 0, bad = 0;
};

// What the survivor finds. `put`: the dead was putting kWaiting + 1, else it was taking 1.
template <class Subject>
void look(Subject& subject, bool put, std::uint64_t used, Tally& tally) {
  std::vector<std::uint64_t> found;
  while (subject.take([&](std::uint64_t number) { found.push_back(number); })) {
  }
  bool lossy = false;
  for (std::uint64_t number = 1; number <= kWaiting; ++number) {
    const bool there = std::find(found.begin(), found.end(), number) != found.end();
    lossy = lossy || (!there && (put || number != used));
  }
  std::uint64_t fitted = 0;
  while (fitted < kRoom && subject.put(100 + fitted)) ++fitted;
  std::uint64_t drained = 0;
  while (subject.take([&](std::uint64_t) { ++drained; })) {
  }
  const bool stuck = drained == 0, short_of_room = !stuck && (fitted < kRoom || drained < fitted);
  ++tally.points;
  tally.stuck += stuck ? 1 : 0;
  tally.short_of_room += short_of_room ? 1 : 0;
  tally.lossy += lossy ? 1 : 0;
  tally.bad += stuck || short_of_room || lossy ? 1 : 0;
}

template <class Subject>
Tally killed_at_each_instruction(bool put) {
  Tally tally;
  for (unsigned k = 0;; ++k) {
    Subject subject;
    for (std::uint64_t number = 1; number <= kWaiting; ++number)
      bench::check(subject.put(number), "the first messages do not fit");
    auto* said = static_cast<Said*>(
        mmap(nullptr, sizeof(Said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    bool ended = false;
    {
      Tracee victim([&] { subject.enter(); },
                    [&] {
                      if (put) {
                        subject.put(kWaiting + 1);
                      } else {
                        subject.take([&](std::uint64_t number) { said->used = number; });
                      }
                    });
      for (unsigned step = 0; step < k && !ended; ++step) ended = !victim.step();
      bench::check(!victim.has_failed(), "the one that was to be killed died by itself");
    }
    if (!ended) {
      subject.recover();
      look(subject, put, said->used, tally);
    }
    munmap(said, sizeof(Said));
    if (ended) return tally;
  }
}

template <class Subject>
void measure() {
  for (const bool put : {true, false}) {
    const Tally tally = killed_at_each_instruction<Subject>(put);
    std::printf("%s points=%u bad=%u stuck=%u short=%u lossy=%u\n", put ? "put" : "get", tally.points,
                tally.bad, tally.stuck, tally.short_of_room, tally.lossy);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view subject = argc == 2 ? argv[1] : "";
  if (subject == "queue") {
    measure<Queue>();
  } else if (subject == "vyukov") {
    measure<Vyukov>();
  } else if (subject == "boost") {
    measure<Boost>();
  } else {
    std::fputs("usage: crash_safety queue|vyukov|boost\n", stderr);
    return 2;
  }
}
