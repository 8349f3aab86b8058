#include "supervise/waits_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "base/units.h"

namespace procgraph {
namespace {

constexpr std::size_t kShown = 8;  // of those that one waits for

std::string arrow(const Waits& waits, const Wait& wait, const std::string& next) {
  if (wait.what == Wait::For::kEnd) return fmt::format(" ⋯[its end]⋯ {}", next);
  const Buffer& buffer = waits.buffers[wait.buffer];
  if (wait.what == Wait::For::kData) return fmt::format(" ◀─[{} empty]─ {}", buffer.name, next);
  return fmt::format(" ─▶[{} full{}] {}", buffer.name,
                     buffer.capacity > 0 ? fmt::format(" {}", level(buffer)) : "", next);
}

std::string phrase(const Waits& waits, const Wait& wait) {
  if (wait.what == Wait::For::kEnd) {
    std::vector<std::string> names;
    for (const auto& group : wait.needs)
      for (const PartyIndex party : group) names.push_back(waits.parties[party].name);
    return fmt::format("the end of {}", join(names, ", "));
  }
  const Buffer& buffer = waits.buffers[wait.buffer];
  const std::string size = buffer.capacity > 0 ? fmt::format(" ({})", level(buffer)) : "";
  if (wait.what == Wait::For::kRoom) return fmt::format("room in {}{}", buffer.title, size);
  return fmt::format("{} of {}", buffer.bytes ? "data" : "messages", buffer.title);
}

// Whom it waits for, each once.
std::vector<PartyIndex> others(const Party& party) {
  std::vector<PartyIndex> all;
  for (const Wait& wait : party.waits)
    for (const auto& group : wait.needs)
      for (const PartyIndex other : group)
        if (std::ranges::find(all, other) == all.end()) all.push_back(other);
  return all;
}

class Drawing {
 public:
  explicit Drawing(const Waits& waits) : waits_(waits), drawn_(waits.parties.size()) {}

  // From those for whom nobody waits; what is left is in circles.
  std::string text() && {
    std::vector<bool> awaited(waits_.parties.size());
    for (PartyIndex index = 0; index < awaited.size(); ++index)
      for (const PartyIndex other : others(waits_.parties[index]))
        if (other != index) awaited[other] = true;
    for (const bool circles : {false, true}) {
      for (PartyIndex index = 0; index < awaited.size(); ++index)
        if (!waits_.parties[index].waits.empty() && !drawn_[index] && (circles || !awaited[index]))
          add(index, "", "");
    }
    return std::move(text_);
  }

  std::string text(const std::vector<PartyIndex>& parties) && {
    for (const PartyIndex index : parties)
      if (!drawn_[index]) add(index, "", "");
    return std::move(text_);
  }

 private:
  // Deep trees are long chains; a stack of calls holds those of any graph that a machine can run.
  void add(PartyIndex index, const std::string& first, const std::string& rest) {
    const Party& party = waits_.parties[index];
    if (!text_.empty()) text_ += '\n';
    text_ += first;
    if (drawn_[index] && !party.waits.empty()) {
      text_ += fmt::format("{} (see above)", party.name);
      return;
    }
    drawn_[index] = true;
    text_ += sentence(waits_, party);
    const std::vector<PartyIndex> below = others(party);
    for (std::size_t i = 0; i < below.size(); ++i) {
      const bool last = i + 1 == below.size() || i + 1 == kShown;
      if (i == kShown) {
        text_ += fmt::format("\n{}   … and {} more", rest, below.size() - kShown);
        return;
      }
      add(below[i], rest + (last ? "└─ " : "├─ "), rest + (last ? "   " : "│  "));
    }
  }

  const Waits& waits_;
  std::vector<bool> drawn_;
  std::string text_;
};

}  // namespace

std::string level(const Buffer& buffer) {
  constexpr std::uint64_t kKib = 1024;
  if (!buffer.bytes) return fmt::format("{}/{}", format_count(buffer.fill), format_count(buffer.capacity));
  if (buffer.fill % kKib == 0 && buffer.capacity % kKib == 0)
    return fmt::format("{}/{} KiB", format_count(buffer.fill / kKib), format_count(buffer.capacity / kKib));
  return fmt::format("{}/{} bytes", format_count(buffer.fill), format_count(buffer.capacity));
}

std::string as_capacity(const Buffer& buffer, std::uint64_t capacity) {
  return buffer.bytes ? format(Bytes{capacity}) : std::to_string(capacity);
}

std::string sentence(const Waits& waits, const Party& party) {
  if (party.waits.empty()) return fmt::format("{} {}", party.name, party.doing);
  std::vector<std::string> phrases;
  for (const Wait& wait : party.waits) phrases.push_back(phrase(waits, wait));
  return fmt::format("{} waits for {}", party.name, join(phrases, " or "));
}

std::string draw(const Waits& waits, const Circle& circle) {
  std::string text = waits.parties[circle.way.front().party].name;
  for (std::size_t i = 0; i < circle.way.size(); ++i) {
    const Step& step = circle.way[i];
    const Step& next = circle.way[(i + 1) % circle.way.size()];
    text += arrow(waits, waits.parties[step.party].waits[step.wait], waits.parties[next.party].name);
  }
  return text;
}

std::string kind_of(const Circle& circle) {
  return fmt::format("{}{}", name(circle.kind), circle.local ? ", local" : "");
}

namespace {

std::string grown(const Deadlock& deadlock) {
  const Deadlock::Growth& growth = *deadlock.growth;
  const Buffer& buffer = deadlock.waits.buffers[growth.buffer];
  constexpr double kMib = 1U << 20U;
  const std::string to = as_capacity(buffer, growth.to);
  std::string text =
      fmt::format("{} was enlarged to {} and the graph goes on (budget {}, used {:.1f} MiB)", buffer.title,
                  to, format(growth.budget), static_cast<double>(growth.used.value) / kMib);
  if (!buffer.declared.empty())
    text += fmt::format("\nto make it permanent: {}: {{ {}: {{ {}: {} }} }}", buffer.declared, buffer.name,
                        buffer.key, to);
  return text;
}

// By full buffer: those who could empty it, and wait for nothing themselves.
std::string slow_consumers(const Waits& waits) {
  std::string text;
  for (BufferIndex buffer = 0; buffer < waits.buffers.size(); ++buffer) {
    std::vector<std::string> slow;
    for (const Party& party : waits.parties) {
      for (const Wait& wait : party.waits) {
        if (wait.what != Wait::For::kRoom || wait.buffer != buffer) continue;
        for (const PartyIndex other : std::views::join(wait.needs)) {
          const Party& reader = waits.parties[other];
          if (reader.waits.empty() && std::ranges::find(slow, reader.name) == slow.end())
            slow.push_back(reader.name);
        }
      }
    }
    if (slow.empty()) continue;
    if (slow.size() > kShown) {
      const std::size_t more = slow.size() - kShown;
      slow.resize(kShown);
      slow.push_back(fmt::format("and {} more", more));
    }
    text += fmt::format("\nslow: {}, and {} is full", join(slow, ", "), waits.buffers[buffer].title);
  }
  return text;
}

// Whoever waits for the end of data that he could still write has to close his end first.
std::string closing(const Waits& waits, const Circle& circle) {
  const HeldOpen held = held_open(waits, circle.way);
  const auto name_of = [&](PartyIndex party) { return waits.parties[party].name; };
  std::string text =
      held.reader == held.holder || held.fds.empty()
          ? "it waits for the end of data that it could still write itself: it has to close that end first"
          : fmt::format(
                "{} waits for the end of data that {} could still write, which waits for it: {} has to close "
                "that end first",
                name_of(held.reader), name_of(held.holder), name_of(held.holder));
  for (std::size_t i = 0; i < held.fds.size(); ++i)
    text += fmt::format("{}{}",
                        i > 0                 ? ", "
                        : held.fds.size() > 1 ? " (descriptors "
                                              : " (descriptor ",
                        held.fds[i]);
  return held.fds.empty() ? text : text + ')';
}

}  // namespace

std::string cure(const Deadlock& deadlock) {
  if (deadlock.growth) return grown(deadlock);
  const Circle& circle = deadlock.circle;
  if (circle.kind == Circle::Kind::kHeldOpen) return closing(deadlock.waits, circle);
  if (circle.kind == Circle::Kind::kTrue)
    return "each waits for what another one of them is to give, so that no buffer helps; if that is how they "
           "end, "
           "one of them has to close its port or exit";
  if (!deadlock.obstacle.empty()) return deadlock.obstacle;
  std::vector<std::string> full, keys;
  for (const BufferIndex index : circle.full) {
    const Buffer& buffer = deadlock.waits.buffers[index];
    full.push_back(buffer.title);
    if (const std::string key = '\'' + buffer.key + '\''; std::ranges::find(keys, key) == keys.end())
      keys.push_back(key);
  }
  return fmt::format("more room in {} would let it go on ({}, or deadlock: {{ policy: grow }})",
                     join(full, " or "), join(keys, " and "));
}

std::string draw(const Waits& waits, const std::vector<PartyIndex>& parties) {
  return Drawing(waits).text(parties);
}

std::string draw(const Waits& waits) {
  return Drawing(waits).text() + slow_consumers(waits);
}

}  // namespace procgraph
