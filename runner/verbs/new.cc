// `new`: the source of a node, ready to build and to run in a graph of its own.
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/text.h"
#include "verbs/verb.h"

namespace procgraph {
namespace {

struct NewFlags {
  std::string name;
  std::string language = "cpp";
};

struct Template {
  std::string_view path;
  std::string_view text;  // NAME stands for the node's name
};

constexpr std::array kCpp{
    Template{"main.cc", R"(// NAME: reads messages from port `in`, writes each in capitals to port `out`.
#include <procgraph/node.h>

#include <cctype>
#include <string>

int main() {
  procgraph::Node node;
  procgraph::Reader in = node.reader("in");
  procgraph::Writer out = node.writer("out");
  for (procgraph::Message& message : in) {  // ends when every writer of the channel is done
    std::string text(message.text());
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    out.put(text);
  }  // a message that goes out of scope is acknowledged
}
)"},
    Template{"CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.25)
project(NAME CXX)

find_package(procgraph REQUIRED)

add_executable(NAME main.cc)
target_link_libraries(NAME PRIVATE procgraph::sdk)
set_target_properties(NAME PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/nodes)
)"},
    Template{
        "nodes/NAME.node.yaml",
        R"(# What NAME says of itself: `procgraph check` holds graphs against it, `procgraph nodes NAME` shows it.
description: Turns messages into capitals.
reads: { in: { kinds: [queue, topic] } }
writes: { out: { kinds: [queue, topic] } }
inputs: any          # or in_order, lockstep: how it reads several
output: with_input   # it writes only once it has read
)"},
    Template{"NAME.yaml", R"(# NAME between f, which puts one message, and m, which prints what it gets.
processes:
  f: { command: f, writes: words }
  NAME:
    command: NAME
    reads: { in: words }
    writes: { out: capitals }
  m: { command: m, reads: capitals }
queues: [words, capitals]
)"},
};

std::string filled(std::string_view text, const std::string& name) {
  std::string result(text);
  for (std::size_t at = result.find("NAME"); at != std::string::npos;
       at = result.find("NAME", at + name.size())) {
    result.replace(at, 4, name);
  }
  return result;
}

Outcome fail(int code, const std::string& line) {
  fmt::print(stderr, "procgraph new: {}\n", line);
  return {.code = code};
}

Outcome make_node(const NewFlags& flags) {
  if (!valid_name(flags.name)) {
    return fail(kExitUsage,
                fmt::format("'{}' is no name: letters, digits, '-' and '_', a letter first, at most 63",
                            escape(flags.name)));
  }
  std::error_code error;
  if (!std::filesystem::create_directory(flags.name, error)) {
    if (!error) return fail(kExitUsage, fmt::format("'{}' exists already; choose another name", flags.name));
    return fail(kExitSystem, fmt::format("mkdir '{}': {}", flags.name, error.message()));
  }
  std::filesystem::create_directory(flags.name + "/nodes", error);  // else the first file in it tells
  for (const Template& part : kCpp) {
    std::string path = flags.name + "/" + filled(part.path, flags.name);
    std::ofstream file(path);
    file << filled(part.text, flags.name);
    if (!file.flush()) return fail(kExitSystem, fmt::format("write '{}': {}", path, std::strerror(errno)));
    fmt::print("{}\n", path);
  }
  fmt::print(
      "\nbuild and run it:\n  cmake -S {0} -B {0}/build && cmake --build {0}/build\n  procgraph run "
      "{0}/{0}.yaml\n",
      flags.name);
  return {};
}

}  // namespace

Action declare_new(Flags& flags, const Context&) {
  auto own = std::make_shared<NewFlags>();
  flags.choice("--lang", own->language, {"cpp"}, "the language of the source");
  flags.argument("NAME", own->name, "the node's name, and of the folder to make", true);
  return [own] { return make_node(*own); };
}

}  // namespace procgraph
