#include "config/per.h"

#include <array>

#include "config/fields.h"

namespace procgraph::config {
namespace {

constexpr std::array kPerBindings{
    Binding<PerSpec>{"messages",
                     [](Reader& reader, const Field& field, PerSpec& per) {
                       if (auto count = read_whole(reader, field)) per.messages = count->value;
                     }},
    Binding<PerSpec>{"within", [](Reader& reader, const Field& field,
                                  PerSpec& per) { per.within = read_positive_duration(reader, field); }},
};

constexpr std::array kOrderedBindings{
    Binding<OrderedSpec>{"window",
                         [](Reader& reader, const Field& field, OrderedSpec& ordered) {
                           if (auto count = read_whole(reader, field)) ordered.window = count->value;
                         }},
};

}  // namespace

std::optional<PerSpec> read_per(Reader& reader, const Field& field) {
  PerSpec per{.mark = field.key.mark};
  if (field.value.is(YamlNode::Kind::kMap)) {
    read_fields<PerSpec>(reader, Place::kPer, field.value, kPerBindings, per);
    if (field.value.find("messages") == nullptr)
      reader.problems.error(field.key.mark, "'per' needs a number of 'messages'",
                            "write per: message for one, or per: {messages: 500, within: 1s}");
    return per;
  }
  if (!read_word(reader, field)) return {};
  return per;
}

std::optional<OrderedSpec> read_ordered(Reader& reader, const Field& field) {
  OrderedSpec ordered{.mark = field.key.mark};
  if (field.value.is(YamlNode::Kind::kMap)) {
    read_fields<OrderedSpec>(reader, Place::kOrdered, field.value, kOrderedBindings, ordered);
    return ordered;
  }
  const Typed<bool> flag = read_flag(reader, field);
  if (!flag || !flag->value) return {};
  return ordered;
}

}  // namespace procgraph::config
