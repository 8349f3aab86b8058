#include "queue/letter.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace procgraph::detail {
namespace {

constexpr std::size_t kLength = 2;  // bytes of the trailer's own length

template <class Number>
void read(std::string_view text, Number& number) {
  std::from_chars(text.data(), text.data() + text.size(), number);
}

void set(DeadLetter& letter, std::string_view key, std::string_view value) {
  if (key == "cause") letter.cause = value;
  if (key == "queue") letter.queue = value;
  if (key == "process") letter.process = value;
  if (key == "deliveries") read(value, letter.deliveries);
  if (key == "sequence") read(value, letter.sequence);
}

}  // namespace

std::string trailer_of(const DeadLetter& letter) {
  std::string text = "cause=" + letter.cause + ",queue=" + letter.queue + ",process=" + letter.process +
                     ",deliveries=" + std::to_string(letter.deliveries) +
                     ",sequence=" + std::to_string(letter.sequence);
  const std::size_t length = text.size();
  text += static_cast<char>(length & 0xff);
  text += static_cast<char>(length >> 8);
  return text;
}

std::size_t size_in_letter(std::span<const std::byte> bytes) {
  if (bytes.size() < kLength) return bytes.size();
  const std::span<const std::byte> last = bytes.last(kLength);
  const std::size_t length =
      kLength + (std::to_integer<std::size_t>(last[0]) | std::to_integer<std::size_t>(last[1]) << 8);
  return length > bytes.size() ? bytes.size() : bytes.size() - length;
}

DeadLetter read_trailer(std::span<const std::byte> trailer) {
  std::string_view text(reinterpret_cast<const char*>(trailer.data()), trailer.size() - kLength);
  DeadLetter letter;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    const std::size_t equals = field.find('=');
    if (equals != field.npos) set(letter, field.substr(0, equals), field.substr(equals + 1));
  }
  return letter;
}

}  // namespace procgraph::detail
