#include "config/framing.h"

#include <array>
#include <string_view>
#include <utility>

#include "config/fields.h"

namespace procgraph::config {
namespace {

struct Sized {
  Typed<Bytes> record, chunks;
};

constexpr std::array kBindings{
    Binding<Sized>{"record", [](Reader& r, const Field& f, Sized& s) { s.record = read_bytes(r, f); }},
    Binding<Sized>{"chunks", [](Reader& r, const Field& f, Sized& s) { s.chunks = read_bytes(r, f); }},
};

}  // namespace

std::optional<FramingSpec> read_framing(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  if (!field.value.is(YamlNode::Kind::kMap)) {
    const std::optional<Text> word = read_word(reader, field);
    if (!word) return {};
    return FramingSpec{.word = word->value, .mark = word->mark};
  }
  Sized sized;
  const std::size_t before = reader.problems.errors();
  read_fields<Sized>(reader, Place::kFraming, field.value, kBindings, sized);
  if (reader.problems.errors() != before) return {};
  if (sized.record.has_value() == sized.chunks.has_value()) {
    reader.problems.error(field.value.mark, "'framing' needs one of 'record' and 'chunks'");
    return {};
  }
  return FramingSpec{.word = sized.record ? "record" : "chunks",
                     .size = sized.record ? sized.record->value : sized.chunks->value,
                     .mark = field.value.mark};
}

}  // namespace procgraph::config
