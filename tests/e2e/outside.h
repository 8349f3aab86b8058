// Outside: programs that a running graph did not start, for tests of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {

// A folder that is the user's runtime folder, too, so that nobody else's graphs are seen.
class Outside : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> here(std::vector<std::string> words) const {
    words.insert(words.begin(), {"/usr/bin/env", "XDG_RUNTIME_DIR=" + folder.path(), procgraph_path()});
    return words;
  }
  Ran procgraph(std::vector<std::string> words, std::string input = {}) const {
    return Running(folder.path(), here(std::move(words)), std::move(input)).wait();
  }
  // Returns once programs outside can come.
  [[nodiscard]] std::unique_ptr<Running> start(const std::string& yaml,
                                               const std::string& file = "g.yaml") const {
    folder.write(file, yaml);
    auto running = std::make_unique<Running>(folder.path(), here({"run", "-v", file}));
    EXPECT_TRUE(running->wait_for_err("started"));
    return running;
  }

  Folder folder;
};

}  // namespace procgraph::e2e
