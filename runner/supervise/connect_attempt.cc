#include <boost/asio/post.hpp>
#include <utility>

#include "supervise/attempt.h"
#include "supervise/stream_endpoint.h"

namespace procgraph {
namespace {

class ConnectAttempt : public Attempt, public std::enable_shared_from_this<ConnectAttempt> {
 public:
  ConnectAttempt(boost::asio::io_context& io, Done done) : socket_(io), done_(std::move(done)) {}

  void begin(const std::string& address) {
    const auto endpoint = stream_endpoint(address);
    if (!endpoint) {
      boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->end("no address"); });
      return;
    }
    socket_.async_connect(*endpoint, [self = shared_from_this()](boost::system::error_code error) {
      self->end(error ? error.message() : self->is_its_own_peer() ? "Connection refused" : "");
    });
  }
  void cancel() override {
    done_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  // A port that nobody listens on can be given to the very socket that connects to it, and TCP lets two ends
  // that call each other meet.
  [[nodiscard]] bool is_its_own_peer() const {
    boost::system::error_code error;
    const auto here = socket_.local_endpoint(error), there = socket_.remote_endpoint(error);
    return !error && here.protocol().family() != AF_UNIX && here == there;
  }
  void end(std::string trouble) {
    const Done done = std::exchange(done_, nullptr);
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (done) done(std::move(trouble));
  }

  StreamSocket socket_;
  Done done_;
};

}  // namespace

std::shared_ptr<Attempt> try_to_connect(boost::asio::io_context& io, const std::string& address,
                                        Attempt::Done done) {
  auto attempt = std::make_shared<ConnectAttempt>(io, std::move(done));
  attempt->begin(address);
  return attempt;
}

}  // namespace procgraph
