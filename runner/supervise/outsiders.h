// Outsiders: programs that the graph did not start and that use its channels where the file says `external`.
// Lets them in, gives each a number and the descriptors of what it asks for, and sees when they go: by their
// death, or by hanging up, which they do after they have let go of everything. Knows numbers and places; not
// what else is given back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "launch/launch.h"
#include "os/acceptor.h"
#include "os/door.h"
#include "plan/plan.h"
#include "procgraph/attach.h"
#include "supervise/numbers.h"

namespace procgraph {

class Outsiders {
 public:
  struct Hears {
    std::function<void(std::uint16_t, pid_t)> came;
    std::function<void(std::uint16_t, const std::set<ChannelId>&)> gone;  // and what it had opened
  };

  Outsiders(boost::asio::io_context& io, const Plan& plan, const Opened& opened, Numbers& numbers,
            std::shared_ptr<const Door> door, Hears hears);
  Outsiders(const Outsiders&) = delete;
  Outsiders& operator=(const Outsiders&) = delete;

 private:
  using Stream = boost::asio::posix::stream_descriptor;
  struct Guest {
    Guest(boost::asio::io_context& io, Fd connection, Fd process, pid_t id)
        : line(io, connection.release()), pidfd(io, process.release()), pid(id) {}

    Stream line, pidfd;
    pid_t pid;
    std::uint16_t number = 0;  // 0: it has asked for nothing yet
    std::set<ChannelId> channels;
    std::map<ChannelId, std::uint32_t> places;  // of topics that it reads: which of those for outsiders
    bool gone = false;
  };
  using GuestPointer = std::shared_ptr<Guest>;

  void let_in(Fd connection);
  void hear(const GuestPointer& guest);
  void watch(const GuestPointer& guest);
  void answer(const GuestPointer& guest);
  [[nodiscard]] OutsideReply admit(Guest& guest, const OutsideRequest& request);
  [[nodiscard]] OutsideReply refuse_unknown(const std::string& name) const;
  void bury(ChannelId channel);
  [[nodiscard]] std::uint32_t open_place(Guest& guest, const Channel& channel);
  [[nodiscard]] std::size_t users(ChannelId channel) const;
  void leave(const GuestPointer& guest);  // not the list's own, of which it lets go

  boost::asio::io_context& io_;
  const Plan& plan_;
  const Opened& opened_;
  Numbers& numbers_;
  const Hears hears_;
  const std::shared_ptr<const Door> door_;
  std::list<GuestPointer> guests_;
  Acceptor acceptor_;  // the last: it begins at once
};

}  // namespace procgraph
