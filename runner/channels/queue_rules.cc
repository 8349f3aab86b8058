#include "channels/queue_rules.h"

#include "graph/wording.h"

namespace procgraph {
namespace {

void growth_needs_grow(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  const PolicySpec& policy = channel.policies;
  const bool grows = policy.when_full && policy.when_full->value == "grow";
  const auto refuse = [&](Mark mark, std::string_view key) {
    diagnostics.error(mark, cat(quoted(key), " of ", title(graph, channel), " needs 'when_full: grow'"));
  };
  if (!grows && policy.max_capacity) refuse(policy.max_capacity->mark, "max_capacity");
  if (!grows && policy.max_memory) refuse(policy.max_memory->mark, "max_memory");
  if (!grows) return;
  if (policy.max_capacity && policy.max_capacity->value < channel.capacity) {
    diagnostics.error(policy.max_capacity->mark,
                      cat(title(graph, channel), " grows from a capacity of ", format_count(channel.capacity),
                          " to ", format_count(policy.max_capacity->value), ", which is less"));
  }
  if (policy.max_memory && policy.max_memory->value < channel.memory) {
    diagnostics.error(policy.max_memory->mark,
                      cat(title(graph, channel), " grows from a memory of ", format(channel.memory), " to ",
                          format(policy.max_memory->value), ", which is less"));
  }
}

void rests_end(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  constexpr Duration kLongest = std::chrono::hours(240);
  const auto& retry = channel.policies.retry;
  if (!retry || retry->most <= kLongest) return;
  diagnostics.error(retry->mark,
                    cat(title(graph, channel), " lets messages rest for up to ", format_duration(retry->most),
                        "; at most ", format_duration(kLongest), " is possible"));
}

// Along dead_letter from one to the next; told at the first queue of the circle.
void dead_letters_do_not_come_back(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  std::string way = quoted(channel.name);
  ChannelId at = channel.dead_letter;
  for (std::size_t steps = 0; at.valid() && steps < graph.channels.size(); ++steps) {
    way += cat(" → ", quoted(graph.at(at).name));
    if (at == channel.id) {
      const std::string message =
          steps == 0 ? cat("dead letters of ", title(graph, channel), " go to itself: they would never end")
                     : cat("dead letters go in a circle: ", way);
      diagnostics.error(channel.policies.dead_letter->mark, message, "name a queue that is read otherwise");
      return;
    }
    if (at.value < channel.id.value) return;
    at = graph.at(at).dead_letter;
  }
}

}  // namespace

void nothing_comes_back_at_most_once(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  const PolicySpec& policy = channel.policies;
  if (!policy.delivery || policy.delivery->value != "at_most_once") return;
  const auto refuse = [&](Mark mark, std::string_view key) {
    auto& error = diagnostics.error(
        mark,
        cat(quoted(key), " of ", title(graph, channel), " has no meaning with 'delivery: at_most_once'"),
        "no message comes back there; leave out one of them");
    error.notes.push_back({policy.delivery->mark, "said here"});
  };
  if (policy.retry) refuse(policy.retry->mark, "retry");
  if (policy.max_deliveries) refuse(policy.max_deliveries->mark, "max_deliveries");
  if (policy.dead_letter) refuse(policy.dead_letter->mark, "dead_letter");
  if (!policy.reject_codes.empty()) refuse(policy.reject_codes_mark, "reject_codes");
}

void check_policy(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  growth_needs_grow(graph, channel, diagnostics);
  nothing_comes_back_at_most_once(graph, channel, diagnostics);
  rests_end(graph, channel, diagnostics);
  dead_letters_do_not_come_back(graph, channel, diagnostics);
}

}  // namespace procgraph
