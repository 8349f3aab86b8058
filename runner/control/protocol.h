// The protocol of a running graph's control socket: JSON-RPC 2.0, one message a line. From bytes to requests
// and from results to bytes; knows no method and no socket. docs/control.md describes the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace procgraph {

using Json = nlohmann::json;

inline constexpr int kControlProtocol = 1;
inline constexpr std::size_t kLongestRequest = 64U << 10U;  // bytes, without the newline

// JSON-RPC's numbers, and two of ours.
enum class Code : int {
  kNoJson = -32700,
  kNoRequest = -32600,
  kNoMethod = -32601,
  kBadParams = -32602,
  kRefused = -32000,  // it cannot be done now
  kCrowded = -32001,  // too many clients
  // Said by the client to itself.
  kSilent = 1,
  kHungUp = 2,
};

struct Problem {
  Code code = Code::kRefused;
  std::string message;
  Json id = nullptr;  // of the request, as far as it is known
};
using Answer = std::variant<Json, Problem>;

struct Request {
  Json id;  // a number or a string
  std::string method;
  Json params = Json::object();
};

[[nodiscard]] std::variant<Request, Problem> parse_request(std::string_view line);

// One line each, with its newline. What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string to_line(const Json& message);
[[nodiscard]] std::string answer_line(const Json& id, const Answer& answer);
[[nodiscard]] std::string notice_line(std::string_view method, Json params);

// Bytes as they come, to lines.
class LineInbox {
 public:
  void add(std::string_view bytes) { text_ += bytes; }
  // The next whole line, without its newline; nothing: it is not there yet.
  [[nodiscard]] std::optional<std::string> next();
  // What has no end yet is longer than a request may be.
  [[nodiscard]] bool overflows() const;

 private:
  std::string text_;
};

// A parameter of that name and type: nothing if it is not there, a Problem if it is something else.
template <class T>
using Param = std::variant<std::optional<T>, Problem>;
[[nodiscard]] Param<std::string> text_param(const Json& params, const char* name);
[[nodiscard]] Param<std::uint64_t> number_param(const Json& params, const char* name);
[[nodiscard]] Param<bool> flag_param(const Json& params, const char* name);
[[nodiscard]] Param<std::vector<std::string>> list_param(const Json& params, const char* name);
// A key of it that is none of these; nothing: all are known.
[[nodiscard]] std::optional<Problem> unknown_param(const Json& params,
                                                   std::initializer_list<std::string_view> known);

}  // namespace procgraph
