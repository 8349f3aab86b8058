// order WINDOW: gives what comes in at its port `in` to the copies of a process (`work`), takes what they
// answer (`answers`), and hands the answers on (`out`) in the order of what they answer. A graph puts it
// around a process that says `ordered`. What comes in is acknowledged once all that answers it is put. At
// most WINDOW messages are in hand, from the oldest unfinished one on.
//
// Each answer is marked with the message that it answers, with how often that was delivered, and with whether
// it was the last (docs/node-protocol.md). Where a copy died in the middle of its answers, those of the next
// delivery count; where it died after the last, they do not. What failed too often (`failed`) is rejected in
// its turn, and has no answers.
#include <procgraph/node.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace {

using procgraph::Message;

struct Mark {
  std::uint64_t sequence;
  std::uint32_t deliveries;
  bool finished;
};

Mark mark_of(const Message& answer) {
  const auto word =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(answer.enqueued_at().time_since_epoch()).count());
  return {.sequence = word >> 17U,
          .deliveries = static_cast<std::uint32_t>(word >> 1U & 0xffff),
          .finished = (word & 1) != 0};
}

struct Input {
  Message message;
  std::uint32_t delivery = 0;  // of which the answers are
  std::vector<std::vector<std::byte>> answers{};
  bool finished = false, failed = false;
};

class Order {
 public:
  explicit Order(std::size_t window) : window_(window) {}

  void run() {
    while (!is_over()) {
      wait();
      take_answers();
      take_failures();
      hand_on();
      take_inputs();
    }
    for (Input& input : inputs_) input.message.put_back();  // no copy is left that could answer
    work_.close();
    while (answers_.get()) {  // what was finished a second time
    }
  }

 private:
  // Nothing more will come, or nobody is left to do it.
  [[nodiscard]] bool is_over() const { return answers_.ended() || (in_.ended() && inputs_.empty()); }

  void wait() {
    std::vector<procgraph::Selectable> ends{answers_};
    if (!failed_.ended()) ends.emplace_back(failed_);
    if (waiting_) {
      ends.emplace_back(work_, inputs_.back().message.bytes().size());
    } else if (inputs_.size() < window_ && !in_.ended()) {
      ends.emplace_back(in_);
    }
    (void)node_.select(ends);
  }

  // While there is room for it in the copies' queue.
  void take_inputs() {
    for (;;) {
      if (waiting_) {
        if (!work_.try_put(inputs_.back().message.bytes())) return;
        waiting_ = false;
      }
      if (inputs_.size() >= window_ || in_.ended()) return;
      std::optional<Message> message = in_.try_get();
      if (!message) return;
      inputs_.push_back({.message = std::move(*message)});
      waiting_ = true;
    }
  }

  [[nodiscard]] Input* find(std::uint64_t sequence) {
    const std::uint64_t place = sequence - first_;
    return sequence < first_ || place >= inputs_.size() ? nullptr : &inputs_[place];
  }

  void take_answers() {
    while (std::optional<Message> answer = answers_.try_get()) {
      const Mark mark = mark_of(*answer);
      Input* input = find(mark.sequence);
      if (input == nullptr || input->finished || mark.deliveries < input->delivery) continue;
      if (mark.deliveries > input->delivery) input->answers.clear();
      input->delivery = mark.deliveries;
      input->finished = mark.finished;
      if (!mark.finished) input->answers.emplace_back(answer->bytes().begin(), answer->bytes().end());
    }
  }

  // One of which all answers are there has failed only at being acknowledged.
  void take_failures() {
    while (std::optional<Message> letter = failed_.try_get()) {
      const auto why = letter->dead_letter();
      if (Input* input = why ? find(why->sequence) : nullptr) input->failed = !input->finished;
    }
  }

  void hand_on() {
    while (!inputs_.empty() && (inputs_.front().finished || inputs_.front().failed)) {
      Input& input = inputs_.front();
      if (input.failed) {
        input.message.reject();
      } else {
        for (const auto& answer : input.answers) out_.put(answer);
        input.message.ack();
      }
      inputs_.pop_front();
      ++first_;
    }
  }

  const std::size_t window_;
  procgraph::Node node_;
  procgraph::Reader in_ = node_.reader("in"), answers_ = node_.reader("answers"),
                    failed_ = node_.reader("failed");
  procgraph::Writer work_ = node_.writer("work"), out_ = node_.writer("out");
  std::deque<Input> inputs_;  // in the order of `work`
  std::uint64_t first_ = 0;   // the number there of the front one
  bool waiting_ = false;      // the last of them has not found room there yet
};

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t window = argc == 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (window == 0) {
    std::fprintf(stderr, "usage: order WINDOW\n");
    return 2;
  }
  Order(window).run();
}
