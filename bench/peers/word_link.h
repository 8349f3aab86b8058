// One word that one side stores and the other waits for: the limits of any latency. The message is the word.
#pragma once

#include <atomic>

#include "contest.h"
#include "cpu.h"
#include "futex.h"

namespace bench {

template <bool kSleeps>
struct WordLink {
  static constexpr bool kPinned = true;
  struct alignas(128) Word {
    std::atomic<std::uint32_t> value{0};  // the message's number, from 1
  };

  WordLink(const Terms& terms, char) : word(in_shared_memory<Word>()) {
    if (!terms.latency) cannot("it has room for one word");
    if (terms.size != 8) cannot("its messages have 8 bytes");
    if (terms.spin == kSleeps) cannot(kSleeps ? "it sleeps" : "it never sleeps");
  }

  struct Sender {
    explicit Sender(WordLink& link) : word(link.word) {}
    void send(auto fill) {
      std::uint64_t number = 0;
      fill(std::as_writable_bytes(std::span(&number, 1)));
      word->value.store(static_cast<std::uint32_t>(number) + 1, std::memory_order_release);
      if (kSleeps) procgraph::detail::futex_wake(word->value);
    }
    Word* word;
  };

  struct Receiver {
    explicit Receiver(WordLink& link) : word(link.word) {}
    void receive(auto look) {
      std::uint32_t now = 0;
      while ((now = word->value.load(std::memory_order_acquire)) == seen) {
        if (kSleeps) {
          procgraph::detail::futex_wait(word->value, seen, std::nullopt);
        } else {
          procgraph::detail::relax();
        }
      }
      seen = now;
      const std::uint64_t number = now - 1;
      look(std::as_bytes(std::span(&number, 1)));
    }
    Word* word;
    std::uint32_t seen = 0;
  };

  Word* word;
};

}  // namespace bench
