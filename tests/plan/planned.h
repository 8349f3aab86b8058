// planned: a text's plan, in a world of few programs and with sizes that are easy to read.
#pragma once

#include <gtest/gtest.h>

#include "channels/kinds.h"
#include "graph/rewrite.h"
#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph::test {

inline FakeWorld world() {
  FakeWorld world;
  world.folder("/w/data").file("/w/access.log").program("/w/nodes/parse").file("/w/nodes/broken");
  world.program("/usr/bin/sort")
      .program("/usr/bin/cat")
      .program("/opt/procgraph/discard")
      .program("/opt/procgraph/copy")
      .program("/opt/procgraph/relay")
      .program("/opt/procgraph/pool");
  world.value.installed_nodes = "/opt/procgraph";
  return world;
}

inline Plan planned(std::string_view yaml, bool warned = false) {
  Text text(yaml, world().value);
  PlanErrors errors;
  Plan plan =
      make_plan(rewrite(text.selected({}), text.spec, all_kinds()), text.world, text.diagnostics, errors);
  for (Object& object : plan.objects) {  // the sizes are the SDK's affair
    if (auto* memory = std::get_if<MemoryObject>(&object.what))
      memory->size = Bytes{memory->mapped ? 65536U : 16U << 20};
  }
  EXPECT_EQ(text.told().empty(), !warned) << text.told();
  EXPECT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_FALSE(errors.machine);
  return plan;
}

}  // namespace procgraph::test
