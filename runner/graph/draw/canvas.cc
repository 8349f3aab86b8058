#include "graph/draw/canvas.h"

namespace procgraph {
namespace {

constexpr std::uint8_t kLeft = 1, kRight = 2, kUp = 4, kDown = 8;

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// Names are ASCII, our own signs at most three bytes long.
char32_t next_character(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(i++);
  if (first < 0x80) return first;
  if (first < 0xE0) return static_cast<char32_t>((first & 0x1F) << 6 | (byte(i++) & 0x3F));
  const char32_t high = static_cast<char32_t>((first & 0x0F) << 12 | (byte(i) & 0x3F) << 6);
  i += 2;
  return high | (byte(i - 1) & 0x3F);
}

}  // namespace

void Canvas::horizontal(int wire, int row, int from, int to, bool open_left, bool open_right) {
  for (int x = from; x <= to; ++x) {
    Cell& cell = at(row, x);
    if (x > from || open_left) cell.across |= kLeft;
    if (x < to || open_right) cell.across |= kRight;
    cell.joined |= cell.upright_wire == wire;
    cell.across_wire = wire;
  }
}

void Canvas::vertical(int wire, int column, int from, int to) {
  for (int y = from; y <= to; ++y) {
    Cell& cell = at(y, column);
    if (y > from) cell.upright |= kUp;
    if (y < to) cell.upright |= kDown;
    cell.joined |= cell.across_wire == wire;
    cell.upright_wire = wire;
  }
}

void Canvas::text(int row, int column, std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++column) at(row, column).character = next_character(utf8, i);
}

char32_t Canvas::character(const Cell& cell) {
  // By the sum of the directions that meet: left 1, right 2, up 4, down 8.
  constexpr std::u32string_view kLines = U" ╴╶─╵╯╰┴╷╮╭┬│┤├┼";
  if (cell.character != 0) return cell.character;
  const bool crossing = cell.across == (kLeft | kRight) && cell.upright == (kUp | kDown) && !cell.joined;
  return kLines[crossing ? cell.upright : cell.across | cell.upright];
}

bool Canvas::blank(int row) const {
  return line(row).empty();
}

std::string Canvas::line(int row) const {
  std::string out;
  std::size_t end = 0;
  for (int x = 0; x < columns_; ++x) {
    const char32_t c = character(at(row, x));
    append_utf8(out, c);
    if (c != U' ') end = out.size();
  }
  out.resize(end);
  return out;
}

}  // namespace procgraph
