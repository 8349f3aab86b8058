// Waits: who waits for whom at one instant, as plain data, and what follows from it: who can never go on
// again, in which circle, and which full buffer of it is the one to enlarge. Pure; knows no process of the
// kernel and no channel of a plan.
//
// The model is that of buffers with bounds (Parks 1995) and of circles that stand while the rest of the graph
// runs (Geilen and Basten 2003). A party waits for one of several things (poll, the threads of one process);
// each of them may take several others (a topic's writer needs each reader that is behind); each of these may
// be any one of some (the readers of a queue). Of whoever is not known to wait it is assumed that he can do
// anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace procgraph {

using PartyIndex = std::uint32_t;
using BufferIndex = std::uint32_t;

struct Wait {
  static constexpr BufferIndex kNoBuffer = ~BufferIndex{0};
  enum class For : std::uint8_t {
    kData,  // something in the buffer
    kRoom,  // less in it
    kEnd,   // that others have ended
  };

  For what = For::kData;
  BufferIndex buffer = kNoBuffer;
  // Comes true only if in each of these groups somebody moves. A group of nobody is of somebody whom we do
  // not see; without any group it may come true by itself.
  std::vector<std::vector<PartyIndex>> needs;

  bool operator==(const Wait&) const = default;
};

struct Party {
  std::string name;         // "parse.0", or "parse.0 (sort, pid 4242)" of one that it has started
  std::vector<Wait> waits;  // any one of them would do; none: it can move
  std::string doing{};      // of one without waits, for people: "runs", "sleeps", "is stopped"
  bool service = false;     // nobody waits for its end

  bool operator==(const Party&) const = default;
};

// A descriptor by which somebody holds an end that is written to open.
struct OpenEnd {
  PartyIndex party = 0;
  int fd = -1;

  bool operator==(const OpenEnd&) const = default;
};

struct Buffer {
  std::string name;              // "left"
  std::string title;             // "pipe 'left'"
  bool bytes = true;             // else messages
  std::string declared{};        // "pipes": where the file says how large it is; "": nowhere
  std::string key = "capacity";  // and by which key
  // As far as it was looked; `most`: as far as it can be enlarged at all.
  std::uint64_t fill = 0, capacity = 0, most = 0;
  std::vector<OpenEnd> written_by{};  // of a pipe, or a pair of sockets

  bool operator==(const Buffer&) const = default;
};

struct Waits {
  std::vector<Party> parties;
  std::vector<Buffer> buffers;
};

// By party: whether it can ever move, as far as anybody knows.
[[nodiscard]] std::vector<bool> can_move(const Waits& waits);

// One who waits, and for what: the n-th of his waits.
struct Step {
  PartyIndex party = 0;
  std::uint32_t wait = 0;

  bool operator==(const Step&) const = default;
};

// Parties that wait for each other and for nobody else.
struct Circle {
  enum class Kind : std::uint8_t {
    kFull,      // somebody in it waits for room: with larger buffers it would go on
    kStarved,   // the same, and between the full buffer and him who should empty it is one who gets no data
    kTrue,      // everybody waits for data, or for an end: no buffer helps
    kHeldOpen,  // one that waits for the end of data holds it off himself, or who waits for his end does
  };

  Kind kind = Kind::kTrue;
  bool local = false;            // others can still move
  std::vector<Step> way;         // each waits for the next, the last for the first
  std::vector<PartyIndex> knot;  // all that are in it, in any circle
  // Those for room in which somebody waits, on the way and elsewhere in the knot.
  std::vector<BufferIndex> full, full_beside;

  bool operator==(const Circle&) const = default;
};

// Of a circle in which all but one wait for somebody's end: that one waits for data, and for the end of it,
// which another one (or itself) keeps from coming.
struct HeldOpen {
  PartyIndex reader = 0, holder = 0;
  std::vector<int> fds;  // those of the holder; empty: it is no such circle, or they are not known
};
[[nodiscard]] HeldOpen held_open(const Waits& waits, const std::vector<Step>& way);

// Every circle of those who cannot move, each party in one at most. Who waits for a circle, and stands
// outside of it, is in none.
[[nodiscard]] std::vector<Circle> find_circles(const Waits& waits);

// The buffer to enlarge so that the circle goes on: of the full ones on its way the smallest that can be, as
// it costs the least, else of those beside it; nothing: none can. Once their sizes have been looked at.
[[nodiscard]] std::optional<BufferIndex> smallest_full(const Waits& waits, const Circle& circle);
// What a place in it costs.
[[nodiscard]] std::uint64_t bytes_of(const Buffer& buffer, std::uint64_t places);

// What was found, and what was done about it.
struct Deadlock {
  struct Growth {
    BufferIndex buffer = 0;
    std::uint64_t from = 0, to = 0;
    Bytes used, budget;  // of all growth so far
  };

  Waits waits;
  Circle circle;
  std::optional<Growth> growth;
  bool fails = false;
  std::string obstacle{};  // why nothing was enlarged, where that would help
};

[[nodiscard]] std::string_view name(Circle::Kind kind);  // artificial, starvation, true, orphan

}  // namespace procgraph
