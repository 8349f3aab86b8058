#include "config/schema.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "config/keys.h"

namespace procgraph {

using namespace config;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kVariable =
    "\\$\\{";  // a text in which something is expanded: what comes of it is seen only then
constexpr std::string_view kNamePattern = "^[A-Za-z][A-Za-z0-9_-]{0,62}$";
constexpr std::string_view kAddress = "^unix$|^unix:.+|^tcp://.+:[0-9]+$";
constexpr std::string_view kVariableName = "^[A-Za-z_][A-Za-z0-9_]*$";

// The places whose maps this release reads, with the name of their definition.
struct Definition {
  Place place;
  std::string_view name;
};
constexpr std::array kDefinitions{
    Definition{Place::kDefaults, "defaults"}, Definition{Place::kProcess, "process"},
    Definition{Place::kPort, "port"},         Definition{Place::kStream, "stream"},
    Definition{Place::kStop, "stop"},         Definition{Place::kRestart, "restart"},
    Definition{Place::kReady, "ready"},       Definition{Place::kHealth, "health"},
    Definition{Place::kHttp, "http"},         Definition{Place::kLimits, "limits"},
    Definition{Place::kPer, "per"},           Definition{Place::kOrdered, "ordered"},
    Definition{Place::kLogs, "logs"},         Definition{Place::kContainment, "containment"},
    Definition{Place::kQueue, "queue"},       Definition{Place::kDeadLetter, "dead_letter"},
    Definition{Place::kTopic, "topic"},       Definition{Place::kPipe, "pipe"},
    Definition{Place::kSocket, "socket"},     Definition{Place::kSharedMemory, "shared_memory"},
    Definition{Place::kFraming, "framing"},   Definition{Place::kDeadlock, "deadlock"},
};

Json any_of(std::initializer_list<Json> choices) {
  return {{"anyOf", Json(Json::array_t(choices))}};
}

Json text_like(std::string_view pattern) {
  return {{"type", "string"}, {"pattern", pattern}};
}

Json or_variable(Json schema) {
  return any_of({std::move(schema), text_like(kVariable)});
}

Json name_like() {
  return text_like(fmt::format("{}|{}", kNamePattern, kVariable));
}

Json scalar() {
  return {{"type", {"string", "number", "boolean"}}};
}

Json list_of(Json item, std::size_t least) {
  Json list{{"type", "array"}, {"items", std::move(item)}};
  if (least > 0) list["minItems"] = least;
  return list;
}

Json map_of(std::string_view names, Json value) {
  return {{"type", "object"},
          {"propertyNames", {{"pattern", names}}},
          {"additionalProperties", std::move(value)}};
}

Json whole(std::uint64_t least, std::uint64_t most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

Json size_from(int least) {
  return any_of({{{"type", "integer"}, {"minimum", least}},
                 text_like(fmt::format("^[0-9]+(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$|{}", kVariable))});
}

Json cpu_ranges() {
  return any_of(
      {whole(0, 65'535), text_like(fmt::format("^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$|{}", kVariable))});
}

Json reference(Place place) {
  for (const Definition& definition : kDefinitions) {
    if (definition.place == place) return {{"$ref", fmt::format("#/definitions/{}", definition.name)}};
  }
  return Json::object();
}

Json words(const Key& key) {
  return {{"enum", words_of(key.words)}};
}

// {ready: true}
Json conditions(const Key& key) {
  Json names = words(key);
  names["enum"].push_back("restart");
  return {{"type", "object"}, {"propertyNames", names}, {"additionalProperties", {{"const", true}}}};
}

Json value_schema(const Key& key) {
  switch (key.type) {
    case Type::kText:
      return scalar();
    case Type::kName:
      return name_like();
    case Type::kFlag:
      return or_variable({{"type", "boolean"}});
    case Type::kWhole:
      return or_variable(whole(key.least, key.most));
    case Type::kBytes:
      return size_from(1);
    case Type::kDuration:
      return any_of({{{"const", 0}}, text_like(fmt::format("^[0-9]+(ns|us|ms|s|m|h|d)$|{}", kVariable))});
    case Type::kMode:
      return any_of({whole(0, 777), text_like(fmt::format("^[0-7]{{1,4}}$|{}", kVariable))});
    case Type::kSignal:
      return text_like(fmt::format("^(SIG)?[A-Z][A-Z0-9]+$|{}", kVariable));
    case Type::kWord:
      return or_variable(words(key));
    case Type::kPath:
      return {{"type", "string"}, {"minLength", 1}};
    case Type::kCommand:
      return any_of({{{"type", "string"}, {"minLength", 1}}, list_of(scalar(), 1)});
    case Type::kScript:
      return {{"type", "string"}, {"minLength", 1}};
    case Type::kPorts:
      return any_of({name_like(), list_of(name_like(), 0),
                     map_of(kNamePattern, any_of({name_like(), reference(key.inner)}))});
    case Type::kServes:
      return any_of({name_like(), list_of(name_like(), 0), map_of(kNamePattern, name_like())});
    case Type::kConnects:
      return any_of({name_like(), list_of(name_like(), 0), map_of(kVariableName, name_like())});
    case Type::kNames:
      return list_of(name_like(), 1);
    case Type::kAddress:
      return text_like(fmt::format("{}|{}", kAddress, kVariable));
    case Type::kInput:
    case Type::kOutput:
      return any_of({name_like(), reference(key.inner)});
    case Type::kReplicas:
      return any_of({whole(key.least, key.most), {{"const", "cores"}}, text_like(kVariable)});
    case Type::kEnvironment:
    case Type::kVariables:
      return map_of(kVariableName, scalar());
    case Type::kAfter:
      return map_of(kNamePattern, any_of({words(key), text_like(kVariable), conditions(key)}));
    case Type::kCodes:
      return list_of(or_variable(whole(0, 255)), 1);
    case Type::kPaths:
      return any_of({{{"type", "string"}}, list_of({{"type", "string"}}, 0)});
    case Type::kMap:
      return reference(key.inner);
    case Type::kProcesses:
      return map_of(kNamePattern, any_of({{{"type", "string"}, {"minLength", 1}}, reference(key.inner)}));
    case Type::kChannels:
      return any_of({list_of(name_like(), 0),
                     map_of(kNamePattern, any_of({{{"type", "null"}}, reference(key.inner)}))});
    case Type::kPipelines:
      return list_of(list_of(name_like(), 2), 0);
    case Type::kDurations:
      return text_like(
          fmt::format(R"(^[0-9]+(ns|us|ms|s|m|h|d)(\.\.[0-9]+(ns|us|ms|s|m|h|d))?$|{})", kVariable));
    case Type::kLetters:
      return any_of({name_like(), reference(key.inner)});
    case Type::kRestart:
      return any_of({or_variable(words(key)), reference(key.inner)});
    case Type::kIntensity:
      return text_like(fmt::format("^none$|^[0-9]+ in [0-9]+(ns|us|ms|s|m|h|d)$|{}", kVariable));
    case Type::kReady:
      return any_of({{{"enum", {"notify", "started"}}}, text_like(kVariable), reference(key.inner)});
    case Type::kHealth:
      return reference(key.inner);
    case Type::kEndpoint:
      return text_like(fmt::format("^.+:[0-9]+$|{}", kVariable));
    case Type::kUrl:
      return any_of({text_like(fmt::format("^http://.+|{}", kVariable)), reference(key.inner)});
    case Type::kStatus:
      return any_of(
          {whole(100, 599), text_like(fmt::format("^[1-5][0-9]{{2}}(-[1-5][0-9]{{2}})?$|{}", kVariable))});
    case Type::kPattern:
      return {{"type", "string"}, {"minLength", 1}};
    case Type::kInteger:
      return or_variable({{"type", "integer"}, {"minimum", key.lowest}, {"maximum", key.highest}});
    case Type::kBytesOrZero:
      return size_from(0);
    case Type::kPercent:
      return text_like(fmt::format("^[1-9][0-9]*%$|{}", kVariable));
    case Type::kCpus:
      return any_of({cpu_ranges(), list_of(cpu_ranges(), 1)});
    case Type::kFraming:
    case Type::kPer:
      return any_of({or_variable(words(key)), reference(key.inner)});
    case Type::kOrdered:
      return any_of({or_variable({{"type", "boolean"}}), reference(key.inner)});
    case Type::kManifestPorts:  // of another sort of file
    case Type::kKinds:
    case Type::kOther:
      return Json::object();
  }
  return Json::object();
}

Json place_schema(Place place) {
  Json properties = Json::object();
  for (const Key& key : keys()) {
    if (key.place != place || !key.supported) continue;
    Json property{{"description", fmt::format("{} Default: {}.", key.help, key.otherwise)}};
    if (key.otherwise == "–") property["description"] = key.help;
    Json value = value_schema(key);
    if (value.contains("$ref"))
      value = {{"allOf", {std::move(value)}}};  // draft 7 ignores what stands beside a $ref
    property.update(value);
    properties[std::string(key.name)] = std::move(property);
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

}  // namespace

std::string schema_json() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "procgraph"},
              {"description", "A graph of processes and the channels between them."}};
  schema.update(place_schema(Place::kTop));
  schema["patternProperties"] = {{"^x-", {{"description", "Ignored; a place for anchors."}}}};
  for (const Definition& definition : kDefinitions) {
    schema["definitions"][std::string(definition.name)] = place_schema(definition.place);
  }
  schema["definitions"]["process"]["not"] = {{"required", {"command", "shell"}}};
  schema["definitions"]["restart"]["required"] = {"policy"};
  schema["definitions"]["port"]["required"] = {"channel"};
  schema["definitions"]["dead_letter"]["required"] = {"queue"};
  schema["definitions"]["http"]["required"] = {"socket"};
  return schema.dump(2) + "\n";
}

}  // namespace procgraph
