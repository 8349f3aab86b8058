#include "supervise/lifecycle.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace procgraph::life {
namespace {

std::string print_table() {
  std::string text;
  for (std::size_t s = 0; s < kStates; ++s) {
    const auto state = static_cast<State>(s);
    text += std::string(name(state)) + ":";
    for (std::size_t i = 0; i < kInputs; ++i) {
      const auto input = static_cast<Input>(i);
      const Cell cell = at(state, input);
      if (cell.action == Action::kImpossible) continue;
      text += ' ' + std::string(name(input)) + '=' + std::string(name(cell.action)) + '>' +
              std::string(name(cell.next)) + ',';
    }
    text += '\n';
  }
  return text;
}

TEST(Lifecycle, IsThisTable) {
  EXPECT_EQ(
      print_table(),
      "waiting: begin=launch>queued, stop=give up>skipped, force=give up>skipped,\n"
      "queued: started=watch>running, refused=refuse>ended, retry=delay>delayed, stop=give up>skipped, "
      "force=give up>skipped, hold=withdraw>waiting,\n"
      "delayed: due=launch>queued, stop=give up>skipped, force=give up>skipped, hold=withdraw>waiting,\n"
      "running: stop=ask>stopping, force=kill>killed, exited=sweep>left,\n"
      "stopping: stop=nothing>stopping, too long=kill>killed, force=kill>killed, exited=sweep>left,\n"
      "killed: stop=nothing>killed, force=nothing>killed, exited=purge>swept, hangs=abandon>ended,\n"
      "left: stop=nothing>left, too long=clear>swept, force=clear>swept, empty=settle>ended, "
      "again=rest>restarting, hold=hold>held,\n"
      "swept: stop=nothing>swept, force=nothing>swept, empty=settle>ended, again=rest>restarting, "
      "hold=hold>held, hangs=let go>ended,\n"
      "restarting: started=watch>running, refused=refuse>ended, retry=delay>restarting, "
      "due=launch>restarting, stop=renounce>ended, force=renounce>ended, again=rest>restarting, "
      "hold=withdraw>held,\n"
      "held: begin=launch>restarting, stop=renounce>ended, force=renounce>ended,\n"
      "ended: stop=nothing>ended, force=nothing>ended,\n"
      "skipped: stop=nothing>skipped, force=nothing>skipped,\n");
}

template <class Visit>
void every_cell(Visit visit) {
  for (std::size_t s = 0; s < kStates; ++s) {
    for (std::size_t i = 0; i < kInputs; ++i) {
      const auto state = static_cast<State>(s);
      const auto input = static_cast<Input>(i);
      visit(state, input, at(state, input));
    }
  }
}

TEST(Lifecycle, AStopAndAForceAreTakenInEveryState) {
  every_cell([](State state, Input input, Cell cell) {
    if (input != Input::kStop && input != Input::kForce) return;
    EXPECT_NE(cell.action, Action::kImpossible) << name(state) << ' ' << name(input);
  });
}

TEST(Lifecycle, WhatIsOverStaysOver) {
  every_cell([](State state, Input input, Cell cell) {
    if (!over(state) || cell.action == Action::kImpossible) return;
    EXPECT_EQ(cell, (Cell{state, Action::kNothing})) << name(state) << ' ' << name(input);
  });
}

TEST(Lifecycle, ACellWithoutAnActionChangesNothing) {
  every_cell([](State state, Input input, Cell cell) {
    if (cell.action != Action::kNothing) return;
    EXPECT_EQ(cell.next, state) << name(state) << ' ' << name(input);
  });
}

TEST(Lifecycle, EveryStateIsReachedFromTheFirst) {
  std::set<State> seen{State::kWaiting};
  for (std::size_t before = 0; before != seen.size();) {
    before = seen.size();
    every_cell([&](State state, Input, Cell cell) {
      if (cell.action != Action::kImpossible && seen.contains(state)) seen.insert(cell.next);
    });
  }
  EXPECT_EQ(seen.size(), kStates);
}

TEST(Lifecycle, AForceFollowedByTheKernelsAnswersEndsEveryState) {
  for (std::size_t s = 0; s < kStates; ++s) {
    State state = static_cast<State>(s);
    state = at(state, Input::kForce).next;
    if (state == State::kKilled) state = at(state, Input::kExited).next;
    if (state == State::kSwept) state = at(state, Input::kEmpty).next;
    EXPECT_TRUE(over(state)) << name(static_cast<State>(s));
  }
}

TEST(Lifecycle, WhoeverWasKilledCanBeAbandoned) {
  for (const State state : {State::kKilled, State::kSwept}) EXPECT_TRUE(over(at(state, Input::kHangs).next));
}

TEST(Lifecycle, ANewLifeBeginsOnlyWhenNothingIsLeftOfTheFormer) {
  every_cell([](State state, Input input, Cell cell) {
    if (cell.action != Action::kRest) return;
    EXPECT_EQ(input, Input::kAgain) << name(state);
    EXPECT_TRUE(state == State::kLeft || state == State::kSwept || state == State::kResting) << name(state);
  });
}

TEST(Lifecycle, WhatWasKilledIsNeverAskedPolitely) {
  every_cell([](State state, Input input, Cell cell) {
    if (state != State::kKilled && state != State::kSwept) return;
    EXPECT_NE(cell.action, Action::kAsk) << name(input);
    EXPECT_NE(cell.action, Action::kSweep) << name(input);
  });
}

}  // namespace
}  // namespace procgraph::life
