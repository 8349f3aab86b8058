#include "base/diagnostic.h"

#include <gtest/gtest.h>

namespace procgraph {
namespace {

TEST(Diagnostics, ShowTheLineACaretNotesAndAHint) {
  Sources sources{{"shop.yaml", "a: 1\n  total: { command: sum, reads: wrok }\n"}};
  Diagnostics all;
  Diagnostic& d =
      all.error({0, 2, 33, 4}, "process 'total' reads unknown channel 'wrok'", "did you mean 'work'?");
  d.notes.push_back({{0, 1, 1, 1}, "declared here"});
  EXPECT_EQ(to_text(all, sources, {}),
            "shop.yaml:2:33: error: process 'total' reads unknown channel 'wrok'\n"
            "  2 │   total: { command: sum, reads: wrok }\n"
            "    │                                 ^~~~\n"
            "shop.yaml:1:1: note: declared here\n"
            "    hint: did you mean 'work'?\n"
            "1 error\n");
}

TEST(Diagnostics, AreSortedByPlaceAndCounted) {
  Sources sources{{"g.yaml", "one\ntwo\n"}};
  Diagnostics all;
  all.warning({0, 2, 1, 3}, "second");
  all.error({0, 1, 1, 3}, "first");
  all.error({0, 1, 1, 3}, "first");
  EXPECT_EQ(to_text(all, sources, {}),
            "g.yaml:1:1: error: first\n  1 │ one\n    │ ^~~\n"
            "g.yaml:2:1: warning: second\n  2 │ two\n    │ ^~~\n"
            "1 error, 1 warning\n");
}

TEST(Diagnostics, NeverLetAnEscapeSequenceThrough) {
  Sources sources{{"\x1b]0;x\x07.yaml",
                   "\x1b[2Jkey: \xe2\x80\xae"
                   "1\n"}};
  Diagnostics all;
  all.error({0, 1, 5, 3}, "bad key '\x1b[2J'", "\x9b");
  std::string text = to_text(all, sources, {});
  for (char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_EQ(text,
            "\\x1b]0;x\\x07.yaml:1:5: error: bad key '\\x1b[2J'\n"
            "  1 │ \\x1b[2Jkey: \\u{202e}1\n"
            "    │        ^~~\n"
            "    hint: \\x9b\n"
            "1 error\n");
}

TEST(Diagnostics, CropALongLineAroundTheCaret) {
  Sources sources{{"g.yaml", std::string(5000, 'a') + "X" + std::string(5000, 'b')}};
  Diagnostics all;
  all.error({0, 1, 5001, 9000}, "here");
  std::string expected = "g.yaml:1:5001: error: here\n  1 │ …" + std::string(25, 'a') + "X" +
                         std::string(74, 'b') + "…\n    │ " + std::string(26, ' ') + "^" +
                         std::string(74, '~') + "\n1 error\n";
  EXPECT_EQ(to_text(all, sources, {}), expected);
}

TEST(Diagnostics, WithoutAPlaceNameOnlyTheFile) {
  Diagnostics all;
  all.error({0, 0, 0, 0}, "cannot read it");
  EXPECT_EQ(to_text(all, {{"x.yaml", ""}}, {}), "x.yaml: error: cannot read it\n1 error\n");
  EXPECT_EQ(to_text(all, {}, {}), "procgraph: error: cannot read it\n1 error\n");
}

TEST(Diagnostics, PrintAsJson) {
  Diagnostics all;
  all.error({0, 2, 3, 4}, "bad", "cure").notes.push_back({{0, 1, 1, 1}, "there"});
  EXPECT_EQ(to_json(all, {{"g.yaml", "a\nb\n"}}), R"({
  "errors": 1,
  "warnings": 0,
  "diagnostics": [
    {
      "file": "g.yaml",
      "line": 2,
      "column": 3,
      "length": 4,
      "severity": "error",
      "message": "bad",
      "hint": "cure",
      "notes": [
        {
          "file": "g.yaml",
          "line": 1,
          "column": 1,
          "message": "there"
        }
      ]
    }
  ]
}
)");
}

}  // namespace
}  // namespace procgraph
