#include "base/resources.h"

#include <gtest/gtest.h>

namespace procgraph {
namespace {

TEST(CpuRange, IsOneNumberOrTwo) {
  EXPECT_EQ(parse_cpu_range("0"), (CpuRange{0, 0}));
  EXPECT_EQ(parse_cpu_range("2-11"), (CpuRange{2, 11}));
  EXPECT_EQ(parse_cpu_range("3-3"), (CpuRange{3, 3}));
  EXPECT_EQ(parse_cpu_range("65535"), (CpuRange{65535, 65535}));
}

TEST(CpuRange, IsNothingElse) {
  for (const char* text : {"", "-", "1-", "-1", "3-2", "1-2-3", "1,2", " 1", "0x1", "65536", "99999999999"})
    EXPECT_EQ(parse_cpu_range(text), std::nullopt) << text;
}

TEST(Cpus, ArePrintedAsRanges) {
  EXPECT_EQ(format_cpus({}), "");
  EXPECT_EQ(format_cpus({4}), "4");
  EXPECT_EQ(format_cpus({0, 1, 2, 5, 7, 8}), "0-2, 5, 7-8");
}

}  // namespace
}  // namespace procgraph
