// Attempt: one look at a process from outside: a connection, a GET, a command. Knows nothing of how often it
// is taken, nor of what follows.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace procgraph {

class Attempt {
 public:
  // With why it failed: "connection refused", "HTTP 503"; "" for a success. Never called from within the call
  // that begins the attempt, nor after cancel().
  using Done = std::function<void(std::string trouble)>;

  Attempt() = default;
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  virtual ~Attempt() = default;

  virtual void cancel() = 0;
};

// `address` is HOST:PORT or the path of a unix socket. None of them waits; how long is the caller's business.
[[nodiscard]] std::shared_ptr<Attempt> try_to_connect(boost::asio::io_context& io, const std::string& address,
                                                      Attempt::Done done);
struct HttpRequest {
  std::string address, path;
  std::uint16_t least_status = 200, most_status = 399;
};
[[nodiscard]] std::shared_ptr<Attempt> try_to_get(boost::asio::io_context& io, const HttpRequest& request,
                                                  Attempt::Done done);

}  // namespace procgraph
