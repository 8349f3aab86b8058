// Logs: the pipes behind the processes' stdout and stderr, read fairly and in bounded memory, line by line to
// the reporter. Knows nothing of why a process runs or ends.
//
// Backpressure: while an output of ours waits for its reader, nothing more is read for it; the pipes fill and
// the processes wait. Memory is bounded by one pipe's content for each process, and by a mebibyte for each of
// which a line is waited for: that is read ahead, so that whoever is ready is known to be.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "launch/launch.h"
#include "os/objects.h"
#include "plan/plan.h"
#include "report/reporter.h"
#include "supervise/last_words.h"

namespace procgraph {

class Logs {
 public:
  Logs(boost::asio::io_context& io, const Plan& plan, Reporter& reporter);
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;
  ~Logs();

  // The pipes of one start: the child's ends live until the caller has launched it.
  struct Pipes {
    Ends out, err;

    [[nodiscard]] LogEnds ends() const { return {out.write.get(), err.write.get()}; }
  };
  [[nodiscard]] Result<Pipes> open(SpawnId id) const;
  void follow(SpawnId id, Pipes pipes);
  // Nobody of its session is left: takes what lies in the pipes and lets go of them, whoever else may hold
  // them.
  void finish(SpawnId id);

  [[nodiscard]] const LastWords& last_words(SpawnId id) const { return last_words_[id.value]; }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }  // so far, of all
  // No longer (or again) reads what would go to this output.
  void hold(LogStream stream, bool held);
  // Somebody waits for a line of it (or no more): it is read ahead while its output is held.
  void await_line(SpawnId id, bool awaited);
  // Takes what lies in its pipes now.
  void catch_up(SpawnId id);
  // Called with each line, as it is read.
  void on_line(std::function<void(SpawnId, std::string_view)> tell) { tell_line_ = std::move(tell); }
  // Called after each piece that was read: there is something to be written.
  void on_read(std::function<void()> tell) { tell_ = std::move(tell); }

 private:
  struct Pipe;
  using Both = std::array<std::shared_ptr<Pipe>, 2>;

  void wait(const std::shared_ptr<Pipe>& pipe);
  [[nodiscard]] bool rests(const Pipe& pipe) const;
  bool read(Pipe& pipe, std::size_t most);
  bool drain(Pipe& pipe);  // as much as lies there now; false: it is closed
  void close(Pipe& pipe);
  void line(Pipe& pipe, std::string_view text, bool cut);

  boost::asio::io_context& io_;
  const Plan& plan_;
  Reporter& reporter_;
  std::vector<Both> pipes_;  // by spawn
  std::vector<LastWords> last_words_;
  std::vector<bool> awaited_;  // by spawn: a line of it
  std::vector<char> buffer_;
  std::array<bool, 2> held_{};
  std::array<std::vector<std::shared_ptr<Pipe>>, 2> resting_;  // what hold() keeps from being read
  std::uint64_t lines_ = 0;
  std::function<void()> tell_;
  std::function<void(SpawnId, std::string_view)> tell_line_;
};

}  // namespace procgraph
