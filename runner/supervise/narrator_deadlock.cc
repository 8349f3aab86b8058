// What the narrator says of processes that wait for each other for ever.
#include <fmt/format.h>

#include <vector>

#include "supervise/narrator.h"
#include "supervise/waits_text.h"

namespace procgraph {

void Narrator::deadlock(const Deadlock& deadlock) {
  const std::string circle = draw(deadlock.waits, deadlock.circle), kind = kind_of(deadlock.circle);
  const std::string cure = procgraph::cure(deadlock);
  std::vector<Field> fields{{"kind", name(deadlock.circle.kind)},
                            {"local", std::int64_t{deadlock.circle.local}},
                            {"circle", std::string_view(circle)}};
  if (deadlock.growth) {
    const Buffer& buffer = deadlock.waits.buffers[deadlock.growth->buffer];
    fields.push_back({"channel", std::string_view(buffer.name)});
    fields.push_back({"key", std::string_view(buffer.key)});
    fields.push_back({"from", static_cast<std::int64_t>(deadlock.growth->from)});
    fields.push_back({"to", static_cast<std::int64_t>(deadlock.growth->to)});
  }
  fields.push_back({"cure", std::string_view(cure)});
  reporter_.event(deadlock.growth ? "grown" : "deadlock", "", fields);
  std::string text = fmt::format("deadlock ({}): {}", kind, circle);
  if (!cure.empty()) text += '\n' + cure;
  deadlock_ = text;
  if (deadlock.fails) return;  // its failure says it
  ++words_;
  reporter_.warning(text);
}

}  // namespace procgraph
