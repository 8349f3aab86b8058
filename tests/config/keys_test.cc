// The keys table and the parser belong together.
#include "config/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "config/manifests.h"
#include "load.h"

namespace procgraph::testing {

using namespace config;

namespace {

// A file in which `key: value` stands where it belongs; nothing for places that only later releases have.
std::string file_with(Place place, const std::string& entry) {
  switch (place) {
    case Place::kTop:
      return entry + "\n";
    case Place::kDefaults:
      return "defaults: { " + entry + " }\n";
    case Place::kProcess:
      return "processes: { f: { " + entry + " } }\n";
    case Place::kManifest:
      return entry + "\n";
    case Place::kManifestPort:
      return "reads: { in: { " + entry + " } }\n";
    case Place::kContainment:
      return "containment: { " + entry + " }\n";
    case Place::kLogs:
      return "logs: { " + entry + " }\n";
    case Place::kQueue:
      return "queues: { q: { " + entry + " } }\n";
    case Place::kTopic:
      return "topics: { t: { " + entry + " } }\n";
    case Place::kPipe:
      return "pipes: { p: { " + entry + " } }\n";
    case Place::kSharedMemory:
      return "shared_memory: { a: { " + entry + " } }\n";
    case Place::kSocket:
      return "sockets: { s: { " + entry + " } }\n";
    case Place::kPort:
      return "processes: { f: { command: x, reads: { p: { " + entry + " } } } }\n";
    case Place::kStream:
      return "processes: { f: { command: x, stdout: { " + entry + " } } }\n";
    case Place::kStop:
      return "processes: { f: { command: x, stop: { " + entry + " } } }\n";
    case Place::kRestart:
      return "processes: { f: { command: x, restart: { " + entry + " } } }\n";
    case Place::kReady:
      return "processes: { f: { command: x, ready: { " + entry + " } } }\n";
    case Place::kHealth:
      return "processes: { f: { command: x, health: { " + entry + " } } }\n";
    case Place::kHttp:
      return "processes: { f: { command: x, health: { http: { " + entry + " } } } }\n";
    case Place::kLimits:
      return "processes: { f: { command: x, limits: { " + entry + " } } }\n";
    case Place::kFraming:
      return "queues: { q: { framing: { " + entry + " } } }\n";
    case Place::kPer:
      return "processes: { f: { command: x, per: { " + entry + " } } }\n";
    case Place::kOrdered:
      return "processes: { f: { command: x, ordered: { " + entry + " } } }\n";
    case Place::kDeadlock:
      return "deadlock: { " + entry + " }\n";
    case Place::kDeadLetter:
      return "queues: { q: { dead_letter: { " + entry + " } } }\n";
    default:
      return {};
  }
}

// What is said of such a file.
std::string told(Place place, const std::string& file) {
  if (place != Place::kManifest && place != Place::kManifestPort) return load_text(file).text();
  const World world = world_with({{"n.node.yaml", file}});
  Sources sources;
  Diagnostics diagnostics;
  Manifests manifests(world, sources);
  (void)manifests.find(kFolder + "/n");
  manifests.tell(diagnostics);
  return to_text(diagnostics, sources, {});
}

TEST(Keys, StandInTheTableOnce) {
  std::set<std::pair<Place, std::string_view>> seen;
  for (const Key& key : keys()) EXPECT_TRUE(seen.emplace(key.place, key.name).second) << key.name;
}

TEST(Keys, HaveAHelpThatIsASentence) {
  for (const Key& key : keys()) {
    EXPECT_TRUE(key.help.ends_with('.')) << key.name;
    EXPECT_FALSE(key.otherwise.empty()) << key.name;
    EXPECT_FALSE(phrase(key).empty()) << key.name;
  }
}

TEST(Keys, ThatAreSupportedAreRead) {
  for (const Key& key : keys()) {
    if (!key.supported) continue;
    const std::string file = file_with(key.place, std::string(key.name) + ": [[[x]]]");
    ASSERT_FALSE(file.empty()) << key.name;
    const std::string text = told(key.place, file);  // aborts if nothing reads it
    EXPECT_EQ(text.find("unknown key"), std::string::npos) << key.name;
    EXPECT_EQ(text.find("not supported"), std::string::npos) << key.name;
    if (key.type != Type::kText || key.place != Place::kTop) {
      EXPECT_NE(text.find(text.starts_with("n.node") ? "warning: " : "error: "), std::string::npos)
          << key.name;
    }
  }
}

TEST(Keys, ThatAreNotSupportedYetAreRefused) {
  for (const Key& key : keys()) {
    if (key.supported) continue;
    const std::string file = file_with(key.place, std::string(key.name) + ": x");
    if (file.empty()) continue;  // inside a key that is refused itself
    EXPECT_NE(load_text(file).text().find("'" + std::string(key.name) + "' is not supported yet"),
              std::string::npos)
        << key.name;
  }
}

TEST(Keys, RefuseTheWordsThatAreNotSupportedYet) {
  for (const Key& key : keys()) {
    if (!key.supported || key.type != Type::kWord) continue;
    for (const std::string& word : words_of(key.later_words)) {
      const std::string text = load_text(file_with(key.place, std::string(key.name) + ": " + word)).text();
      EXPECT_NE(text.find("'" + std::string(key.name) + ": " + word + "' is not supported yet"),
                std::string::npos)
          << text;
    }
  }
}

TEST(Keys, OfAPlaceThatIsNotReadAreNotSupported) {
  for (const Key& key : keys()) {
    if (file_with(key.place, "").empty()) {
      EXPECT_FALSE(key.supported) << key.name;
    }
  }
}

}  // namespace
}  // namespace procgraph::testing
