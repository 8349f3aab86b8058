// The console: "name │ line", aligned, each process in its colour on a terminal.
#include <array>
#include <ctime>

#include "base/text.h"
#include "report/output.h"

namespace procgraph {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::size_t kIndent = sizeof "procgraph:   " - 1;  // of a continuation of our own words

// Neighbours differ in hue, and the second round in brightness; red is for errors.
constexpr std::array<std::string_view, 10> kColours{"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m",
                                                    "\x1b[34m", "\x1b[96m", "\x1b[93m", "\x1b[95m",
                                                    "\x1b[92m", "\x1b[94m"};

std::string_view colour_of(Level level) {
  constexpr std::array<std::string_view, 3> kOfLevel{"\x1b[2m", "\x1b[1;33m", "\x1b[1;31m"};
  return kOfLevel[static_cast<std::size_t>(level)];
}

// "12:34:56.789 ", as spdlog's "%H:%M:%S.%e ".
void add_time(std::string& text) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  ::localtime_r(&now.tv_sec, &parts);
  std::array<char, 32> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), "%H:%M:%S.", &parts);
  text.append(buffer.data(), size);
  const auto milliseconds = static_cast<unsigned>(now.tv_nsec / 1'000'000);
  for (const unsigned unit : {100U, 10U, 1U}) text += static_cast<char>('0' + milliseconds / unit % 10);
  text += ' ';
}

class Console : public Output {
 public:
  Console(const ReportOptions& options, int out, int err)
      : Output(options, options.timestamps ? "%H:%M:%S.%e procgraph: %v" : "procgraph: %v", out, err),
        options_(options) {}

  void line(const Label& from, LogStream stream, std::string_view text, bool cut) override {
    const bool is_out = stream == LogStream::kOut;
    Outlet& outlet = is_out ? out_ : err_;
    std::string& to = outlet.buffer();
    if (options_.timestamps) add_time(to);
    if (options_.prefix) add_prefix(to, from, is_out ? options_.color_out : options_.color_err);
    if (outlet.terminal()) {
      if (text.ends_with('\r')) text.remove_suffix(1);  // of a program that ends lines as networks do
      to += escape_line(text);
    } else {
      to += text;
    }
    if (cut) to += kCutMark;
    to += '\n';
  }

  void event(std::string_view, std::string_view, std::span<const Field>) override {}

 private:
  void add_prefix(std::string& to, const Label& from, bool color) const {
    if (color) to += label_color(from.colour);
    to += from.name;
    if (from.name.size() < options_.label_width) to.append(options_.label_width - from.name.size(), ' ');
    to += kLabelBar;
    if (color) to += kReset;
  }

  void own_words(Level level, std::string_view, std::string_view line) override {
    std::string& to = err_.buffer();
    const std::string_view name = "procgraph:";
    if (const std::size_t at = line.find(name); options_.color_err && at != line.npos) {
      to += line.substr(0, at);
      to += colour_of(level);
      to += name;
      to += kReset;
      line.remove_prefix(at + name.size());
    }
    for (std::size_t end = line.find('\n'); end != line.npos; end = line.find('\n')) {
      to += escape_line(line.substr(0, end));
      to += '\n';
      to.append(kIndent, ' ');
      line.remove_prefix(end + 1);
    }
    to += escape_line(line);
    to += '\n';
  }

  const ReportOptions options_;
};

}  // namespace

std::string_view label_color(unsigned index) {
  return kColours[index % kColours.size()];
}

std::unique_ptr<Reporter> make_console(const ReportOptions& options, int out, int err) {
  return std::make_unique<Console>(options, out, err);
}

}  // namespace procgraph
