#include "schema_check.h"

#include <algorithm>
#include <array>
#include <regex>
#include <stdexcept>

namespace procgraph::testing {
namespace {

using Json = nlohmann::json;

bool matches(const std::string& pattern, const std::string& text) {
  return std::regex_search(text, std::regex(pattern, std::regex::ECMAScript));
}

bool has_type(const Json& type, const Json& value) {
  if (type.is_array())
    return std::any_of(type.begin(), type.end(), [&](const Json& one) { return has_type(one, value); });
  const std::string name = type.get<std::string>();
  if (name == "integer") return value.is_number_integer();
  if (name == "number") return value.is_number();
  return name == value.type_name();
}

std::string members(const Json& root, const Json& schema, const Json& value) {
  const Json patterns = schema.contains("patternProperties") ? schema["patternProperties"] : Json::object();
  for (const auto& [key, member] : value.items()) {
    if (schema.contains("propertyNames")) {
      if (std::string no = refusal(root, schema["propertyNames"], key); !no.empty())
        return key + ": name: " + no;
    }
    const Json* rule = nullptr;
    if (schema.contains("properties") && schema["properties"].contains(key))
      rule = &schema["properties"][key];
    for (const auto& [pattern, one] : patterns.items()) {
      if (matches(pattern, key)) rule = &one;
    }
    if (rule == nullptr && schema.contains("additionalProperties")) rule = &schema["additionalProperties"];
    if (rule == nullptr) continue;
    if (std::string no = refusal(root, *rule, member); !no.empty()) return key + ": " + no;
  }
  return {};
}

std::string keyword(const Json& root, const Json& schema, const std::string& name, const Json& rule,
                    const Json& value) {
  auto accepted = [&](const Json& one) { return refusal(root, one, value).empty(); };
  auto verdict = [&](bool good) { return good ? std::string() : name + " " + rule.dump(); };
  if (name == "type") return verdict(has_type(rule, value));
  if (name == "enum") return verdict(std::find(rule.begin(), rule.end(), value) != rule.end());
  if (name == "const") return verdict(rule == value);
  if (name == "anyOf") return verdict(std::any_of(rule.begin(), rule.end(), accepted));
  if (name == "allOf") return verdict(std::all_of(rule.begin(), rule.end(), accepted));
  if (name == "not") return verdict(!accepted(rule));
  if (name == "pattern")
    return verdict(!value.is_string() || matches(rule.get<std::string>(), value.get<std::string>()));
  if (name == "minLength")
    return verdict(!value.is_string() || value.get<std::string>().size() >= rule.get<std::size_t>());
  if (name == "minimum") return verdict(!value.is_number() || value >= rule);
  if (name == "maximum") return verdict(!value.is_number() || value <= rule);
  if (name == "minItems") return verdict(!value.is_array() || value.size() >= rule.get<std::size_t>());
  if (name == "$ref")
    return refusal(root, root.at(Json::json_pointer(rule.get<std::string>().substr(1))), value);
  if (name == "required")
    return verdict(!value.is_object() || std::all_of(rule.begin(), rule.end(), [&](const Json& key) {
      return value.contains(key.get<std::string>());
    }));
  if (name == "items") {
    if (!value.is_array()) return {};
    for (const Json& item : value) {
      if (std::string no = refusal(root, rule, item); !no.empty()) return "item: " + no;
    }
    return {};
  }
  if (name == "properties") return value.is_object() ? members(root, schema, value) : "";
  if (name == "additionalProperties" || name == "propertyNames") {
    return value.is_object() && !schema.contains("properties") ? members(root, schema, value) : "";
  }
  static constexpr std::array<std::string_view, 5> kNoRules{"$schema", "title", "description", "definitions",
                                                            "patternProperties"};
  if (std::find(kNoRules.begin(), kNoRules.end(), name) != kNoRules.end()) return {};
  throw std::runtime_error("unknown keyword " + name);
}

}  // namespace

std::string refusal(const Json& root, const Json& schema, const Json& value) {
  if (schema.is_boolean()) return schema.get<bool>() ? "" : "not allowed";
  for (const auto& [name, rule] : schema.items()) {
    if (std::string no = keyword(root, schema, name, rule, value); !no.empty()) return no;
  }
  return {};
}

}  // namespace procgraph::testing
