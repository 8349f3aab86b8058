// ZeroMQ over ipc://, PUSH to PULL. Its threads are left where the scheduler puts them.
#include <zmq.h>

#include "contest.h"

namespace {

struct Socket {
  explicit Socket(int type) : context(zmq_ctx_new()), socket(zmq_socket(context, type)) {}
  ~Socket() {
    zmq_close(socket);
    zmq_ctx_term(context);
  }
  void* context;
  void* socket;
};

struct ZeroMqLink {
  static constexpr bool kPinned = false;

  ZeroMqLink(const bench::Terms& terms, char which)
      : size(terms.size), address("ipc://@" + terms.name + which) {
    if (terms.spin) bench::cannot("it only sleeps");
  }

  struct Sender : Socket {
    explicit Sender(ZeroMqLink& link) : Socket(ZMQ_PUSH), buffer(link.size) {
      bench::checked(zmq_connect(socket, link.address.c_str()), "zmq_connect");
    }
    void send(auto fill) {
      fill(buffer.bytes());
      bench::checked(zmq_send(socket, buffer.data(), buffer.size(), 0), "zmq_send");
    }
    bench::Buffer buffer;
  };

  struct Receiver : Socket {
    explicit Receiver(ZeroMqLink& link) : Socket(ZMQ_PULL), buffer(link.size) {
      bench::checked(zmq_bind(socket, link.address.c_str()), "zmq_bind");
    }
    void receive(auto look) {
      const long got = bench::checked(zmq_recv(socket, buffer.data(), buffer.size(), 0), "zmq_recv");
      look(buffer.bytes().first(static_cast<std::size_t>(got)));
    }
    bench::Buffer buffer;
  };

  std::size_t size;
  std::string address;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::contest<ZeroMqLink>(argc, argv);
}
