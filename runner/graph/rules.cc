#include "graph/rules.h"

#include "graph/build.h"
#include "graph/channel_kind.h"

namespace procgraph {
namespace {

using Rule = void (*)(const Graph&, const World&, Diagnostics&);

void kinds_agree(const Graph& graph, const World& world, Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) channel.kind->check(graph, channel, world, diagnostics);
}

void there_is_a_process(const Graph& graph, const World&, Diagnostics& diagnostics) {
  if (graph.processes.empty())
    diagnostics.error({}, "the graph has no processes", "write 'processes:' with at least one");
}

constexpr Rule kRules[] = {
    there_is_a_process,
    channels_have_both_ends,
    places_are_for_programs_outside,
    channels_have_no_more_ends_than_their_kind_allows,
    byte_pipes_have_no_replicas,
    byte_pipes_join_two_processes,
    duplex_pipes_are_read_and_written_by_both,
    fixed_descriptors_are_free_and_possible,
    ready_descriptors_are_free,
    watched_logs_are_logs,
    streams_carry_data,
    framings_are_for_plain_programs,
    framings_fit_their_channels,
    plain_programs_find_room,
    standard_input_is_inherited_once,
    listeners_have_their_numbers,
    variables_hold_one_address,
    addresses_are_those_of_sockets,
    probes_ask_the_process,
    servers_are_services,
    start_order_has_no_circle,
    a_failure_that_is_waited_for_does_not_stop_the_graph,
    services_are_not_waited_for,
    finally_processes_have_nobody_left,
    finally_processes_start_once,
    only_finally_processes_wait_for_one_another,
    restarts_can_reach_their_limit,
    what_is_always_restarted_is_not_waited_for,
    what_another_is_restarted_with_can_be,
    restarts_lose_what_is_in_byte_pipes,
    readers_do_not_end_before_writers_start,
    writers_do_not_wait_for_readers_that_wait_for_them,
    only_readers_of_topics_have_policies,
    topics_do_not_wait_for_readers_that_wait_for_them,
    steps_do_not_need_the_end_of_what_follows_them,
    steps_do_not_hold_up_what_they_wait_for,
    clients_do_not_end_before_their_server_starts,
    circles_of_data_are_meant,
    splits_that_join_again_have_room,
    processes_per_message_have_one_input,
    ordered_results_have_an_order,
    codes_that_reject_are_those_of_runs,
    there_are_as_many_copies_as_must_be_left,
    plain_programs_use_streams,
    ports_are_those_of_the_program,
    participants_fit_the_roster,
    kinds_agree,
};

}  // namespace

void check(const Graph& graph, const World& world, Diagnostics& diagnostics) {
  for (const Rule rule : kRules) rule(graph, world, diagnostics);
}

}  // namespace procgraph
