#include "verbs/line_printer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "report/reporter.h"
#include "verbs/following.h"
#include "verbs/front.h"

namespace procgraph {

void LinePrinter::Options::declare(Flags& flags) {
  flags.toggle("--no-prefix", no_prefix, "lines without their process's name");
  flags.toggle("--timestamps", timestamps, "each line with its time");
  declare_color(flags, color);
}

LinePrinter::LinePrinter(Client& client, const Json& processes, const Options& options) : options_(options) {
  if (options.no_prefix) return;
  const Answer status = client.call("status", processes);
  if (!std::holds_alternative<Json>(status)) return;
  for (const Json& process : list_of(std::get<Json>(status), "processes")) {
    const std::string label = text_of(process, "label"), name = text_of(process, "process");
    colors_.try_emplace(label,
                        indexes_.try_emplace(name, static_cast<unsigned>(indexes_.size())).first->second);
    if (!flag_of(process, "builtin")) width_ = std::max(width_, label.size());
  }
}

void LinePrinter::print_line(const Json& record, std::FILE* to) const {
  const std::string label = escape(text_of(record, "process")), line = text_of(record, "line");
  const int fd = ::fileno(to);
  std::string text;
  if (options_.timestamps) text += clock_time(text_of(record, "time")) + ' ';
  if (!options_.no_prefix) {
    const auto index = colors_.find(label);
    const bool color = index != colors_.end() && use_color(options_.color, fd);
    if (color) text += label_color(index->second);
    text += label + std::string(width_ > label.size() ? width_ - label.size() : 0, ' ');
    text += kLabelBar;
    if (color) text += "\x1b[0m";
  }
  text += ::isatty(fd) == 1 ? escape_line(line) : line;
  if (flag_of(record, "cut")) text += kCutMark;
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), to);
}

void LinePrinter::print_words(const Json& record) const {
  if (text_of(record, "level") == "news") return;
  const std::string message = text_of(record, "message");
  std::string text =
      options_.timestamps ? clock_time(text_of(record, "time")) + " procgraph: " : "procgraph: ";
  for (std::size_t from = 0; from <= message.size();) {
    const std::size_t end = std::min(message.find('\n', from), message.size());
    if (from > 0) text += "             ";  // a continuation, as the run has it
    text += escape_line(std::string_view(message).substr(from, end - from)) + '\n';
    from = end + 1;
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace procgraph
