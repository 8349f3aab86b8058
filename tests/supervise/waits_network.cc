#include "waits_network.h"

#include <algorithm>
#include <string>

namespace procgraph {
namespace {

std::vector<unsigned> living(const NetworkState& state, std::vector<unsigned> processes) {
  std::erase_if(processes, [&](unsigned process) { return state.tries[process] == NetworkState::kEnded; });
  return processes;
}

// Of a buffer for all there is one count, else one for each reader.
std::size_t place_of(const NetworkBuffer& buffer, unsigned reader) {
  if (!buffer.to_each) return 0;
  return static_cast<std::size_t>(std::ranges::find(buffer.readers, reader) - buffer.readers.begin());
}

std::vector<unsigned> some(Dice& dice, unsigned processes) {
  std::vector<unsigned> list;
  for (unsigned process = 0; process < processes; ++process)
    if (dice.below(3) == 0) list.push_back(process);
  if (list.empty()) list.push_back(dice.below(processes));
  return list;
}

}  // namespace

Network::Network(unsigned processes, std::vector<NetworkBuffer> buffers)
    : buffers_(std::move(buffers)), operations_(processes) {
  for (unsigned i = 0; i < buffers_.size(); ++i) {
    for (const unsigned writer : buffers_[i].writers) operations_[writer].push_back({i, true});
    for (const unsigned reader : buffers_[i].readers) operations_[reader].push_back({i, false});
  }
}

Network Network::random(Dice& dice, unsigned processes, unsigned buffers, bool topics) {
  std::vector<NetworkBuffer> all(buffers);
  for (NetworkBuffer& buffer : all) {
    buffer.writers = some(dice, processes);
    buffer.readers = some(dice, processes);
    buffer.to_each = topics && dice.below(3) == 0;
    buffer.capacity = 1 + dice.below(2);
  }
  return {processes, std::move(all)};
}

NetworkState Network::start() const {
  NetworkState state;
  state.tries.assign(operations_.size(), NetworkState::kFree);
  for (const NetworkBuffer& buffer : buffers_)
    state.fill.emplace_back(buffer.to_each ? buffer.readers.size() : 1, 0U);
  return state;
}

bool Network::is_possible(const NetworkState& state, unsigned process, const Operation& operation) const {
  const NetworkBuffer& buffer = buffers_[operation.buffer];
  const std::vector<unsigned>& fill = state.fill[operation.buffer];
  if (!operation.write) return fill[place_of(buffer, process)] > 0 || living(state, buffer.writers).empty();
  const std::vector<unsigned> readers = living(state, buffer.readers);
  if (readers.empty() || !buffer.to_each) return readers.empty() || fill[0] < buffer.capacity;
  return std::ranges::all_of(
      readers, [&](unsigned reader) { return fill[place_of(buffer, reader)] < buffer.capacity; });
}

void Network::perform(NetworkState& state, unsigned process, const Operation& operation) const {
  const NetworkBuffer& buffer = buffers_[operation.buffer];
  std::vector<unsigned>& fill = state.fill[operation.buffer];
  if (!operation.write) {
    unsigned& its = fill[place_of(buffer, process)];
    its -= its > 0;
    return;
  }
  for (unsigned& each : fill) each += each < buffer.capacity;
}

bool Network::moves(const NetworkState& state, unsigned process) const {
  const unsigned tries = state.tries[process];
  if (tries == NetworkState::kEnded || tries == NetworkState::kFree) return tries == NetworkState::kFree;
  const auto& operations = operations_[process];
  for (unsigned i = 0; i < operations.size(); ++i)
    if ((tries >> i & 1U) != 0 && is_possible(state, process, operations[i])) return true;
  return false;
}

std::vector<Network::Next> Network::next(const NetworkState& state) const {
  std::vector<Next> all;
  for (unsigned process = 0; process < processes(); ++process) {
    const auto& operations = operations_[process];
    const unsigned tries = state.tries[process];
    if (tries == NetworkState::kFree) {
      NetworkState then = state;
      then.tries[process] = NetworkState::kEnded;
      all.push_back({process, then});
      for (unsigned set = 1; set < 1U << operations.size(); ++set) {
        then.tries[process] = set;
        all.push_back({process, then});
      }
    } else if (tries != NetworkState::kEnded) {
      for (unsigned i = 0; i < operations.size(); ++i) {
        if ((tries >> i & 1U) == 0 || !is_possible(state, process, operations[i])) continue;
        NetworkState then = state;
        perform(then, process, operations[i]);
        then.tries[process] = NetworkState::kFree;
        all.push_back({process, std::move(then)});
      }
    }
  }
  return all;
}

Wait Network::wait(const NetworkState& state, const Operation& operation) const {
  const NetworkBuffer& buffer = buffers_[operation.buffer];
  Wait wait{.what = operation.write ? Wait::For::kRoom : Wait::For::kData, .buffer = operation.buffer};
  if (!operation.write || !buffer.to_each) {
    wait.needs.push_back(living(state, operation.write ? buffer.readers : buffer.writers));
    return wait;
  }
  for (const unsigned reader : living(state, buffer.readers))
    if (state.fill[operation.buffer][place_of(buffer, reader)] == buffer.capacity)
      wait.needs.push_back({reader});
  return wait;
}

Waits Network::waits(const NetworkState& state) const {
  Waits waits;
  for (unsigned i = 0; i < buffers_.size(); ++i)
    waits.buffers.push_back({.name = std::to_string(i), .title = "buffer " + std::to_string(i)});
  for (unsigned process = 0; process < processes(); ++process) {
    Party& party = waits.parties.emplace_back();
    party.name = std::string(1, static_cast<char>('a' + process));
    if (state.tries[process] == NetworkState::kEnded || moves(state, process)) continue;
    for (unsigned i = 0; i < operations_[process].size(); ++i)
      if ((state.tries[process] >> i & 1U) != 0) party.waits.push_back(wait(state, operations_[process][i]));
  }
  return waits;
}

}  // namespace procgraph
