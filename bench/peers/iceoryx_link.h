// iceoryx: shared memory that its daemon, iox-roudi, hands out; one publisher that waits for one subscriber.
// It looks for messages all the time where the terms let it, and else sleeps in a WaitSet.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <thread>

#include "contest.h"
#include "cpu.h"
#include "iceoryx_posh/popo/untyped_publisher.hpp"
#include "iceoryx_posh/popo/untyped_subscriber.hpp"
#include "iceoryx_posh/popo/wait_set.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"

namespace bench {

template <bool kInPlace>
struct IceoryxLink {
  static constexpr bool kPinned = true;
  // The pools of its default configuration hold ten chunks of more than a mebibyte.
  static constexpr std::size_t kDepth = 128, kDepthOfLarge = 8;

  IceoryxLink(const Terms& terms, char which)
      : size(terms.size),
        depth(terms.size < (1 << 20) ? kDepth : kDepthOfLarge),
        sleeps(terms.latency && !terms.spin),
        name(terms.name + which) {}

  // The daemon knows a process by its name.
  static void enter(const IceoryxLink& link, const char* side) {
    static bool entered = false;
    if (entered) return;
    const std::string name = link.name + side;
    iox::runtime::PoshRuntime::initRuntime(iox::RuntimeName_t(iox::cxx::TruncateToCapacity, name.c_str()));
    entered = true;
  }
  static iox::capro::ServiceDescription service(const IceoryxLink& link) {
    return {"procgraph", "bench", iox::capro::IdString_t(iox::cxx::TruncateToCapacity, link.name.c_str())};
  }

  struct Sender {
    explicit Sender(IceoryxLink& link) : buffer(link.size) {
      enter(link, "sender");
      iox::popo::PublisherOptions options;
      options.historyCapacity = 0;
      options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
      publisher.emplace(service(link), options);
      while (!publisher->hasSubscribers()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    void send(auto fill) {
      void* place = nullptr;
      while (place == nullptr) {
        publisher->loan(static_cast<std::uint32_t>(buffer.size()))
            .and_then([&](void* loan) { place = loan; })
            .or_else([](auto&) { procgraph::detail::relax(); });
      }
      const std::span bytes(static_cast<std::byte*>(place), buffer.size());
      if (kInPlace) std::memset(bytes.data(), 1, bytes.size());
      fill(kInPlace ? bytes : buffer.bytes());
      if (!kInPlace) std::memcpy(bytes.data(), buffer.data(), bytes.size());
      publisher->publish(place);
    }
    std::optional<iox::popo::UntypedPublisher> publisher;
    Buffer buffer;
  };

  struct Receiver {
    explicit Receiver(IceoryxLink& link) : sleeps(link.sleeps), buffer(link.size) {
      enter(link, "receiver");
      iox::popo::SubscriberOptions options;
      options.queueCapacity = link.depth;
      options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
      subscriber.emplace(service(link), options);
      if (!sleeps) return;
      waiting.emplace();
      waiting->attachState(*subscriber, iox::popo::SubscriberState::HAS_DATA).or_else([](auto&) {
        fail("attachState");
      });
    }
    ~Receiver() {
      if (waiting) waiting->detachState(*subscriber, iox::popo::SubscriberState::HAS_DATA);
    }
    void receive(auto look) {
      const void* place = nullptr;
      while (place == nullptr) {
        subscriber->take().and_then([&](const void* taken) { place = taken; });
        if (place == nullptr) wait();
      }
      if (kInPlace) {
        look(std::span(static_cast<const std::byte*>(place), buffer.size()));
      } else {
        std::memcpy(buffer.data(), place, buffer.size());
        look(std::span<const std::byte>(buffer.bytes()));
      }
      subscriber->release(place);
    }
    void wait() {
      if (sleeps) {
        waiting->wait();
      } else {
        procgraph::detail::relax();
      }
    }
    bool sleeps;
    Buffer buffer;
    std::optional<iox::popo::UntypedSubscriber> subscriber;
    std::optional<iox::popo::WaitSet<>> waiting;
  };

  std::size_t size, depth;
  bool sleeps;
  std::string name;
};

}  // namespace bench
