// Server: answers the clients of a run's control socket. One fixed table of methods does what they ask; those
// who follow the journal read it where they stand, so that nothing is kept for a client but one answer. A
// client that does not read is not read from either, and harms nobody but itself; so does one that sends
// nonsense.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/protocol.h"
#include "os/acceptor.h"
#include "report/journal.h"

namespace procgraph {

inline constexpr std::size_t kMostClients = 64;  // at a time

class Server {
 public:
  struct Method {
    std::string_view name;
    std::function<Answer(const Json& params)> call;
  };
  struct Table {
    std::vector<Method> methods;  // beside our own: wait and follow
    // The labels that these names mean in the journal.
    std::function<std::variant<std::set<std::string>, Problem>(const std::vector<std::string>&)> labels;
  };

  // `listener` does not block, and is ours from now on; `journal` outlives us. `most`: clients at a time.
  Server(boost::asio::io_context& io, int listener, Journal& journal, Table table,
         std::size_t most = kMostClients);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // The run is over: who waits for that is answered, who follows gets what it takes without waiting.
  void finish(const Json& outcome);

 private:
  struct Client;
  using ClientPointer = std::shared_ptr<Client>;

  void let_in(Fd connection);
  void hear(const ClientPointer& client);
  bool take_bytes(Client& client);
  void work(const ClientPointer& client);
  void later(const ClientPointer& client);
  void obey(Client& client, const std::string& line);
  void refuse(Client& client, const Problem& problem);
  [[nodiscard]] Answer answer(Client& client, const Request& request);
  [[nodiscard]] Answer follow(Client& client, const Json& params);
  void read_journal(Client& client) const;
  bool send(Client& client);
  void wait_for_room(const ClientPointer& client);
  void wake();
  void leave(const ClientPointer& client);

  boost::asio::io_context& io_;
  Journal& journal_;
  const Table table_;
  const std::size_t most_;
  std::list<ClientPointer> clients_;
  std::optional<Json> outcome_;
  bool soon_ = false;
  Acceptor acceptor_;  // the last: it begins at once
};

}  // namespace procgraph
