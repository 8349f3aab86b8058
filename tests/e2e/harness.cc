#include "harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace procgraph::e2e {
namespace {

pid_t start(const std::string& folder, std::vector<std::string> words, int in, int out, int err) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  setpgid(0, 0);  // a job of its own, as a shell makes it
  signal(SIGPIPE, SIG_DFL);
  if (chdir(folder.c_str()) != 0) _exit(98);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  execvp(argv[0], argv.data());
  _exit(99);
}

int input_file(const std::string& input) {
  int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  EXPECT_EQ(write(fd, input.data(), input.size()), static_cast<ssize_t>(input.size()));
  lseek(fd, 0, SEEK_SET);
  return fd;
}

}  // namespace

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "procgraph-e2e-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text, int mode) const {
  std::string path = path_ + "/" + name;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), static_cast<mode_t>(mode));
  return path;
}

std::string Folder::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path_ + "/" + name, std::ios::binary).rdbuf();
  return text.str();
}

Running::Running(const std::string& folder, std::vector<std::string> words, std::string input) {
  int out[2];
  int err[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
  int in = input_file(input);
  pid_ = start(folder, std::move(words), in, out[1], err[1]);
  close(in);
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Running::~Running() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) close(out_);
  if (err_ >= 0) close(err_);
}

void Running::signal(int number) const {
  kill(pid_, number);
}

bool Running::read_more() {
  pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  poll(fds, 2, -1);
  auto take = [](const pollfd& polled, int& fd, std::string& to) {
    if (polled.revents == 0) return;
    char block[65536];
    ssize_t got = read(fd, block, sizeof block);
    if (got > 0) {
      to.append(block, static_cast<std::size_t>(got));
    } else {
      close(fd);
      fd = -1;
    }
  };
  take(fds[0], out_, ran_.out);
  take(fds[1], err_, ran_.err);
  return true;
}

bool Running::wait_for(std::string& seen, const std::string& text) {
  while (seen.find(text) == std::string::npos) {
    if (!read_more()) return false;
  }
  return true;
}

bool Running::wait_for_out(const std::string& text) {
  return wait_for(ran_.out, text);
}
bool Running::wait_for_err(const std::string& text) {
  return wait_for(ran_.err, text);
}

std::string Running::line_of_err(const std::string& text) {
  if (!wait_for_err(text)) return {};
  const std::size_t at = ran_.err.find(text), begin = ran_.err.rfind('\n', at) + 1;
  while (ran_.err.find('\n', at) == std::string::npos && read_more()) {
  }
  return ran_.err.substr(begin, ran_.err.find('\n', at) - begin);
}

Ran Running::wait() {
  while (read_more()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  ran_.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return ran_;
}

std::string procgraph_path() {
  return PROCGRAPH_BINARY;
}

std::string source_path(const std::string& relative) {
  return std::string(PROCGRAPH_SOURCE) + "/" + relative;
}

Ran run(const std::string& folder, std::vector<std::string> words, std::string input) {
  words.insert(words.begin(), procgraph_path());
  return Running(folder, std::move(words), std::move(input)).wait();
}

Ran run_text(const std::string& yaml, std::vector<std::string> flags) {
  Folder folder;
  folder.write("graph.yaml", yaml);
  flags.insert(flags.begin(), {"run", "graph.yaml"});
  return run(folder.path(), std::move(flags));
}

Ran run_config(const std::string& name, std::vector<std::string> flags) {
  Folder folder;
  flags.insert(flags.begin(), {"run", source_path("configs/" + name)});
  return run(folder.path(), std::move(flags));
}

Ran shell(const std::string& folder, const std::string& script) {
  return Running(folder, {"/bin/sh", "-c", script}).wait();
}

}  // namespace procgraph::e2e
