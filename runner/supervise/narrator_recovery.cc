// What the runner has put right after a death.
#include <array>
#include <utility>
#include <vector>

#include "supervise/narrator.h"

namespace procgraph {

void Narrator::recovered(SpawnId id, std::uint16_t participant, const ChannelEnds::Recoveries& all) {
  for (const auto& [channel, what] : all) {
    reporter_.news(procgraph::recovered(id.valid() ? std::string_view(label(id)) : "a program outside",
                                        named(channel), what));
    const std::array<std::pair<std::string_view, std::uint64_t>, 6> counts{{{"returned", what.returned},
                                                                            {"dead", what.dead},
                                                                            {"gone", what.gone},
                                                                            {"undone", what.undone},
                                                                            {"freed", what.freed},
                                                                            {"torn", what.torn}}};
    std::vector<Field> fields{{"channel", std::string_view(plan_.graph.at(channel).name)}};
    if (participant != 0) fields.push_back({"participant", std::int64_t{participant}});
    for (const auto& [key, n] : counts) {
      if (n > 0) fields.push_back({key, static_cast<std::int64_t>(n)});
    }
    reporter_.event("recovered", id.valid() ? label(id) : "", fields);
  }
}

}  // namespace procgraph
