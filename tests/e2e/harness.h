// Runs the built procgraph as a person would, in a temporary folder, and collects what it says.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace procgraph::e2e {

struct Ran {
  int code = -1;   // exit code
  int signal = 0;  // that it died of
  std::string out, err;
};

// A folder of its own, removed at the end with everything in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Writes `text` to a file of this folder, and returns its absolute path.
  std::string write(const std::string& name, const std::string& text, int mode = 0644) const;
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::string path_;
};

// A started procgraph: its output is read in the background, so it never blocks on us.
class Running {
 public:
  Running(const std::string& folder, std::vector<std::string> words, std::string input = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  // Blocks until its stdout (stderr) contains `text`; false if it ended first.
  bool wait_for_out(const std::string& text);
  bool wait_for_err(const std::string& text);
  // The same; returns the whole line, empty if it ended first.
  std::string line_of_err(const std::string& text);
  [[nodiscard]] const std::string& out() const { return ran_.out; }  // so far
  [[nodiscard]] const std::string& err() const { return ran_.err; }
  Ran wait();

 private:
  bool wait_for(std::string& seen, const std::string& text);
  bool read_more();

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  Ran ran_;
};

[[nodiscard]] std::string procgraph_path();
[[nodiscard]] std::string source_path(const std::string& relative);  // of a file of the tree
[[nodiscard]] Ran run(const std::string& folder, std::vector<std::string> words, std::string input = {});
// `procgraph run` of this text in a folder of its own.
[[nodiscard]] Ran run_text(const std::string& yaml, std::vector<std::string> flags = {});
// `procgraph run` of a file of configs/, in a folder of its own.
[[nodiscard]] Ran run_config(const std::string& name, std::vector<std::string> flags = {});
// The shell's own answer.
[[nodiscard]] Ran shell(const std::string& folder, const std::string& script);

}  // namespace procgraph::e2e
