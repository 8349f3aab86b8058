#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channels.h"
#include "report/reporter.h"

namespace procgraph {
namespace {

struct Shown {
  std::string out, err;
};

template <class Play>
Shown show(ReportOptions options, Play play, bool terminal = false) {
  const Sink out = terminal ? Sink::terminal() : Sink::pipe();
  const Sink err = terminal ? Sink::terminal() : Sink::pipe();
  const auto reporter = make_reporter(options, out.writer(), err.writer());
  play(*reporter);
  EXPECT_TRUE(reporter->flush());
  return {out.read(), err.read()};
}

TEST(Console, LinesOfStdoutGoToStdoutAndAllElseToStderr) {
  const Shown shown = show({}, [](Reporter& to) {
    to.line({"m"}, LogStream::kOut, "get in P2: ['HelloWorld']", false);
    to.line({"m"}, LogStream::kErr, "oh", false);
    to.warning("that was odd");
    to.error("that was wrong");
  });
  EXPECT_EQ(shown.out, "m │ get in P2: ['HelloWorld']\n");
  EXPECT_EQ(shown.err, "m │ oh\nprocgraph: that was odd\nprocgraph: that was wrong\n");
}

TEST(Console, NamesAreAligned) {
  const Shown shown = show({.label_width = 6}, [](Reporter& to) {
    to.line({"api"}, LogStream::kOut, "listening", false);
    to.line({"worker"}, LogStream::kOut, "working", false);
  });
  EXPECT_EQ(shown.out, "api    │ listening\nworker │ working\n");
}

TEST(Console, WithoutPrefixALineIsItself) {
  const Shown shown =
      show({.prefix = false}, [](Reporter& to) { to.line({"a"}, LogStream::kOut, "x", false); });
  EXPECT_EQ(shown.out, "x\n");
}

TEST(Console, WithTimestampsEachLineBeginsWithItsTime) {
  const Shown shown = show({.timestamps = true}, [](Reporter& to) {
    to.line({"a"}, LogStream::kOut, "x", false);
    to.error("y");
  });
  EXPECT_THAT(shown.out, testing::MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9][0-9][0-9] a │ x\n"));
  EXPECT_THAT(shown.err,
              testing::MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9][0-9][0-9] procgraph: y\n"));
}

TEST(Console, NewsNeedVerboseAndWarningsAreSilencedByQuiet) {
  const auto all = [](Reporter& to) {
    to.news("n");
    to.warning("w");
    to.error("e");
  };
  EXPECT_EQ(show({}, all).err, "procgraph: w\nprocgraph: e\n");
  EXPECT_EQ(show({.verbose = true}, all).err, "procgraph: n\nprocgraph: w\nprocgraph: e\n");
  EXPECT_EQ(show({.quiet = true}, all).err, "procgraph: e\n");
}

TEST(Console, ALongerWordOfOursGoesOnIndented) {
  const Shown shown =
      show({}, [](Reporter& to) { to.error("  its last words:\nFile \"worker.py\"\nKeyError"); });
  EXPECT_EQ(shown.err,
            "procgraph:   its last words:\n"
            "             File \"worker.py\"\n"
            "             KeyError\n");
}

TEST(Console, ColoursDifferBetweenNeighboursAndStopBeforeTheLine) {
  const auto two = [](Reporter& to) {
    to.line({"a", 0}, LogStream::kOut, "x", false);
    to.line({"b", 1}, LogStream::kOut, "y", false);
  };
  EXPECT_EQ(show({.color_out = true}, two).out, "\x1b[36ma │ \x1b[0mx\n\x1b[33mb │ \x1b[0my\n");
  EXPECT_EQ(show({.color_err = true}, two).out, "a │ x\nb │ y\n");
}

TEST(Console, OurOwnNameIsColouredByWhatItSays) {
  const Shown shown = show({.color_err = true}, [](Reporter& to) { to.error("gone"); });
  EXPECT_EQ(shown.err, "\x1b[1;31mprocgraph:\x1b[0m gone\n");
}

TEST(Console, ATerminalSeesNoControlCharacterOfAProcess) {
  const Shown shown = show(
      {},
      [](Reporter& to) {
        to.line({"a"}, LogStream::kOut,
                "\x1b]0;evil\x07 \xc2\x9b"
                "31m \xe2\x80\xae tab\tend\r",
                false);
        to.line({"a"}, LogStream::kOut, "half\rforged", false);
        to.line({"a"}, LogStream::kErr, std::string_view("nul\0 \xff", 6), false);
      },
      true);
  EXPECT_EQ(shown.out, "a │ \\x1b]0;evil\\x07 \\u{009b}31m \\u{202e} tab\tend\na │ half\\rforged\n");
  EXPECT_EQ(shown.err, "a │ nul\\x00 \\xff\n");
}

TEST(Console, APipeGetsTheBytesOfALineAsTheyAre) {
  const Shown shown = show({.prefix = false}, [](Reporter& to) {
    to.line({"a"}, LogStream::kOut, std::string_view("\x1b[31m\0\xff\r", 8), false);
  });
  EXPECT_EQ(shown.out, std::string("\x1b[31m\0\xff\r\n", 9));
}

TEST(Console, OurOwnWordsAreAlwaysEscaped) {
  const Shown shown = show({}, [](Reporter& to) { to.error("cannot start '/x/\x1b[2J'"); });
  EXPECT_EQ(shown.err, "procgraph: cannot start '/x/\\x1b[2J'\n");
}

TEST(Console, ALineThatWasCutSaysSo) {
  const Shown shown = show({}, [](Reporter& to) { to.line({"a"}, LogStream::kOut, "xx", true); });
  EXPECT_EQ(shown.out, "a │ xx [cut at 64 KiB]\n");
}

TEST(Console, EventsAreForMachines) {
  const Shown shown = show({.verbose = true}, [](Reporter& to) { to.event("started", "a", {}); });
  EXPECT_EQ(shown.out + shown.err, "");
}

}  // namespace
}  // namespace procgraph
