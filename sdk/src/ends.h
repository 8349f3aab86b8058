// The state behind Reader and Writer, and the port that they share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bridge.h"
#include "environment.h"
#include "mapping.h"
#include "queue/blocking.h"
#include "queue/consumer.h"
#include "queue/frame.h"
#include "queue/producer.h"
#include "topic/publisher.h"
#include "topic/subscriber.h"

namespace procgraph::detail {

class Answers;  // answers.h

// What a handle has taken, from a queue or a topic.
struct TakenMessage {
  BlockIndex block = kNoBlock;
  Ticket ticket = 0;
  std::uint32_t deliveries = 1;
  std::uint64_t missed = 0;
  std::uint64_t records = 0;  // of a frame: those that are meant, a bit each
};

// A frame whose records are given out one by one.
struct OpenFrame {
  TakenMessage taken;    // `records`: those still to be given out
  RecordCursor records;  // from `next` on
  unsigned next = 0;
};

// A queue's or a topic's port, mapped. Owned by the Node; every handle refers to it.
struct QueuePort {
  Port port;
  Mapping control, payload;
  TopicView view;                    // of a queue without the topic's part
  Subscription subscription;         // of a port that reads a topic
  bool spins = true;                 // false on a machine, or an affinity, of one CPU
  std::atomic<bool> closed = false;  // by Writer::close
  // Ports of this process that still write this channel; null: its end of data is not this process's affair.
  std::atomic<int>* open_writers = nullptr;
  Answers* answers = nullptr;  // what is put here answers something

  [[nodiscard]] bool is_topic() const { return view.topic.attached(); }
  // "queue 'q'", or "queue 'q' (port 'words')"
  [[nodiscard]] std::string name() const;
  [[nodiscard]] Spinner spinner() const;
  // Throws in a child made by fork().
  void require_ours() const;
  // For a channel that is broken, with the reason.
  [[noreturn]] void throw_broken();
};

struct WriterState {
  explicit WriterState(QueuePort& p) : port(p), spinner(p.spinner()), producer(p.view), dropper(p.view) {
    if (p.is_topic()) publisher.emplace(p.view);
  }
  WriterState(const WriterState&) = delete;
  WriterState& operator=(const WriterState&) = delete;
  ~WriterState();

  QueuePort& port;
  Spinner spinner;
  Producer producer;                   // of a queue
  Consumer dropper;                    // takes out what gives way to newer messages
  std::optional<Publisher> publisher;  // of a topic

  [[nodiscard]] Want claim(std::uint64_t bytes, BlockIndex& block) {
    return publisher ? publisher->claim(bytes, block) : producer.claim(bytes, block);
  }
  [[nodiscard]] Want publish(BlockIndex block, std::uint32_t flags = 0, std::uint64_t time = 0) {
    return publisher ? publisher->publish(block, flags, time) : producer.publish(block, flags, time);
  }
  // What a put of `bytes` would have to wait for; kNothing: it would not, by the queue's policy or because
  // there is room.
  [[nodiscard]] Want room(std::uint64_t bytes);
};

// Puts an empty message with this mark, see answers.h. Waits and throws as Writer::put.
void put_marked(WriterState& s, std::uint64_t mark);

// A reader's place in line while its process sleeps in poll or epoll.
struct Poller {
  explicit Poller(QueuePort& port);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  Bridge bridge;
  std::optional<Sleeper> sleeper;
};

struct ReaderState {
  explicit ReaderState(QueuePort& p) : port(p), spinner(p.spinner()), consumer(p.view) {
    if (p.is_topic()) subscriber.emplace(p.subscription);
  }
  ReaderState(const ReaderState&) = delete;
  ReaderState& operator=(const ReaderState&) = delete;
  ~ReaderState();

  [[nodiscard]] bool has_message() {
    if (frame) return true;
    return subscriber ? subscriber->has_message() : consumer.has_message();
  }
  [[nodiscard]] bool is_at_end() { return subscriber ? subscriber->is_at_end() : consumer.is_at_end(); }
  // Nothing that is not there will come, and nobody is to be waited for: the channel is broken. Of one that
  // was at its end before its runner went this is the end of the data.
  [[nodiscard]] bool is_broken();
  void resume() { subscriber ? subscriber->resume() : consumer.resume(); }
  [[nodiscard]] Clock::time_point alarm() const { return subscriber ? kNever : consumer.alarm(); }

  QueuePort& port;
  Spinner spinner;
  Consumer consumer;                     // of a queue
  std::optional<Subscriber> subscriber;  // of a topic
  std::optional<OpenFrame> frame;        // of a queue: has at least one record left
  std::unique_ptr<Poller> poller;        // once fd() was asked for
  bool ended = false;
  bool has_told_end = false;
};

}  // namespace procgraph::detail
