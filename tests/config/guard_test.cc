// What is refused before anything is parsed.
#include <gtest/gtest.h>

#include "config/guard.h"
#include "load.h"

namespace procgraph::testing {

using namespace config;

namespace {

const std::string kGraph = "processes: { f: x }\n";

TEST(Guard, RefusesInvalidUtf8AtItsPlace) {
  EXPECT_EQ(load_text("# ä\nname: \xff\xfe\n").text(),
            "g.yaml:2:7: error: the byte \\xff is not UTF-8\n"
            "  2 │ name: \\xff\\xfe\n"
            "    │       ^~~~~~~~\n"
            "    hint: this looks like UTF-16; save the file as UTF-8\n"
            "1 error\n");
}

TEST(Guard, RefusesOverlongFormsSurrogatesAndCodesBeyondUnicode) {
  for (const char* bytes : {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_NE(load_text(std::string("name: ") + bytes).text().find("is not UTF-8"), std::string::npos)
        << bytes;
  }
}

TEST(Guard, RefusesNul) {
  EXPECT_EQ(load_text(std::string("a: \0b", 5)).text(),
            "g.yaml:1:4: error: control character U+0000\n"
            "  1 │ a: \\x00b\n"
            "    │    ^~~~\n"
            "    hint: this looks like a file that is no text\n"
            "1 error\n");
}

TEST(Guard, RefusesEveryControlCharacterButTabAndNewline) {
  for (int code = 1; code < 0x20; ++code) {
    if (code == '\t' || code == '\n') continue;
    const Loaded loaded = load_text(kGraph + "x-a: \"" + static_cast<char>(code) + "\"\n");
    EXPECT_EQ(loaded.diagnostics.errors(), 1U) << code;
  }
  EXPECT_TRUE(load_text(kGraph + "x-a: \"\x7f\"\n").diagnostics.has_errors());
  EXPECT_TRUE(load_text(kGraph + "x-a: \"\xc2\x85\"\n").diagnostics.has_errors());
  EXPECT_EQ(load_text(kGraph + "x-a: \"\t\"\n").text(), "");
}

TEST(Guard, SaysWhatToDoAboutCarriageReturns) {
  EXPECT_EQ(load_text("processes:\r\n  f: x\r\n").text(),
            "g.yaml:1:11: error: carriage return; a line ends with a newline alone\n"
            "  1 │ processes:\n"
            "    │           ^\n"
            "    hint: convert the file, for instance with dos2unix\n"
            "1 error\n");
}

TEST(Guard, RefusesInvisibleCharactersByTheirCodePoint) {
  EXPECT_EQ(load_text("name: a\u202e\u2066b\n").text(),
            "g.yaml:1:8: error: invisible character U+202E\n"
            "  1 │ name: a\\u{202e}\\u{2066}b\n"
            "    │        ^~~~~~~~\n"
            "    hint: such characters make a text look like another one; remove it\n"
            "1 error\n");
  for (const char* text :
       {"\u200b", "\u200d", "\u200e", "\u2028", "\u2060", "\u2069", "\u061c", "\u00ad", "\U000e0041"}) {
    EXPECT_TRUE(load_text(kGraph + "x-a: " + text + "\n").diagnostics.has_errors()) << text;
  }
}

TEST(Guard, AllowsOneByteOrderMarkInFront) {
  const Loaded loaded = load_text(
      "\xef\xbb\xbf"
      "timout: 1s\n" +
      kGraph);
  EXPECT_EQ(loaded.text(),
            "g.yaml:1:1: error: unknown key 'timout' in the file\n"
            "  1 │ timout: 1s\n"
            "    │ ^~~~~~\n"
            "    hint: did you mean 'timeout'?\n"
            "1 error\n");
  EXPECT_TRUE(load_text("\xef\xbb\xbf\xef\xbb\xbf" + kGraph).diagnostics.has_errors());
  EXPECT_TRUE(load_text(kGraph + "x-a: \xef\xbb\xbf\n").diagnostics.has_errors());
}

TEST(Guard, RefusesADirective) {
  EXPECT_EQ(
      load_text("%YAML 1.2\n---\n" + kGraph).text(),
      "g.yaml:1:1: error: a line that begins with '%' is a YAML directive, and those are not supported\n"
      "  1 │ %YAML 1.2\n"
      "    │ ^\n"
      "    hint: indent the line, or quote the text\n"
      "1 error\n");
}

TEST(Guard, ShowsOfEachSortTheFirstPlace) {
  EXPECT_EQ(load_text("a: \x01\x01\nb: \x02\xff\xff\n%\n").diagnostics.errors(), 3U);
}

TEST(Guard, RefusesAFileOfTwentyMegabytes) {
  EXPECT_EQ(load_text(std::string(20'000'000, '\n')).text(),
            "g.yaml: error: the file is larger than 16MiB\n1 error\n");
}

TEST(Guard, AcceptsExactlySixteenMebibytes) {
  std::string text = kGraph + "x-a:\n";
  const std::string line = "- " + std::string(60'000, 'x') + "\n";
  while (text.size() + line.size() <= kMaxFileBytes) text += line;
  text += "# " + std::string(kMaxFileBytes - text.size() - 3, 'x') + "\n";
  ASSERT_EQ(text.size(), kMaxFileBytes);
  EXPECT_EQ(load_text(text).text(), "");
  EXPECT_EQ(load_text(text + "\n").text(), "g.yaml: error: the file is larger than 16MiB\n1 error\n");
}

TEST(Guard, RefusesWhatIsNoReadableFile) {
  World world = world_with({});
  auto text_for = [&](FileFacts facts) {
    world.look = [facts](const std::string&) { return facts; };
    world.read_file = [](const std::string&) -> Result<std::string> {
      return Error{"read '/graphs/g.yaml'", 5};
    };
    return load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}}).text();
  };
  using Type = FileFacts::Type;
  World gone = world_with({});
  EXPECT_EQ(load_in(gone, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}}).text(),
            "g.yaml: error: there is no such file\n1 error\n");
  World folder = world_with({});
  EXPECT_EQ(load_in(folder, {.files = {"."}, .stdin_text = {}, .set = {}}).text(),
            ".: error: this is a folder, not a file\n1 error\n");
  EXPECT_NE(
      text_for({.type = Type::kOther, .readable = true}).find("g.yaml: error: this is not a regular file\n"),
      std::string::npos);
  EXPECT_NE(text_for({.type = Type::kRegular}).find("g.yaml: error: the file may not be read\n"),
            std::string::npos);
  EXPECT_NE(text_for({.type = Type::kRegular, .readable = true})
                .find("g.yaml: error: the file cannot be read: read '/graphs/g.yaml': Input/output error\n"),
            std::string::npos);
}

}  // namespace
}  // namespace procgraph::testing
