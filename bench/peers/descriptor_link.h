// What passes messages over descriptors that fork() hands on: the sender writes one buffer, the receiver
// reads into one. Socket says how: open(terms) fills in `ends`, write and read move exactly one message.
#pragma once

#include <vector>

#include "contest.h"

namespace bench {

struct Ends {
  int read = -1, write = -1;
};

template <class Socket>
struct DescriptorLink {
  static constexpr bool kPinned = true;

  DescriptorLink(const Terms& terms, char which) : size(terms.size) {
    if (terms.spin) cannot("it only sleeps");
    ends = Socket::open(terms, which);
  }

  struct Sender {
    explicit Sender(DescriptorLink& link) : fd(link.ends.write), buffer(link.size) {}
    void send(auto fill) {
      fill(buffer.bytes());
      Socket::write(fd, buffer.bytes());
    }
    int fd;
    Buffer buffer;
  };

  struct Receiver {
    explicit Receiver(DescriptorLink& link) : fd(link.ends.read), buffer(link.size) {}
    void receive(auto look) {
      Socket::read(fd, buffer.bytes());
      look(std::span<const std::byte>(buffer.bytes()));
    }
    int fd;
    Buffer buffer;
  };

  std::size_t size;
  Ends ends;
};

}  // namespace bench
