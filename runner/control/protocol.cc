#include "control/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/text.h"

namespace procgraph {
namespace {

Problem no_request(std::string why, Json id = nullptr) {
  return {.code = Code::kNoRequest, .message = std::move(why), .id = std::move(id)};
}

bool names_a_request(const Json& id) {
  return id.is_string() || id.is_number();
}

template <class T, class Is>
Param<T> param(const Json& params, const char* name, std::string_view type, Is is) {
  const auto found = params.find(name);
  if (found == params.end()) return std::optional<T>();
  if (!is(*found))
    return Problem{.code = Code::kBadParams, .message = fmt::format("'{}' is to be {}", name, type)};
  return std::optional<T>(found->template get<T>());
}

}  // namespace

std::variant<Request, Problem> parse_request(std::string_view line) {
  Json message = Json::parse(line, nullptr, false);
  if (message.is_discarded()) return Problem{.code = Code::kNoJson, .message = "this line is no JSON"};
  if (!message.is_object()) return no_request("a request is an object");
  Json id = message.contains("id") ? message["id"] : Json(nullptr);
  if (!names_a_request(id)) return no_request("a request has an \"id\", a number or a text");
  if (message.value("jsonrpc", Json()) != "2.0") return no_request("a request has \"jsonrpc\": \"2.0\"", id);
  if (!message.contains("method") || !message["method"].is_string())
    return no_request("a request has a \"method\", a text", id);
  Request request{.id = std::move(id), .method = message["method"].get<std::string>()};
  if (!message.contains("params")) return request;
  if (!message["params"].is_object()) return no_request("\"params\" is an object", request.id);
  request.params = std::move(message["params"]);
  return request;
}

std::string to_line(const Json& message) {
  return message.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string answer_line(const Json& id, const Answer& answer) {
  Json message{{"jsonrpc", "2.0"}, {"id", id}};
  if (const auto* problem = std::get_if<Problem>(&answer)) {
    message["error"] = {{"code", static_cast<int>(problem->code)}, {"message", problem->message}};
  } else {
    message["result"] = std::get<Json>(answer);
  }
  return to_line(message);
}

std::string notice_line(std::string_view method, Json params) {
  return to_line({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

std::optional<std::string> LineInbox::next() {
  const std::size_t end = text_.find('\n');
  if (end == std::string::npos) return {};
  std::string line = text_.substr(0, end);
  text_.erase(0, end + 1);
  return line;
}

bool LineInbox::overflows() const {
  const std::size_t end = text_.find('\n');
  return (end == std::string::npos ? text_.size() : end) > kLongestRequest;
}

Param<std::string> text_param(const Json& params, const char* name) {
  return param<std::string>(params, name, "a text", [](const Json& value) { return value.is_string(); });
}

Param<std::uint64_t> number_param(const Json& params, const char* name) {
  return param<std::uint64_t>(params, name, "a number from 0", [](const Json& value) {
    return value.is_number_integer() && (value.is_number_unsigned() || value.get<std::int64_t>() >= 0);
  });
}

Param<bool> flag_param(const Json& params, const char* name) {
  return param<bool>(params, name, "true or false", [](const Json& value) { return value.is_boolean(); });
}

Param<std::vector<std::string>> list_param(const Json& params, const char* name) {
  return param<std::vector<std::string>>(params, name, "a list of texts", [](const Json& value) {
    return value.is_array() &&
           std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); });
  });
}

std::optional<Problem> unknown_param(const Json& params, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : params.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return Problem{.code = Code::kBadParams,
                   .message = fmt::format("there is no parameter '{}'", escape(key))};
  }
  return {};
}

}  // namespace procgraph
