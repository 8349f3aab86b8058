// The manifests of nodes: read as a graph's files are, but what is wrong in one is a warning, and the run
// goes on without it.
#pragma once

#include <memory>
#include <string>

#include "base/diagnostic.h"
#include "base/manifest.h"
#include "base/world.h"
#include "config/spec.h"

namespace procgraph {

class Manifests {
 public:
  // Both outlive it. `sources` receives every text that was read.
  Manifests(const World& world, Sources& sources);
  ~Manifests();
  Manifests(const Manifests&) = delete;
  Manifests& operator=(const Manifests&) = delete;

  // Of the program at this path; null: it has none, or one with a mistake. Valid as long as this.
  [[nodiscard]] const Manifest* find(const std::string& program);
  // What is wrong with those that were read, as warnings.
  void tell(Diagnostics& diagnostics) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Finds the program of each process as the plan will, and gives the process what it says of itself.
void describe(Spec& spec, const World& world, Sources& sources, Diagnostics& diagnostics);

}  // namespace procgraph
