// The state behind Reader and Writer, and the port that they share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "environment.h"
#include "mapping.h"
#include "queue/blocking.h"
#include "queue/consumer.h"
#include "queue/producer.h"
#include "queue/view.h"

namespace procgraph::detail {

// A queue's port, mapped. Owned by the Node; every handle refers to it.
struct QueuePort {
  Port port;
  Mapping control, payload;
  View view;
  bool spins = true;                         // false on a machine, or an affinity, of one CPU
  std::atomic<bool> closed = false;          // by Writer::close
  std::atomic<int>* open_writers = nullptr;  // ports of this process that still write this channel

  // "queue 'q'", or "queue 'q' (port 'words')"
  [[nodiscard]] std::string name() const;
  [[nodiscard]] Spinner spinner() const;
  // Throws in a child made by fork().
  void require_ours() const;
  [[noreturn]] void throw_poisoned();
};

struct WriterState {
  explicit WriterState(QueuePort& p) : port(p), spinner(p.spinner()), producer(p.view), dropper(p.view) {}
  WriterState(const WriterState&) = delete;
  WriterState& operator=(const WriterState&) = delete;
  ~WriterState();

  QueuePort& port;
  Spinner spinner;
  Producer producer;
  Consumer dropper;  // takes out what gives way to newer messages
};

struct ReaderState {
  explicit ReaderState(QueuePort& p) : port(p), spinner(p.spinner()), consumer(p.view) {}

  QueuePort& port;
  Spinner spinner;
  Consumer consumer;
  bool ended = false;
  bool has_told_end = false;
};

}  // namespace procgraph::detail
