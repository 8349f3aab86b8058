#include "base/units.h"

#include <gtest/gtest.h>

namespace procgraph {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Bytes, AreReadInDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_bytes("4096"), Bytes{4096});
  EXPECT_EQ(parse_bytes("64KiB"), Bytes{65536});
  EXPECT_EQ(parse_bytes("16MiB"), Bytes{16U << 20});
  EXPECT_EQ(parse_bytes("1GB"), Bytes{1'000'000'000});
  EXPECT_EQ(parse_bytes("0"), Bytes{0});
}

TEST(Bytes, RefuseEverythingElse) {
  for (const char* text : {"", "KiB", "-1", "1.5MiB", "1 MiB", "1kb", "1K", "0x10", "99999999999999999999",
                           "99999999TiB", "1MiBx"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Bytes, PrintInTheLargestUnitThatDividesThem) {
  EXPECT_EQ(format(Bytes{65536}), "64KiB");
  EXPECT_EQ(format(Bytes{16U << 20}), "16MiB");
  EXPECT_EQ(format(Bytes{3ULL << 40}), "3TiB");
  EXPECT_EQ(format(Bytes{1000}), "1000");
  EXPECT_EQ(format(Bytes{0}), "0");
}

TEST(Durations, AreReadWithTheirUnit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("10s"), seconds(10));
  EXPECT_EQ(parse_duration("5m"), minutes(5));
  EXPECT_EQ(parse_duration("1h"), minutes(60));
  EXPECT_EQ(parse_duration("0"), Duration::zero());
}

TEST(Durations, RefuseNumbersWithoutUnitSignsAndOverflow) {
  for (const char* text : {"", "10", "-1s", "1.5s", "s", "10 s", "1hour", "999999999999h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Durations, PrintAsPeopleWriteThem) {
  EXPECT_EQ(format_duration(milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(seconds(10)), "10s");
  EXPECT_EQ(format_duration(milliseconds(1240)), "1.2s");
  EXPECT_EQ(format_duration(seconds(90)), "1m30s");
  EXPECT_EQ(format_duration(minutes(60)), "1h");
  EXPECT_EQ(format_duration(Duration::zero()), "0s");
}

TEST(Counts, PrintWithCommas) {
  EXPECT_EQ(format_count(7), "7");
  EXPECT_EQ(format_count(1204), "1,204");
  EXPECT_EQ(format_count(1234567), "1,234,567");
}

}  // namespace
}  // namespace procgraph
