// Writer and Loan.
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "answers.h"
#include "ends.h"
#include "procgraph/queue.h"
#include "queue/frame.h"
#include "queue/overflow.h"
#include "queue/recovery.h"

namespace procgraph {
namespace {

using detail::BlockIndex;
using detail::Deadline;
using detail::Want;
using detail::WriterState;

// As write(2) does: the signal, unless it is not to be had.
[[noreturn]] void no_readers(const std::string& name) {
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) raise(SIGPIPE);
  throw NoReaders("nobody will read " + name + " any more");
}

[[noreturn]] void stopped(WriterState& s) {
  std::uint32_t state = s.port.view.control().state.load();
  if ((state & detail::kBroken) != 0) s.port.throw_broken();
  if ((state & detail::kNoReader) != 0) no_readers(s.port.name());
  throw Closed(s.port.name() + " has been brought to its end");
}

// True: done. False: the time is over.
bool finish(WriterState& s, Want want) {
  switch (want) {
    case Want::kNothing:
    case Want::kDropped:
      return true;
    case Want::kStopped:
      stopped(s);
    case Want::kSlot:
      throw Failure("too many threads wait on " + s.port.name() + " or in this graph");
    default:
      return false;
  }
}

[[noreturn, gnu::noinline, gnu::cold]] void throw_not_open(WriterState& s, std::size_t size) {
  s.port.require_ours();
  if (s.port.closed.load(std::memory_order_relaxed))
    throw Closed("the writing end of " + s.port.name() + " was closed");
  throw TooLarge("a message of " + std::to_string(size) + " bytes is more than " + s.port.name() +
                 " takes (" + std::to_string(s.port.view.memory.geometry().max_message) +
                 "): raise its max_message");
}

void require_open(WriterState& s, std::size_t size) {
  const bool good = s.port.view.is_ours() && !s.port.closed.load(std::memory_order_relaxed) &&
                    size <= s.port.view.memory.geometry().max_message;
  if (!good) throw_not_open(s, size);
}

// What a line of waiting writers is told about one that wants `size` bytes.
auto need_for(WriterState& s, std::size_t size) {
  return [&s, size](Want want) -> std::uint64_t {
    return want == Want::kBlock ? s.port.view.memory.geometry().class_for(size) : size;
  };
}

// A message as its user has it.
struct Whole {
  std::span<const std::byte> bytes;
  std::uint32_t flags = 0;
  std::uint64_t time = 0;  // when it was first put, or what it answers; 0: now

  [[nodiscard]] std::size_t size() const { return bytes.size(); }
  void write(detail::QueueMemory& memory, BlockIndex block) const {
    if (!bytes.empty()) std::memcpy(memory.bytes(block), bytes.data(), bytes.size());
  }
};

// Several that go together.
template <class Text>
struct Records {
  static constexpr std::uint32_t flags = detail::kFrame;
  static constexpr std::uint64_t time = 0;

  std::span<const Text> messages;
  std::uint64_t records = 0;  // bytes

  [[nodiscard]] std::size_t size() const { return detail::frame_size(records); }
  void write(detail::QueueMemory& memory, BlockIndex block) const {
    begin_frame(memory.descriptor(block), static_cast<std::uint32_t>(messages.size()));
    std::byte* to = memory.bytes(block);
    for (const Text& one : messages)
      to = detail::add_record(to, one.data(), static_cast<std::uint32_t>(one.size()));
  }
};

// As many of the first messages as fit into one frame; the first alone where none do.
template <class Text>
Records<Text> first_frame(const WriterState& s, std::span<const Text> messages) {
  const std::uint64_t max_message = s.port.view.memory.geometry().max_message;
  const std::uint64_t most = std::min(max_message, detail::kMostFrameBytes);
  Records<Text> frame{messages.first(1), detail::record_size(messages[0].size())};
  if (s.publisher || s.port.answers != nullptr || most <= detail::kInlineBytes) return frame;
  std::size_t count = 1;
  for (; count < std::min<std::size_t>(messages.size(), detail::kMostRecords); ++count) {
    const std::uint64_t more = detail::record_size(messages[count].size());
    if (frame.records + more > most) break;
    frame.records += more;
  }
  frame.messages = messages.first(count);
  return frame;
}

// One message or frame on its way into the queue, for as many attempts as it takes.
template <class Content>
struct Put {
  WriterState& s;
  const Content& content;
  BlockIndex block = detail::kNoBlock;

  Want operator()() {
    if (block == detail::kNoBlock) {
      BlockIndex claimed = 0;
      if (Want w = s.claim(content.size(), claimed); w != Want::kNothing) return w;
      block = claimed;
      content.write(s.port.view.memory, block);
    }
    return s.publish(block, content.flags, content.time);
  }
};

template <class Content>
[[gnu::noinline]] bool keep_putting(Put<Content>& put, const Deadline& deadline) {
  WriterState& s = put.s;
  detail::View& view = s.port.view;
  const std::size_t size = put.content.size();
  Want want = wait_for(view, s.spinner, deadline, need_for(s, size),
                       [&](bool) { return with_policy(view, s.dropper, size, [&] { return put(); }); });
  if (want != Want::kNothing && put.block != detail::kNoBlock) release(view, put.block);
  return finish(s, want);
}

// False: no room within the time.
template <class Content>
bool put_until(WriterState& s, const Content& content, const Deadline& deadline) {
  require_open(s, content.size());
  Put<Content> put{.s = s, .content = content};
  if (put() != Want::kNothing) return keep_putting(put, deadline);
  s.spinner.got();
  return true;
}

std::uint64_t mark_of(const WriterState& s) {
  return s.port.answers == nullptr ? 0 : s.port.answers->mark();
}

// How many were put within the time.
template <class Text>
std::size_t put_all(WriterState& s, std::span<const Text> messages, const Deadline& deadline) {
  std::size_t largest = 0;
  for (const Text& one : messages) largest = std::max(largest, one.size());
  require_open(s, largest);  // before any is put
  std::size_t done = 0;
  while (done < messages.size()) {
    const auto frame = first_frame(s, messages.subspan(done));
    const bool put =
        frame.messages.size() > 1
            ? put_until(s, frame, deadline)
            : put_until(s, Whole{std::as_bytes(std::span(messages[done])), 0, mark_of(s)}, deadline);
    if (!put) break;
    done += frame.messages.size();
  }
  return done;
}

[[noreturn]] void throw_full(WriterState& s) {
  throw Full(s.port.name() + " is full, and rejects what does not fit");
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

void detail::put_marked(WriterState& s, std::uint64_t mark) {
  if (!put_until(s, Whole{{}, 0, mark}, std::nullopt)) throw_full(s);
}

Writer::Writer(std::unique_ptr<WriterState> state) : state_(std::move(state)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

void Writer::put(std::span<const std::byte> bytes) {
  if (!put_until(*state_, Whole{bytes, 0, mark_of(*state_)}, std::nullopt)) throw_full(*state_);
}
void Writer::put(std::string_view text) {
  put(as_bytes(text));
}

bool Writer::put(std::span<const std::byte> bytes, std::chrono::nanoseconds timeout) {
  return put_until(*state_, Whole{bytes, 0, mark_of(*state_)}, detail::deadline_in(timeout));
}
bool Writer::put(std::string_view text, std::chrono::nanoseconds timeout) {
  return put(as_bytes(text), timeout);
}

bool Writer::try_put(std::span<const std::byte> bytes) {
  return put(bytes, std::chrono::nanoseconds::zero());
}
bool Writer::try_put(std::string_view text) {
  return try_put(as_bytes(text));
}

void Writer::put_many(std::span<const std::span<const std::byte>> messages) {
  if (put_all(*state_, messages, std::nullopt) != messages.size()) throw_full(*state_);
}
void Writer::put_many(std::span<const std::string_view> messages) {
  if (put_all(*state_, messages, std::nullopt) != messages.size()) throw_full(*state_);
}

std::size_t Writer::put_many(std::span<const std::span<const std::byte>> messages,
                             std::chrono::nanoseconds timeout) {
  return put_all(*state_, messages, detail::deadline_in(timeout));
}
std::size_t Writer::put_many(std::span<const std::string_view> messages, std::chrono::nanoseconds timeout) {
  return put_all(*state_, messages, detail::deadline_in(timeout));
}

void Writer::forward(const Message& message) {
  std::uint64_t missed = std::min(message.missed(), detail::kMostMissed);
  auto flags = static_cast<std::uint32_t>(missed << detail::kMissedShift);
  const auto since = message.enqueued_at().time_since_epoch();
  const std::uint64_t mark = mark_of(*state_);
  const auto time = mark != 0 ? mark : static_cast<std::uint64_t>(std::chrono::nanoseconds(since).count());
  if (!put_until(*state_, Whole{message.bytes(), flags, time}, std::nullopt)) throw_full(*state_);
}

Loan Writer::loan(std::size_t size) & {
  auto room = loan(size, kForever);
  if (!room) throw_full(*state_);
  return std::move(*room);
}

std::optional<Loan> Writer::loan(std::size_t size, std::chrono::nanoseconds timeout) & {
  WriterState& s = *state_;
  require_open(s, size);
  BlockIndex block = 0;
  detail::View& view = s.port.view;
  auto attempt = [&] { return s.claim(size, block); };
  Want want = wait_for(view, s.spinner, detail::deadline_in(timeout), need_for(s, size),
                       [&](bool) { return with_policy(view, s.dropper, size, attempt); });
  if (want == Want::kDropped) return Loan(s, std::vector<std::byte>(size + 1));
  if (!finish(s, want)) return std::nullopt;
  keep(view, block);
  return Loan(s, block, std::span(s.port.view.memory.bytes(block), size));
}

void Writer::close() {
  detail::QueuePort& port = state_->port;
  port.require_ours();
  if (port.closed.exchange(true)) return;
  if (port.open_writers != nullptr && port.open_writers->fetch_sub(1) == 1)
    give_up_writing(port.view, port.view.self);
}

std::size_t Writer::max_message() const {
  return state_->port.view.memory.geometry().max_message;
}

Loan::Loan(Loan&& other) noexcept
    : writer_(std::exchange(other.writer_, nullptr)),
      block_(other.block_),
      dropped_(std::move(other.dropped_)),
      bytes_(other.bytes_) {}

Loan::~Loan() {
  if (writer_ == nullptr || !dropped_.empty() || !writer_->port.view.is_ours()) return;
  release(writer_->port.view, block_);
}

void Loan::commit() {
  commit(bytes_.size());
}

void Loan::commit(std::size_t size) {
  if (writer_ == nullptr) throw Failure("a loan can be committed once");
  if (size > bytes_.size()) throw TooLarge("more bytes committed than were on loan");
  WriterState& s = *writer_;
  require_open(s, size);
  if (!dropped_.empty()) {
    writer_ = nullptr;
    return;
  }
  detail::View& view = s.port.view;
  shorten(view, block_, size);
  bytes_ = bytes_.first(size);
  const std::uint64_t mark = mark_of(s);
  auto attempt = [&] { return s.publish(block_, 0, mark); };
  Want want = wait_for(view, s.spinner, std::nullopt, need_for(s, size),
                       [&](bool) { return with_policy(view, s.dropper, size, attempt); });
  if (want == Want::kDropped) release(view, block_);
  if (want == Want::kNothing || want == Want::kDropped) {
    writer_ = nullptr;
  } else {
    keep(view, block_);
  }
  if (!finish(s, want)) throw_full(s);
}

}  // namespace procgraph
