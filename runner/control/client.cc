#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace procgraph {
namespace {

constexpr std::size_t kPiece = 64U << 10U;

void set_patience(int line, std::optional<Duration> patience) {
  timeval time{};  // as long as it takes
  if (patience) {
    const auto microseconds = std::max<std::int64_t>(*patience / std::chrono::microseconds(1), 1);
    time = {.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
  }
  ::setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

Problem hung_up() {
  return {.code = Code::kHungUp, .message = "the graph has ended, or has let go of this program"};
}

}  // namespace

Client::Got Client::read_line(std::string& line) {
  for (;;) {
    const std::size_t end = text_.find('\n', looked_);
    if (end != std::string::npos) {
      line = text_.substr(0, end);
      text_.erase(0, end + 1);
      looked_ = 0;
      return Got::kLine;
    }
    looked_ = text_.size();
    std::array<char, kPiece> piece;
    const ssize_t got = ::recv(line_.get(), piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return Got::kNothing;
    if (got <= 0) return Got::kHungUp;
    text_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

// True: it is the answer to this request.
bool Client::take(const std::string& line, const Json& id, Answer& answer) {
  const Json message = Json::parse(line, nullptr, false);
  if (!message.is_object()) return false;
  if (message.contains("method") && message["method"].is_string()) {
    notices_.push_back({message["method"].get<std::string>(), message.value("params", Json::object())});
    return false;
  }
  const Json whose = message.value("id", Json());
  if (whose != id && !whose.is_null()) return false;
  if (message.contains("result")) {
    answer = message["result"];
    return true;
  }
  const Json error = message.value("error", Json::object());
  if (!error.is_object()) return false;
  const Json code = error.value("code", Json()), words = error.value("message", Json());
  answer = Problem{.code = code.is_number_integer() ? static_cast<Code>(code.get<int>()) : Code::kRefused,
                   .message = words.is_string() ? words.get<std::string>() : std::string()};
  return true;
}

Answer Client::call(std::string_view method, Json params, std::optional<Duration> patience) {
  const Json id = ++last_;
  const std::string request =
      to_line({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
  std::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t done = ::send(line_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) break;  // an answer may have come before it hung up
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  set_patience(line_.get(), patience);
  Answer answer;
  for (std::string line;;) {
    switch (read_line(line)) {
      case Got::kHungUp:
        return hung_up();
      case Got::kNothing:
        return Problem{.code = Code::kSilent,
                       .message = "the graph does not answer: is it stopped (Ctrl-Z)?"};
      case Got::kLine:
        if (take(line, id, answer)) return answer;
    }
  }
}

std::optional<Client::Notice> Client::next() {
  set_patience(line_.get(), {});
  for (std::string line; notices_.empty();) {
    if (read_line(line) != Got::kLine) return {};
    Answer ignored;
    (void)take(line, Json(), ignored);
  }
  Notice notice = std::move(notices_.front());
  notices_.pop_front();
  return notice;
}

bool Client::stirs_within(std::chrono::milliseconds time) const {
  if (!text_.empty() || !notices_.empty()) return true;
  pollfd one{line_.get(), POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(time.count())) != 0;
}

}  // namespace procgraph
