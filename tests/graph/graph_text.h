// Graphs from text, for tests of everything behind the front end: a made-up world, and the whole of what a
// person would be told.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/world.h"
#include "config/spec.h"
#include "graph/build.h"

namespace procgraph::test {

// A machine in which /w is the folder of g.yaml and /usr/bin holds the program n. Tests add files.
class FakeWorld {
 public:
  FakeWorld();

  FakeWorld& program(const std::string& path) { return file(path, {FileFacts::Type::kRegular, true, true}); }
  FakeWorld& folder(const std::string& path) { return file(path, {FileFacts::Type::kDirectory, true, true}); }
  FakeWorld& file(const std::string& path, FileFacts facts = {FileFacts::Type::kRegular, true, false});
  FakeWorld& text(const std::string& path, const std::string& contents);  // a file that can be read

  World value;

 private:
  std::map<std::string, FileFacts> files_;
  std::map<std::string, std::string> texts_;
};

// A text on its way through load and build; `told` is what check and everything before it say, as people read
// it.
struct Text {
  explicit Text(std::string_view yaml, World world = FakeWorld().value);

  [[nodiscard]] std::string told() const { return to_text(diagnostics, sources, {}); }
  [[nodiscard]] Graph selected(const Selection& selection);

  World world;
  Sources sources;
  Diagnostics diagnostics;
  Spec spec;
  Graph graph;
};

// What a person is told of this text, on a machine that lets a process open 4,096 files.
std::string told(std::string_view yaml);

}  // namespace procgraph::test
