// Outside: the line to a running graph that did not start this process. Finds the run, asks for ends of
// channels, and sees when the run is over: those who wait sleep on memory, which outlives the runner.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "fd.h"

namespace procgraph::detail {

class Outside {
 public:
  struct Grant {
    std::uint16_t participant = 0;
    bool topic = false;
    std::uint32_t reader = 0;  // of a topic's: its place
    Fd roster, control, payload;
  };

  // Connects to the run of that name; without one to the only run there is. on_over() is called at most once,
  // by a thread of ours, when the run is over. Throws NotInGraph, naming the runs that there are; Failure
  // where there is no thread to be had.
  Outside(const std::string& graph, std::function<void()> on_over);
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  ~Outside();

  [[nodiscard]] const std::string& graph() const { return graph_; }
  // Throws NotInGraph in a child made by fork().
  void require_ours() const;
  // Blocks until the runner answers, at most 10 s. One call at a time. Throws NoSuchPort and NotInGraph in
  // the runner's words, NotInGraph where it does not answer, GraphEnded.
  [[nodiscard]] Grant ask(std::string_view channel, bool writes);
  // From here on on_over() is not called, nor being called.
  void stop();
  // on_over() was called, or is about to be.
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  void watch();
  [[noreturn]] void hung_up() const;

  std::string graph_;
  Fd socket_, stop_;
  std::function<void()> on_over_;
  std::atomic<bool> over_ = false;
  int process_;
  std::unique_ptr<std::thread> watcher_;
};

}  // namespace procgraph::detail
