#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "supervise/attempt.h"
#include "supervise/stream_endpoint.h"

namespace procgraph {
namespace {

namespace http = boost::beast::http;

// Only the head of the answer is read, of at most 8 KiB: Beast's own bound.
class HttpAttempt : public Attempt, public std::enable_shared_from_this<HttpAttempt> {
 public:
  HttpAttempt(boost::asio::io_context& io, const HttpRequest& wanted, Done done)
      : socket_(io),
        request_(http::verb::get, wanted.path, 11),
        least_(wanted.least_status),
        most_(wanted.most_status),
        done_(std::move(done)) {
    request_.set(http::field::host, wanted.address.starts_with('/') ? "localhost" : wanted.address);
    request_.set(http::field::user_agent, "procgraph");
    request_.set(http::field::connection, "close");
  }

  void begin(const std::string& address) {
    const auto endpoint = stream_endpoint(address);
    if (!endpoint) {
      boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->end("no address"); });
      return;
    }
    socket_.async_connect(*endpoint, [self = shared_from_this()](boost::system::error_code error) {
      error ? self->end(error.message()) : self->send();
    });
  }
  void cancel() override {
    done_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  void send() {
    http::async_write(socket_, request_,
                      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                        error ? self->end(error.message()) : self->read();
                      });
  }
  void read() {
    http::async_read_header(socket_, buffer_, answer_,
                            [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                              self->end(error ? error.message() : self->judge());
                            });
  }
  [[nodiscard]] std::string judge() const {
    const unsigned status = answer_.get().result_int();
    return status >= least_ && status <= most_ ? "" : fmt::format("HTTP {}", status);
  }
  void end(std::string trouble) {
    const Done done = std::exchange(done_, nullptr);
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (done) done(std::move(trouble));
  }

  StreamSocket socket_;
  http::request<http::empty_body> request_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::empty_body> answer_;
  std::uint16_t least_, most_;
  Done done_;
};

}  // namespace

std::shared_ptr<Attempt> try_to_get(boost::asio::io_context& io, const HttpRequest& request,
                                    Attempt::Done done) {
  auto attempt = std::make_shared<HttpAttempt>(io, request, std::move(done));
  attempt->begin(request.address);
  return attempt;
}

}  // namespace procgraph
