#include <fmt/format.h>

#include "config/blank.h"
#include "config/command.h"
#include "config/places.h"

namespace procgraph::config {
namespace {

// One pass over a command. Every step leaves at_ behind what it took.
class Splitter {
 public:
  Splitter(const Written& text, Problems& problems) : written_(text), text_(text.text), problems_(problems) {}

  std::optional<std::vector<Word>> run() {
    std::vector<Word> words;
    while (good_ && skip_blanks()) {
      const std::size_t begin = at_;
      Word word{{}, {}, written_.exact};
      while (good_ && at_ < text_.size() && kBlank.find(text_[at_]) == std::string_view::npos)
        take(word, begin);
      word.mark = written_.part(begin, at_ - begin);
      words.push_back(std::move(word));
    }
    if (!good_) return {};
    return words;
  }

 private:
  // False at the end.
  bool skip_blanks() {
    const std::size_t begin = at_;
    bool new_line = false;
    while (at_ < text_.size()) {
      const bool continued = text_.substr(at_, 2) == "\\\n";
      if (!continued && kBlank.find(text_[at_]) == std::string_view::npos) break;
      new_line = new_line || (!continued && text_[at_] == '\n');
      at_ += continued ? 2 : 1;
    }
    if (at_ == text_.size()) return false;
    if (!new_line || begin == 0) return true;
    fail(begin, 1, "a new line would end this command",
         "for one command over several lines use '>' instead of '|', for a script use shell:");
    return false;
  }

  void take(Word& word, std::size_t begin) {
    const char c = text_[at_];
    if (c == '\'' || c == '"') {
      word.exact = false;
      take_quoted(word, c);
    } else if (c == '\\') {
      word.exact = false;
      take_escaped(word, true);
    } else if (c == '$') {
      take_dollar(word, true);
    } else if (std::string_view("|><;&*`").find(c) != std::string_view::npos || (c == '~' && at_ == begin)) {
      refuse_operator(c);
    } else {
      word.text += c;
      ++at_;
    }
  }

  void take_quoted(Word& word, char quote) {
    const std::size_t begin = at_++;
    while (good_ && at_ < text_.size() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '\\') {
        take_escaped(word, false);
      } else if (text_[at_] == '$') {
        take_dollar(word, false);
      } else {
        word.text += text_[at_++];
      }
    }
    if (good_ && at_ == text_.size()) {
      fail(begin, 1, fmt::format("this {} is never closed", quote == '"' ? "double quote" : "quote"), "");
    }
    ++at_;
  }

  // A backslash and what follows. In double quotes it only escapes what is special there.
  void take_escaped(Word& word, bool bare) {
    if (at_ + 1 == text_.size()) {
      if (bare) fail(at_, 1, "a backslash with nothing behind it", "a backslash as text is written '\\\\'");
      ++at_;
      return;
    }
    const char next = text_[at_ + 1];
    if (!bare && std::string_view("$`\"\\\n").find(next) == std::string_view::npos) word.text += '\\';
    if (next == '$') {
      word.text += "$$";  // so that expansion leaves it alone
    } else if (next != '\n') {
      word.text += next;
    }
    at_ += 2;
  }

  // '$$' and '${…}' stay as they are, whole, for expansion.
  void take_dollar(Word& word, bool bare) {
    const std::string_view two = text_.substr(at_, 2);
    std::size_t end = at_ + 1;
    if (two == "$$") {
      end = at_ + 2;
    } else if (two == "${") {
      end = std::min(end_of_form(text_, at_), text_.size());
    } else if (two == "$(" && bare) {
      fail(at_, 2, "'$(' has no meaning here: no shell runs this command",
           "use shell: for a script, or quote it");
    }
    word.text += text_.substr(at_, end - at_);
    at_ = end;
  }

  void refuse_operator(char c) {
    std::string cure = "use shell: for a script, or quote it";
    if (c == '|') cure = "use pipelines: to connect processes, shell: for a script, or quote it";
    if (c == '>') cure = "use stdout: {file: PATH}, shell: for a script, or quote it";
    if (c == '<') cure = "use stdin: {file: PATH}, shell: for a script, or quote it";
    if (c == '&') cure = "processes run side by side anyway; use shell: for a script, or quote it";
    fail(at_, 1, fmt::format("'{}' has no meaning here: no shell runs this command", c), std::move(cure));
  }

  void fail(std::size_t at, std::size_t bytes, std::string message, std::string hint) {
    problems_.error(written_.part(at, bytes), std::move(message), std::move(hint));
    good_ = false;
  }

  Written written_;
  std::string_view text_;
  Problems& problems_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace

std::optional<std::vector<Word>> split_words(const Written& text, Problems& problems) {
  return Splitter(text, problems).run();
}

}  // namespace procgraph::config
