#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

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

// What terminals obey, or what makes people read something else than what is there: more than 200 of them.
std::vector<std::string> sequences() {
  std::vector<std::string> all;
  for (int final = 0x40; final <= 0x7e; ++final) {
    all.push_back(std::string("\x1b[1;2") + static_cast<char>(final));        // CSI
    all.push_back(std::string("\xc2\x9b") + "3" + static_cast<char>(final));  // CSI, in one character
    all.push_back(std::string("\x1b") + static_cast<char>(final));  // Fe, Fs: DCS, OSC, APC, reset …
  }
  for (const int number : {0, 1, 2, 4, 7, 8, 9, 10, 11, 50, 52, 104, 133, 777, 1337})
    all.push_back("\x1b]" + std::to_string(number) + ";?;evil\x07");
  for (int control = 0; control < 0x20; ++control)
    if (control != '\n' && control != '\t') all.emplace_back(1, static_cast<char>(control));
  for (int control = 0x7f; control <= 0x9f; ++control) {
    all.emplace_back(1, static_cast<char>(control));  // as a byte alone, which some terminals obey
    if (control > 0x7f) all.push_back(std::string("\xc2") + static_cast<char>(control));
  }
  for (const char* bidi : {"\u200e", "\u200f", "\u061c", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
                           "\u2066", "\u2067", "\u2068", "\u2069"})
    all.emplace_back(bidi);
  for (const char* more :
       {"\x1bP+q544e\x1b\\", "\x1b_evil\x1b\\", "\x1b^evil\x1b\\", "\x1bXevil\x1b\\", "\x1b(0", "\x1b#8",
        "\x1b%G", "\x1b c", "\x1b\x1b[A", "\x1b[?1049h", "\x1b[?25l", "\x1b[6n", "\x1b[21t"})
    all.emplace_back(more);
  return all;
}

// True: nothing but printable text, tabs and ends of lines.
bool is_harmless(std::string_view text) {
  const auto has = [&](const char* what) { return text.find(what) != text.npos; };
  const bool controls = std::ranges::any_of(
      text, [](unsigned char byte) { return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f; });
  bool c1 = false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    c1 |= text[i] == '\xc2' && static_cast<unsigned char>(text[i + 1]) < 0xa0;
  const bool bidi = has("\u061c") || has("\u200e") || has("\u200f") || has("\u202a") || has("\u202b") ||
                    has("\u202c") || has("\u202d") || has("\u202e") || has("\u2066") || has("\u2067") ||
                    has("\u2068") || has("\u2069");
  return !controls && !c1 && !bidi;
}

TEST(Console, NoSequenceReachesATerminal) {
  const std::vector<std::string> all = sequences();
  ASSERT_GE(all.size(), 200U);
  for (const std::string& sequence : all) {
    const auto say = [&](Reporter& to) {
      to.line({"a"}, LogStream::kOut, "before" + sequence + "behind", false);
      to.line({"a"}, LogStream::kErr, sequence, false);
      to.error("its word: " + sequence);
    };
    const Shown shown = show({}, say, true);
    EXPECT_TRUE(is_harmless(shown.out)) << testing::PrintToString(shown.out);
    EXPECT_EQ(shown.out.find(sequence, sizeof "a │ " - 1), std::string::npos)
        << testing::PrintToString(shown.out);
    EXPECT_TRUE(is_harmless(shown.err)) << testing::PrintToString(shown.err);
    EXPECT_TRUE(shown.out.starts_with("a │ before")) << testing::PrintToString(shown.out);
    EXPECT_TRUE(shown.out.ends_with("behind\n")) << testing::PrintToString(shown.out);
    EXPECT_EQ(std::ranges::count(shown.out, '\n'), 1) << "a line was forged";
    const Shown json = show({.format = LogFormat::kJson}, say, false);
    EXPECT_TRUE(is_harmless(json.out + json.err)) << testing::PrintToString(json.out + json.err);
  }
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
