// iceoryx2: shared memory without a daemon; one publisher that waits for one subscriber. It looks for
// messages all the time where the terms let it, and else sleeps in an event service. iceoryx2/ holds its half
// in Rust.
#pragma once

#include <cstring>
#include <memory>
#include <thread>

#include "contest.h"
#include "cpu.h"

extern "C" {
struct Iceoryx2Connection {
  const char* name;
  std::size_t size, depth;
  bool sleeps;
};
struct Iceoryx2Sender;
struct Iceoryx2Receiver;
Iceoryx2Sender* iceoryx2_sender(const Iceoryx2Connection*);
bool iceoryx2_has_receiver(Iceoryx2Sender*);
void* iceoryx2_loan(Iceoryx2Sender*);
void iceoryx2_send(Iceoryx2Sender*);
void iceoryx2_end_sender(Iceoryx2Sender*);
Iceoryx2Receiver* iceoryx2_receiver(const Iceoryx2Connection*);
const void* iceoryx2_take(Iceoryx2Receiver*, std::size_t* size);
void iceoryx2_release(Iceoryx2Receiver*);
void iceoryx2_wait(Iceoryx2Receiver*);
void iceoryx2_end_receiver(Iceoryx2Receiver*);
}

namespace bench {

template <bool kInPlace>
struct Iceoryx2Link {
  static constexpr bool kPinned = true;

  Iceoryx2Link(const Terms& terms, char which)
      : size(terms.size),
        depth(terms.depth),
        sleeps(terms.latency && !terms.spin),
        name(terms.name + which) {}

  [[nodiscard]] Iceoryx2Connection connection() const { return {name.c_str(), size, depth, sleeps}; }

  struct Sender {
    explicit Sender(Iceoryx2Link& link) : buffer(link.size) {
      const Iceoryx2Connection connection = link.connection();
      end.reset(iceoryx2_sender(&connection));
      while (!iceoryx2_has_receiver(end.get())) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    void send(auto fill) {
      const std::span place(static_cast<std::byte*>(iceoryx2_loan(end.get())), buffer.size());
      if (kInPlace) std::memset(place.data(), 1, place.size());
      fill(kInPlace ? place : buffer.bytes());
      if (!kInPlace) std::memcpy(place.data(), buffer.data(), place.size());
      iceoryx2_send(end.get());
    }
    Buffer buffer;
    std::unique_ptr<Iceoryx2Sender, decltype(&iceoryx2_end_sender)> end{nullptr, iceoryx2_end_sender};
  };

  struct Receiver {
    explicit Receiver(Iceoryx2Link& link) : sleeps(link.sleeps), buffer(link.size) {
      const Iceoryx2Connection connection = link.connection();
      end.reset(iceoryx2_receiver(&connection));
    }
    void receive(auto look) {
      std::size_t size = 0;
      const void* place = iceoryx2_take(end.get(), &size);
      for (; place == nullptr; place = iceoryx2_take(end.get(), &size)) wait();
      check(size == buffer.size(), "a message of another size");
      if (kInPlace) {
        look(std::span(static_cast<const std::byte*>(place), size));
      } else {
        std::memcpy(buffer.data(), place, size);
        look(std::span<const std::byte>(buffer.bytes()));
      }
      iceoryx2_release(end.get());
    }
    void wait() {
      if (sleeps) {
        iceoryx2_wait(end.get());
      } else {
        procgraph::detail::relax();
      }
    }
    bool sleeps;
    Buffer buffer;
    std::unique_ptr<Iceoryx2Receiver, decltype(&iceoryx2_end_receiver)> end{nullptr, iceoryx2_end_receiver};
  };

  std::size_t size, depth;
  bool sleeps;
  std::string name;
};

}  // namespace bench
