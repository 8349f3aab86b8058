// Node: what the graph gave this process. The one header that a node includes.
//
//   #include <procgraph/node.h>
//   int main() {
//     procgraph::Node node;
//     auto words = node.reader("words");
//     auto lengths = node.writer("lengths");
//     for (procgraph::Message& word : words) lengths.put(std::to_string(word.text().size()));
//   }
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procgraph/errors.h"
#include "procgraph/message.h"
#include "procgraph/pipe.h"
#include "procgraph/queue.h"
#include "procgraph/select.h"
#include "procgraph/shared_memory.h"
#include "procgraph/sync.h"

namespace procgraph {

// A port as the graph declares it.
struct PortInfo {
  std::string name;
  std::string channel;
  std::string kind;    // "queue", "topic", "pipe", "shared_memory", "socket"
  std::string access;  // "read", "write", "both"; of a socket "serve", "connect"
};

// Make one, in main, before any thread or child: it maps the channels and closes the descriptors that they
// came on, and marks those of pipes and sockets close-on-exec, so that children of this process do not hold
// them open. A child made by fork() cannot use it or its ends: they throw. Outlives every end and message
// that comes from it. Threads: all functions may be called from any.
class Node {
 public:
  // Throws NotInGraph where the program was not started by `procgraph run`.
  Node();
  // Of a program that the graph did not start: connects to the running graph of that name, of this user;
  // without a name to the only one that runs and has a channel with `external`. reader() and writer() then
  // take the names of such channels, and open them at their first use: they block until the runner answers,
  // and throw NoSuchPort where the file does not allow it, NotInGraph where as many programs use the channel
  // as it has places for (`spare`), GraphEnded. There is nothing else to be had: all other functions for ends
  // throw NoSuchPort. Once the run is over every wait ends: what is left can still be read, then comes the
  // end of the data, or GraphEnded where the run was killed. When this process dies, what it had not
  // acknowledged comes back. Costs a thread, that sleeps. Throws NotInGraph, naming the graphs that run;
  // Failure where there is no thread or descriptor to be had.
  [[nodiscard]] static Node outside(std::string_view graph = {});
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  [[nodiscard]] const std::string& graph() const;
  [[nodiscard]] const std::string& name() const;  // as declared: "parse"
  [[nodiscard]] std::uint32_t replica() const;    // from 0
  [[nodiscard]] std::uint32_t replicas() const;
  [[nodiscard]] const std::vector<PortInfo>& ports() const;

  // The ends, by the port's name, which is the channel's where the file gives no other. Throw NoSuchPort.
  [[nodiscard]] Reader reader(std::string_view port);
  [[nodiscard]] Writer writer(std::string_view port);
  // Takes the port's descriptor over: once per port.
  [[nodiscard]] Connection connection(std::string_view port);

  // The area at a port of that name; one that is both read and written is written.
  [[nodiscard]] SharedMemory shared_memory(std::string_view port);
  // An object that the file names in `sync:` of that area. Throw Failure where it has none of that name, or
  // where the name is already used for something else. Of a semaphore, whoever is first says how many permits
  // there are (at most 2^31 - 1); later callers' `permits` do not count.
  [[nodiscard]] Lock lock(std::string_view port, std::string_view name);
  [[nodiscard]] Event event(std::string_view port, std::string_view name);
  [[nodiscard]] Semaphore semaphore(std::string_view port, std::string_view name, std::uint32_t permits);

  // The listening socket of a port of `serves`: blocking, close-on-exec, and from now on the caller's to
  // close; once per port. The runner has opened it, so connections wait there already. Throws NoSuchPort.
  [[nodiscard]] int listener(std::string_view port);
  // Where the socket of a port of `serves` or `connects` listens: "127.0.0.1:8080", "[::1]:8080", or a path.
  // Throws NoSuchPort.
  [[nodiscard]] std::string address(std::string_view port) const;

  // Waits until any of the ends need not wait, of whatever kinds they are; returns which ones, by their
  // places in the list. Empty: the time is over. Nothing is taken or put: do that with a timeout of zero, for
  // another process may be faster. Waiting for messages alone sleeps on one futex, whatever their number; a
  // descriptor among the ends costs a thread, kept for the next time, and one more wake-up. Throws Failure as
  // Reader::get and Reader::fd do.
  [[nodiscard]] std::vector<std::size_t> select(std::span<const Selectable> ends,
                                                std::chrono::nanoseconds timeout = kForever);
  [[nodiscard]] std::vector<std::size_t> select(std::initializer_list<Selectable> ends,
                                                std::chrono::nanoseconds timeout = kForever);

  // Says that others may rely on this process from now on: its queues are open, its model is loaded. Where
  // the file says `ready: notify`, what starts `after` it waits for that; otherwise it does nothing, and
  // nothing the second time. Returns at once, but for a moment where the runner has not read earlier
  // messages. Any process of the node may call it, and any thread. Throws Failure where the machine lacks a
  // descriptor.
  void ready();

  // True once the process was asked to end (SIGTERM). The first call takes the signal over, if nobody else
  // has: a node that asks is one that ends by itself. One that never asks dies of the signal, and loses
  // nothing that it had put or not acknowledged. The signal does not end a wait: ask between waits with a
  // timeout.
  [[nodiscard]] bool stopping() const;

 private:
  struct State;
  explicit Node(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace procgraph
