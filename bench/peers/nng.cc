// nng over its ipc transport, push to pull. Its threads are left where the scheduler puts them.
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>

#include "contest.h"

namespace {

constexpr int kBuffered = 128;

void good(int error, const char* what) {
  if (error == 0) return;
  std::fprintf(stderr, "%s: ", nng_strerror(error));
  bench::fail(what);
}

struct NngLink {
  static constexpr bool kPinned = false;

  NngLink(const bench::Terms& terms, char which)
      : size(terms.size), address("abstract://" + terms.name + which) {
    if (terms.spin) bench::cannot("it only sleeps");
  }

  struct Sender {
    explicit Sender(NngLink& link) : buffer(link.size) {
      good(nng_push0_open(&socket), "nng_push0_open");
      good(nng_socket_set_int(socket, NNG_OPT_SENDBUF, kBuffered), "NNG_OPT_SENDBUF");
      good(nng_dial(socket, link.address.c_str(), nullptr, 0), "nng_dial");
    }
    ~Sender() { nng_close(socket); }
    void send(auto fill) {
      fill(buffer.bytes());
      good(nng_send(socket, buffer.data(), buffer.size(), 0), "nng_send");
    }
    nng_socket socket{};
    bench::Buffer buffer;
  };

  struct Receiver {
    explicit Receiver(NngLink& link) : buffer(link.size) {
      good(nng_pull0_open(&socket), "nng_pull0_open");
      good(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0), "NNG_OPT_RECVMAXSZ");
      good(nng_socket_set_int(socket, NNG_OPT_RECVBUF, kBuffered), "NNG_OPT_RECVBUF");
      good(nng_listen(socket, link.address.c_str(), nullptr, 0), "nng_listen");
    }
    ~Receiver() { nng_close(socket); }
    void receive(auto look) {
      std::size_t got = buffer.size();
      good(nng_recv(socket, buffer.data(), &got, 0), "nng_recv");
      look(buffer.bytes().first(got));
    }
    nng_socket socket{};
    bench::Buffer buffer;
  };

  std::size_t size;
  std::string address;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::contest<NngLink>(argc, argv);
}
