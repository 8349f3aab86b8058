#include "queue_scenes.h"

#include "queue/blocks.h"
#include "queue/recovery.h"
#include "queue/settle.h"
#include "roster.h"
#include "words.h"

namespace procgraph::weak {
namespace {

using detail::BlockIndex;
using detail::kNoBlock;
using detail::View;
using detail::Want;

constexpr std::size_t kLarge = 81;  // bytes: one more than lie in a descriptor

alignas(4096) std::array<std::byte, 1 << 20> control, roster;

// Where the checker keeps what stands for the bytes of a message.
const void* content(View& view, BlockIndex block) {
  return view.memory.descriptor(block).bytes.data();
}

}  // namespace

void Traffic::before() {
  put_ = arrived_ = {};
  // A single block for large messages.
  const QueueShape shape{.capacity = cast_.capacity,
                         .memory = kLarge,
                         .max_message = kLarge,
                         .max_capacity = cast_.capacity,
                         .writers = static_cast<std::uint32_t>(cast_.writers)};
  require(static_cast<bool>(init_queue(control, shape)), "init_queue");
  require(static_cast<bool>(init_roster(roster)), "init_roster");
  for (std::size_t i = 0; i < views_.size(); ++i) {
    views_[i] = View{.memory = *detail::QueueMemory::attach(control, {}),
                     .roster = *detail::Roster::attach(roster),
                     .self = static_cast<std::uint16_t>(i + 1)};
  }
  weaken(weakening());
}

Weakening Traffic::weakening() {
  View& view = views_[0];
  detail::Control& c = view.control();
  const detail::Geometry& g = view.memory.geometry();
  const auto words = [&](auto& first, std::size_t stride, std::size_t count) {
    return Weakening{reinterpret_cast<const std::byte*>(&first), stride, count, mutant_.access,
                     mutant_.order};
  };
  switch (mutant_.words) {
    case Words::kRing:
      return words(view.memory.place(0), 8, g.ring_length());
    case Words::kOwn:
      return words(view.memory.descriptor(0).own, sizeof(detail::Descriptor), g.blocks);
    case Words::kBusy:
      return words(view.memory.busy(0), 8, g.blocks / 64);
    case Words::kState:
      return words(c.state, 1, 1);
    case Words::kSummary:
      return words(c.summary, 8, detail::kLines);
    case Words::kNone:
      break;
  }
  return {};
}

void Traffic::thread(int index) {
  View& view = views_[static_cast<std::size_t>(index)];
  if (index < cast_.writers) {
    write(view, static_cast<std::uint64_t>(index));
  } else if (index < cast_.writers + cast_.readers) {
    read(view);
  } else {
    detail::announce(view, detail::kDraining);
  }
}

void Traffic::write(View& view, std::uint64_t writer) {
  detail::Producer producer(view);
  for (std::uint64_t i = 0; i < cast_.messages; ++i)
    put_[writer][i] = put(view, producer, writer << 8 | i) ? 1 : 0;
  producer.forget();
  if (!cast_.is_ended) detail::give_up_writing(view, view.self);
}

// As Writer::put().
bool Traffic::put(View& view, detail::Producer& producer, std::uint64_t message) {
  const std::size_t size = cast_.large ? kLarge : 8;
  detail::Spinner spinner(0, 1);
  BlockIndex block = kNoBlock;
  bool filled = false;
  const Want want = detail::wait_for(
      view, spinner, std::nullopt,
      [&](Want w) -> std::uint64_t {
        return w == Want::kBlock ? view.memory.geometry().class_for(size) : size;
      },
      [&](bool) {
        if (!filled) {
          if (const Want w = producer.claim(size, block); w != Want::kNothing) return w;
          write_plain(content(view, block), message);
          filled = true;
        }
        return producer.publish(block);
      });
  if (want != Want::kNothing && filled) detail::release(view, block);
  require(want == Want::kNothing || (cast_.is_ended && want == Want::kStopped), "put");
  return want == Want::kNothing;
}

void Traffic::read(View& view) {
  detail::Consumer consumer(view);
  for (BlockIndex block = get(view, consumer); block != kNoBlock; block = get(view, consumer)) {
    use(view, block);
    const bool again = view.memory.descriptor(block).tries.load(std::memory_order_relaxed) > 0;
    cast_.gives_back && !again ? detail::give_back(view, block) : detail::release(view, block);
  }
}

// As Reader::get(); no block: the end.
BlockIndex Traffic::get(View& view, detail::Consumer& consumer) {
  detail::Spinner spinner(0, 1);
  BlockIndex block = kNoBlock;
  const Want want = detail::wait_for(
      view, spinner, std::nullopt, [](Want) { return 0; },
      [&](bool about_to_sleep) {
        block = consumer.take();
        if (block != kNoBlock) return Want::kNothing;
        return about_to_sleep && consumer.is_at_end() ? Want::kStopped : Want::kMessage;
      },
      [&] { return consumer.alarm(); });
  if (want == Want::kNothing) consumer.resume();
  return block;
}

void Traffic::use(View& view, BlockIndex block) {
  const std::uint64_t message = read_plain(content(view, block));
  const std::uint64_t writer = message >> 8, number = message & 0xff;
  require(writer < 3 && number < cast_.messages, "what was put");
  ++arrived_[writer][number];
  if (cast_.readers == 1 && number > 0) require(arrived_[writer][number - 1] > 0, "in order");
}

void Traffic::after() {
  for (std::size_t writer = 0; writer < put_.size(); ++writer) {
    for (std::size_t i = 0; i < cast_.messages; ++i) {
      const int each = cast_.gives_back ? 2 : 1;
      require(arrived_[writer][i] == each * put_[writer][i], "each once that was put, and no other");
    }
  }
}

}  // namespace procgraph::weak
