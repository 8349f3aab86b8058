#include "topic_scenes.h"

#include <cstring>

#include "queue/blocking.h"
#include "queue/recovery.h"
#include "words.h"

namespace procgraph::weak {
namespace {

using detail::BlockIndex;
using detail::kNoBlock;
using detail::Subscriber;
using detail::Subscription;
using detail::TopicView;
using detail::Want;

constexpr std::size_t kSize = 8;  // bytes of a message

alignas(4096) std::array<std::byte, 1 << 21> control, roster;

TopicView view_of(std::uint16_t participant) {
  TopicView view = *TopicView::attach(control, {});
  view.roster = *detail::Roster::attach(roster);
  view.self = participant;
  return view;
}

// Where the checker keeps what stands for the bytes of a message.
const void* content(TopicView& view, BlockIndex block) {
  return view.memory.descriptor(block).bytes.data();
}

}  // namespace

Broadcast::Broadcast(const Cast& cast, const TopicMutant& mutant) : cast_(cast), mutant_(mutant) {
  shape_ = {.history = cast.history, .memory = 4096, .max_message = 80, .writers = 1};
  if (cast.gates) shape_.readers.push_back({.gates = true, .history = cast.history});
  if (cast.lossy) shape_.readers.push_back({.gates = false, .history = cast.history});
}

void Broadcast::before() {
  taken_ = 0;
  std::memset(control.data() + sizeof(detail::Control), 0, sizeof(detail::TopicPart));  // counts readers
  require(static_cast<bool>(init_topic(control, shape_)), "init_topic");
  require(static_cast<bool>(init_roster(roster)), "init_roster");
  writer_ = view_of(1);
  for (std::uint32_t i = 0; i < shape_.readers.size(); ++i) {
    readers_[i] = view_of(static_cast<std::uint16_t>(i + 2));
    require(detail::subscribe(subscriptions_[i].emplace(), readers_[i], i), "subscribe");
  }
  weaken(weakening());
}

Weakening Broadcast::weakening() {
  const detail::Geometry& g = writer_.memory.geometry();
  const auto words = [&](const auto& first, std::size_t stride, std::size_t count) {
    return Weakening{reinterpret_cast<const std::byte*>(&first), stride, count, mutant_.access,
                     mutant_.order};
  };
  switch (mutant_.words) {
    case TopicWords::kRing:
      return words(writer_.memory.place(0), 8, g.ring_length());
    case TopicWords::kOwn:
      return words(writer_.memory.descriptor(0).own, sizeof(detail::Descriptor), g.blocks);
    case TopicWords::kCursor:
      return words(writer_.topic.slot(0).cursor, 1, 1);
    case TopicWords::kNotes:
      return words(writer_.topic.note(0, 0).word, sizeof(detail::ReaderNote),
                   g.ring_length() * shape_.readers.size());
    case TopicWords::kNone:
      break;
  }
  return {};
}

void Broadcast::thread(int index) {
  if (index == 0) return write(writer_);
  read(*subscriptions_[cast_.gates && index <= cast_.handles ? 0 : shape_.readers.size() - 1]);
}

void Broadcast::write(TopicView& view) {
  detail::Publisher publisher(view);
  for (std::uint64_t i = 1; i <= cast_.messages; ++i) put(view, publisher, i);
  publisher.forget();
  detail::give_up_writing(view, view.self);
}

// As Writer::put().
void Broadcast::put(TopicView& view, detail::Publisher& publisher, std::uint64_t message) {
  detail::Spinner spinner(0, 1);
  BlockIndex block = kNoBlock;
  bool filled = false;
  const Want want = detail::wait_for(
      view, spinner, std::nullopt, [&](Want w) -> std::uint64_t { return w == Want::kBlock ? 0 : kSize; },
      [&](bool) {
        if (!filled) {
          if (const Want w = publisher.claim(kSize, block); w != Want::kNothing) return w;
          write_plain(content(view, block), message);
          filled = true;
        }
        return publisher.publish(block);
      });
  require(want == Want::kNothing, "put");
}

void Broadcast::read(Subscription& subscription) {
  Subscriber subscriber(subscription);
  const bool gates = subscription.slot().gates != 0;
  std::uint64_t last = 0;
  for (Subscriber::Taken taken; get(subscriber, taken); taken = {}) {
    const std::uint64_t message = read_plain(content(*subscription.view, taken.block));
    require(message > last, "in order");
    if (gates && cast_.handles == 1) require(message == last + 1, "each");
    if (gates) ++taken_;
    last = message;
    detail::acknowledge(subscription, taken.ticket, taken.block);
  }
}

// As Reader::get(); false: the end.
bool Broadcast::get(Subscriber& subscriber, Subscriber::Taken& taken) {
  detail::View& view = *subscriber.subscription().view;
  detail::Spinner spinner(0, 1);
  const Want want = detail::wait_for(
      view, spinner, std::nullopt, [](Want) { return 0; },
      [&](bool about_to_sleep) {
        if (subscriber.take(taken)) return Want::kNothing;
        return about_to_sleep && subscriber.is_at_end() ? Want::kStopped : Want::kMessage;
      });
  if (want == Want::kNothing) subscriber.resume();
  return want == Want::kNothing;
}

void Broadcast::after() {
  require(!cast_.gates || taken_ == cast_.messages, "each that was put");
  writer_.memory.for_each_block([&](BlockIndex block) {
    const detail::BlockWord own{writer_.memory.descriptor(block).own.load()};
    require(own.state() != detail::State::kRetired, "what left the topic is free when nobody reads it");
  });
}

}  // namespace procgraph::weak
