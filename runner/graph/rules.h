// Rules: what must hold of a graph, one small function each. A new rule is one function here and one row in
// rules.cc. Every rule must bear a graph in which the others fail.
#pragma once

#include "base/diagnostic.h"
#include "base/world.h"
#include "graph/graph.h"

namespace procgraph {

// rules/ends.cc
void channels_have_both_ends(const Graph& graph, const World& world, Diagnostics& diagnostics);
void places_are_for_programs_outside(const Graph& graph, const World& world, Diagnostics& diagnostics);
void channels_have_no_more_ends_than_their_kind_allows(const Graph& graph, const World& world,
                                                       Diagnostics& diagnostics);
void byte_pipes_have_no_replicas(const Graph& graph, const World& world, Diagnostics& diagnostics);
void byte_pipes_join_two_processes(const Graph& graph, const World& world, Diagnostics& diagnostics);
void duplex_pipes_are_read_and_written_by_both(const Graph& graph, const World& world,
                                               Diagnostics& diagnostics);

// rules/descriptors.cc
void fixed_descriptors_are_free_and_possible(const Graph& graph, const World& world,
                                             Diagnostics& diagnostics);
void streams_carry_data(const Graph& graph, const World& world, Diagnostics& diagnostics);
void ready_descriptors_are_free(const Graph& graph, const World& world, Diagnostics& diagnostics);
void watched_logs_are_logs(const Graph& graph, const World& world, Diagnostics& diagnostics);
void standard_input_is_inherited_once(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/framing.cc
void framings_are_for_plain_programs(const Graph& graph, const World& world, Diagnostics& diagnostics);
void framings_fit_their_channels(const Graph& graph, const World& world, Diagnostics& diagnostics);
void plain_programs_find_room(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/sockets.cc
void listeners_have_their_numbers(const Graph& graph, const World& world, Diagnostics& diagnostics);
void variables_hold_one_address(const Graph& graph, const World& world, Diagnostics& diagnostics);
void addresses_are_those_of_sockets(const Graph& graph, const World& world, Diagnostics& diagnostics);
void probes_ask_the_process(const Graph& graph, const World& world, Diagnostics& diagnostics);
void servers_are_services(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/order.cc
void start_order_has_no_circle(const Graph& graph, const World& world, Diagnostics& diagnostics);
void services_are_not_waited_for(const Graph& graph, const World& world, Diagnostics& diagnostics);
void a_failure_that_is_waited_for_does_not_stop_the_graph(const Graph& graph, const World& world,
                                                          Diagnostics& diagnostics);

// rules/finally.cc
void finally_processes_have_nobody_left(const Graph& graph, const World& world, Diagnostics& diagnostics);
void finally_processes_start_once(const Graph& graph, const World& world, Diagnostics& diagnostics);
void only_finally_processes_wait_for_one_another(const Graph& graph, const World& world,
                                                 Diagnostics& diagnostics);

// rules/restart.cc
void restarts_can_reach_their_limit(const Graph& graph, const World& world, Diagnostics& diagnostics);
void what_is_always_restarted_is_not_waited_for(const Graph& graph, const World& world,
                                                Diagnostics& diagnostics);
void what_another_is_restarted_with_can_be(const Graph& graph, const World& world, Diagnostics& diagnostics);
void restarts_lose_what_is_in_byte_pipes(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/data.cc
void writers_do_not_wait_for_readers_that_wait_for_them(const Graph& graph, const World& world,
                                                        Diagnostics& diagnostics);
void circles_of_data_are_meant(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/joins.cc
void splits_that_join_again_have_room(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/steps.cc
void readers_do_not_end_before_writers_start(const Graph& graph, const World& world,
                                             Diagnostics& diagnostics);
void steps_do_not_need_the_end_of_what_follows_them(const Graph& graph, const World& world,
                                                    Diagnostics& diagnostics);
void steps_do_not_hold_up_what_they_wait_for(const Graph& graph, const World& world,
                                             Diagnostics& diagnostics);
void clients_do_not_end_before_their_server_starts(const Graph& graph, const World& world,
                                                   Diagnostics& diagnostics);

// rules/topics.cc
void only_readers_of_topics_have_policies(const Graph& graph, const World& world, Diagnostics& diagnostics);
void topics_do_not_wait_for_readers_that_wait_for_them(const Graph& graph, const World& world,
                                                       Diagnostics& diagnostics);

// rules/per.cc
void processes_per_message_have_one_input(const Graph& graph, const World& world, Diagnostics& diagnostics);
void ordered_results_have_an_order(const Graph& graph, const World& world, Diagnostics& diagnostics);
void codes_that_reject_are_those_of_runs(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/manifests.cc
void ports_are_those_of_the_program(const Graph& graph, const World& world, Diagnostics& diagnostics);

// rules/nodes.cc
void there_are_as_many_copies_as_must_be_left(const Graph& graph, const World& world,
                                              Diagnostics& diagnostics);
void plain_programs_use_streams(const Graph& graph, const World& world, Diagnostics& diagnostics);
void participants_fit_the_roster(const Graph& graph, const World& world, Diagnostics& diagnostics);

}  // namespace procgraph
