// Registrar: gives numbers to processes that belong to a node but are not the one that was started: what a
// shell, a wrapper or a worker pool starts. Watches each on a pidfd of its own, so that what it leaves in
// channels is given back when it dies. Knows numbers and lives; not what is given back, nor when a node ends.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "os/acceptor.h"
#include "os/fd.h"
#include "plan/plan.h"
#include "procgraph/attach.h"
#include "supervise/numbers.h"

namespace procgraph {

class Registrar {
 public:
  struct Hears {
    // The spawn whose first process has, or had, that pid, and of which something may be alive; else invalid.
    std::function<SpawnId(pid_t)> spawn_of;
    std::function<void(SpawnId, std::uint16_t, pid_t)> came;
    std::function<void(SpawnId, std::uint16_t)> gone;
  };

  // Listens under a name that the kernel chooses. Throws std::system_error.
  Registrar(boost::asio::io_context& io, const Plan& plan, Numbers& numbers, Hears hears);
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // As PROCGRAPH_ATTACH has it: "@0002f".
  [[nodiscard]] const std::string& address() const { return address_; }
  // Tells of those of the spawn's that are dead by now, before the kernel's word on them has come round.
  void bury(SpawnId id);
  // Calls visit(number) for those of the spawn's that live.
  void for_each_of(SpawnId id, const std::function<void(std::uint16_t)>& visit) const;

 private:
  using Stream = boost::asio::posix::stream_descriptor;
  struct Guest {
    SpawnId spawn;
    Stream pidfd;
    std::uint64_t turn;  // no two guests have the same, though they may have the same number
  };

  void take(Fd connection);
  void hear(const std::shared_ptr<Stream>& connection);
  [[nodiscard]] AttachReply answer(int connection);
  [[nodiscard]] AttachReply admit(SpawnId spawn, pid_t pid, Fd pidfd);
  [[nodiscard]] std::string refusal(SpawnId spawn) const;
  void watch(std::uint16_t number, Guest& guest);
  void leave(std::uint16_t number);

  boost::asio::io_context& io_;
  const Plan& plan_;
  Numbers& numbers_;
  const Hears hears_;
  std::string address_;
  std::list<std::shared_ptr<Stream>> connections_;  // that have not said yet what they want
  std::map<std::uint16_t, Guest> guests_;
  std::uint64_t turns_ = 0;
  std::vector<std::uint32_t> busy_;  // by channel: guests
  Acceptor acceptor_;                // the last: it begins at once
};

}  // namespace procgraph
