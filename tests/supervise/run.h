// A run at the level of supervise(): plans made by hand of shell scripts, real processes, what was said kept
// for the test. Each test must end with as many processes and descriptors as it began with.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "report/reporter.h"
#include "supervise/supervise.h"

namespace procgraph {

struct Script {
  struct More {
    std::uint32_t rank = 0;  // of the stop
    Process process{};       // its policies
    std::string cwd = "/";
    bool program = false;  // the text is a path, not a script
  };

  std::string name;
  std::string text;  // of /bin/sh -c
  More more{};
};

// Keeps what it hears.
class Ear : public Reporter {
 public:
  void line(const Label& from, LogStream stream, std::string_view text, bool cut) override;
  void news(std::string_view text) override {
    words.emplace_back("news: " + std::string(text));
    heard();
  }
  void warning(std::string_view text) override {
    words.emplace_back("warning: " + std::string(text));
    heard();
  }
  void error(std::string_view text) override {
    words.emplace_back("error: " + std::string(text));
    heard();
  }
  void event(std::string_view what, std::string_view process, std::span<const Field> fields) override;
  Flow pump() override { return {}; }
  [[nodiscard]] std::size_t pending() const override { return 0; }
  bool flush() override { return true; }

  // Without news.
  [[nodiscard]] std::vector<std::string> serious() const;

  std::vector<std::string> lines;  // "name out: text"
  std::vector<std::string> words;  // "error: text"
  std::map<std::string, int> pids;
  std::function<void(const std::string& last)> on_word;

 private:
  void heard() {
    if (on_word) on_word(words.back());
  }
};

class RunTest : public testing::Test {
 protected:
  RunTest();
  void TearDown() override;

  // The left one's stdout is the right one's stdin.
  void pipe(const std::string& left, const std::string& right) { pipes_.emplace_back(left, right); }
  // How it ended: "exits 0", "dies of SIGTERM".
  std::string run(const std::vector<Script>& scripts, const RunOptions& options = {}) {
    return run(scripts, options, ear);
  }
  std::string run(const std::vector<Script>& scripts, const RunOptions& options, Reporter& reporter);
  // A file in a folder of this test's own.
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

  Ear ear;
  Duration grace = std::chrono::seconds(20);  // of the graph

 private:
  [[nodiscard]] Plan plan(const std::vector<Script>& scripts) const;
  void join(Plan& plan, const std::string& left, const std::string& right) const;

  std::vector<std::pair<std::string, std::string>> pipes_;
  std::string folder_;
  std::size_t descriptors_ = 0;
};

}  // namespace procgraph
