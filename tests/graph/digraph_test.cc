#include "graph/digraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace procgraph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Digraph digraph(std::size_t vertices, std::vector<Edge> edges) {
  return Digraph(vertices, edges);
}

TEST(Digraph, KeepsTheOrderInWhichEdgesWereGiven) {
  const Digraph graph = digraph(3, {{0, 2}, {1, 0}, {0, 1}});
  EXPECT_THAT(graph.from(0), ElementsAre(2, 1));
  EXPECT_THAT(graph.from(2), IsEmpty());
}

TEST(Digraph, FindsCirclesAsComponentsNumberedAgainstTheEdges) {
  const Components parts = components(digraph(5, {{0, 1}, {1, 2}, {2, 1}, {2, 3}, {0, 4}}));
  EXPECT_EQ(parts.count, 4U);
  EXPECT_EQ(parts.of[1], parts.of[2]);
  EXPECT_GT(parts.of[0], parts.of[1]);
  EXPECT_GT(parts.of[1], parts.of[3]);
}

TEST(Digraph, WalksALongChainWithoutRecursion) {
  std::vector<Edge> edges;
  for (Vertex v = 0; v + 1 < 1'000'000; ++v) edges.emplace_back(v, v + 1);
  EXPECT_EQ(components(Digraph(1'000'000, edges)).count, 1'000'000U);
}

std::vector<Vertex> way(const Digraph& graph, Vertex from, Vertex to) {
  return shortest_way(graph, components(graph), from, to);
}

TEST(Digraph, FindsAShortestWayInsideAComponent) {
  const Digraph graph = digraph(6, {{0, 1}, {1, 2}, {2, 3}, {0, 4}, {4, 3}, {3, 0}, {3, 5}});
  EXPECT_THAT(way(graph, 0, 3), ElementsAre(0, 4, 3));
  EXPECT_THAT(way(graph, 0, 5), IsEmpty());
}

TEST(Digraph, FindsTheWayFromAVertexToItself) {
  EXPECT_THAT(way(digraph(3, {{0, 1}, {1, 0}}), 0, 0), ElementsAre(0, 1, 0));
  EXPECT_THAT(way(digraph(1, {{0, 0}}), 0, 0), ElementsAre(0, 0));
  EXPECT_THAT(way(digraph(2, {{0, 1}}), 0, 0), IsEmpty());
}

TEST(Digraph, MeasuresDepthByTheHeaviestWay) {
  const std::uint32_t weights[] = {1, 0, 1, 1};
  EXPECT_THAT(depths(digraph(4, {{3, 2}, {3, 1}, {2, 1}, {1, 0}}), weights), ElementsAre(3, 2, 2, 1));
}

TEST(Digraph, AnswersManyQuestionsOfReachability) {
  std::vector<Edge> edges, queries;
  for (Vertex v = 199; v > 100; --v) edges.emplace_back(v, v - 1);
  for (Vertex v = 0; v < 200; ++v) queries.emplace_back(v, 100);
  const auto answers = reaches(Digraph(200, edges), queries);
  for (Vertex v = 0; v < 200; ++v) EXPECT_EQ(answers[v], v >= 100) << v;
}

}  // namespace
}  // namespace procgraph
