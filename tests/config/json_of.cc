#include "json_of.h"

#include "config/read.h"
#include "config/values.h"

namespace procgraph::testing {

using namespace config;

namespace {

nlohmann::json scalar(const YamlNode& node) {
  const std::string text(node.text());
  if (node.quoted) return text;
  if (text == "true" || text == "false") return text == "true";
  const bool negative = text.starts_with('-');
  if (const auto number = parse_whole(std::string_view(text).substr(negative ? 1 : 0))) {
    return negative ? nlohmann::json(-static_cast<std::int64_t>(*number)) : nlohmann::json(*number);
  }
  return text;
}

nlohmann::json value(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return nullptr;
    case YamlNode::Kind::kScalar:
      return scalar(node);
    case YamlNode::Kind::kSequence: {
      nlohmann::json list = nlohmann::json::array();
      for (const YamlNode* item : node.items()) list.push_back(value(*item));
      return list;
    }
    case YamlNode::Kind::kMap: {
      nlohmann::json map = nlohmann::json::object();
      for (const Entry& entry : node.entries()) map[std::string(entry.key->text())] = value(*entry.value);
      return map;
    }
  }
  return {};
}

}  // namespace

nlohmann::json json_of(const std::string& yaml) {
  Diagnostics diagnostics;
  Problems problems(diagnostics);
  Tree tree;
  Budget budget;
  const YamlNode* root = read({"x.yaml", yaml}, 0, tree, budget, problems);
  return root == nullptr ? nlohmann::json() : value(*root);
}

}  // namespace procgraph::testing
