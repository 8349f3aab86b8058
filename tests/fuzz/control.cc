// Any bytes to the control socket's protocol: a request, or a refusal that is a line of JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/protocol.h"

namespace procgraph {
namespace {

void must_be_a_line(const std::string& line) {
  if (line.find('\n') != line.size() - 1 || Json::parse(line, nullptr, false).is_discarded()) std::abort();
}

void look_at(std::string_view bytes) {
  LineInbox inbox;
  inbox.add(bytes);
  while (const auto line = inbox.next()) {
    const auto parsed = parse_request(*line);
    if (const auto* problem = std::get_if<Problem>(&parsed)) {
      must_be_a_line(answer_line(problem->id, *problem));
      continue;
    }
    const auto& request = std::get<Request>(parsed);
    for (const char* name : {"processes", "kinds"}) (void)list_param(request.params, name);
    for (const char* name : {"from", "last", "since_ms"}) (void)number_param(request.params, name);
    for (const char* name : {"force", "live"}) (void)flag_param(request.params, name);
    (void)text_param(request.params, "signal");
    if (const auto unknown = unknown_param(request.params, {"processes"}))
      must_be_a_line(answer_line(request.id, *unknown));
    must_be_a_line(answer_line(request.id, request.params));
  }
}

}  // namespace
}  // namespace procgraph

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  procgraph::look_at({reinterpret_cast<const char*>(data), size});
  return 0;
}
