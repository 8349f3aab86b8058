#include "config/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.h"

namespace procgraph::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

CodePoint decode(std::string_view text) {
  auto at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  char32_t value = lead & (0x7fU >> bytes);
  for (std::size_t index = 1; index < bytes; ++index) {
    if ((at(index) & 0xc0U) != 0x80U) return {};
    value = (value << 6U) | (at(index) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x1'0000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest.at(bytes) || value > 0x10'ffff || surrogate) return {};
  return {value, bytes, true};
}

struct Range {
  char32_t first, last;
};

// Zero-width and bidirectional characters, and the two separators that some programs take for a new line.
constexpr std::array kInvisible{
    Range{0x00ad, 0x00ad}, Range{0x034f, 0x034f}, Range{0x061c, 0x061c}, Range{0x115f, 0x1160},
    Range{0x180b, 0x180f}, Range{0x200b, 0x200f}, Range{0x2028, 0x202e}, Range{0x2060, 0x206f},
    Range{0x3164, 0x3164}, Range{0xfeff, 0xfeff}, Range{0xfff9, 0xfffb}, Range{0xe'0000, 0xe'0fff},
};

bool invisible(char32_t value) {
  return std::any_of(kInvisible.begin(), kInvisible.end(),
                     [&](Range range) { return value >= range.first && value <= range.last; });
}

enum Reason : std::size_t {
  kNone,
  kEncoding,
  kControl,
  kCarriageReturn,
  kInvisibleText,
  kDirective,
  kReasons
};

Reason reason_against(const CodePoint& point, bool line_begins) {
  if (!point.valid) return kEncoding;
  if (point.value == '\n' || point.value == '\t') return kNone;
  if (point.value == '\r') return kCarriageReturn;
  if (point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0)) return kControl;
  if (point.value == '%' && line_begins) return kDirective;
  return point.value >= 0xa0 && invisible(point.value) ? kInvisibleText : kNone;
}

void report(Reason reason, const CodePoint& point, std::string_view rest, Mark mark, Problems& problems) {
  const auto code = static_cast<std::uint32_t>(point.value);
  switch (reason) {
    case kEncoding: {
      const bool wide = rest.starts_with("\xff\xfe") || rest.starts_with("\xfe\xff");
      problems.error(mark,
                     fmt::format("the byte \\x{:02x} is not UTF-8", static_cast<unsigned char>(rest[0])),
                     wide ? "this looks like UTF-16; save the file as UTF-8" : "save the file as UTF-8");
      break;
    }
    case kControl:
      problems.error(mark, fmt::format("control character U+{:04X}", code),
                     code == 0 ? "this looks like a file that is no text" : "");
      break;
    case kCarriageReturn:
      problems.error(mark, "carriage return; a line ends with a newline alone",
                     "convert the file, for instance with dos2unix");
      break;
    case kInvisibleText:
      problems.error(mark, fmt::format("invisible character U+{:04X}", code),
                     "such characters make a text look like another one; remove it");
      break;
    case kDirective:
      problems.error(mark, "a line that begins with '%' is a YAML directive, and those are not supported",
                     "indent the line, or quote the text");
      break;
    case kNone:
    case kReasons:
      break;
  }
}

}  // namespace

bool guard(Source& source, std::uint32_t file, Problems& problems) {
  if (source.text.starts_with(kByteOrderMark)) source.text.erase(0, kByteOrderMark.size());
  if (source.text.size() > kMaxFileBytes) {
    problems.error({.file = file}, fmt::format("the file is larger than {}", format(Bytes{kMaxFileBytes})));
    source.text.clear();
    return false;
  }
  std::array<bool, kReasons> seen{};
  Mark mark{.file = file, .line = 1, .column = 1};
  for (std::string_view rest = source.text; !rest.empty();) {
    const CodePoint point = decode(rest);
    const Reason reason = reason_against(point, mark.column == 1);
    if (reason != kNone && !seen.at(reason)) report(reason, point, rest, mark, problems);
    seen.at(reason) = true;
    rest.remove_prefix(point.bytes);
    mark = point.value == '\n' ? Mark{.file = file, .line = mark.line + 1, .column = 1}
                               : Mark{.file = file, .line = mark.line, .column = mark.column + 1};
  }
  return std::none_of(seen.begin() + 1, seen.end(), [](bool one) { return one; });
}

}  // namespace procgraph::config
