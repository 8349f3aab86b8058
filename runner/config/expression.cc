#include "config/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/text.h"
#include "config/blank.h"
#include "config/command.h"
#include "config/guard.h"
#include "config/places.h"

namespace procgraph {

using namespace config;

namespace {

constexpr std::uint64_t kMostCopies = 1'000'000;

struct Stage {
  std::size_t begin = 0, end = 0;  // of its command, in the expression
  std::uint64_t copies = 1;
  std::size_t counted = 0;  // where the number of copies stands
  std::vector<Word> words{};
  std::string name{};
};

// Cuts an expression into stages, by the words '!' and '*N' that are not quoted.
class Cutter {
 public:
  Cutter(std::string_view text, std::uint32_t file, Problems& problems)
      : text_(text), places_(text, file), problems_(problems) {}

  // Empty if a mistake was reported.
  std::vector<Stage> run() {
    Stage stage;
    bool counted = false;
    for (std::size_t at = skip_blanks(0); at < text_.size() && good_;) {
      const std::size_t end = end_of_word(at);
      const std::string_view word = text_.substr(at, end - at);
      if (word == "!") {
        finish(stage, at);
        stage = {.begin = end, .end = end};
        counted = false;
      } else if (counted) {
        fail(at, end, "here '!' or the end was expected: the number of copies is a stage's last word", "");
      } else if (word.size() > 1 && word[0] == '*' &&
                 std::isdigit(static_cast<unsigned char>(word[1])) != 0) {
        stage.copies = copies(at, end);
        stage.counted = at;
        counted = true;
      } else if (word == "|") {
        fail(at, end, "no shell runs this expression", "stages are separated by '!'");
      } else {
        if (stage.begin == stage.end) stage.begin = at;
        stage.end = end;
      }
      at = skip_blanks(end);
    }
    finish(stage, text_.size());
    return good_ ? std::move(stages_) : std::vector<Stage>();
  }

 private:
  [[nodiscard]] std::size_t skip_blanks(std::size_t at) const {
    return std::min(text_.find_first_not_of(kBlank, at), text_.size());
  }

  // A quote that is never closed reaches to the end; whoever splits the command says so.
  [[nodiscard]] std::size_t end_of_word(std::size_t at) const {
    while (at < text_.size() && kBlank.find(text_[at]) == std::string_view::npos) {
      const char c = text_[at];
      if (c == '\'' || c == '"') {
        at = end_of_quote(at);
      } else {
        at = c == '\\' ? at + 2 : text_.substr(at, 2) == "${" ? end_of_form(text_, at) : at + 1;
      }
    }
    return std::min(at, text_.size());
  }

  [[nodiscard]] std::size_t end_of_quote(std::size_t at) const {
    const char quote = text_[at++];
    for (; at < text_.size() && text_[at] != quote; ++at) {
      if (quote == '"' && text_[at] == '\\') ++at;
    }
    return at + 1;
  }

  std::uint64_t copies(std::size_t begin, std::size_t end) {
    const auto count = parse_whole(text_.substr(begin + 1, end - begin - 1));
    if (count && *count >= 1 && *count <= kMostCopies) return *count;
    fail(begin, end, fmt::format("copies are a whole number from 1 to {}", format_count(kMostCopies)),
         "as in: grep 7 *4");
    return 1;
  }

  void finish(const Stage& stage, std::size_t at) {
    if (!good_) return;
    if (stage.begin == stage.end)
      return fail(
          at, at + 1,
          stages_.empty() && at == text_.size() ? "the expression is empty" : "here a command was expected",
          "as in: 'seq 10 ! wc -l'");
    stages_.push_back(stage);
  }

  void fail(std::size_t begin, std::size_t end, std::string message, std::string hint) {
    const std::string_view part = text_.substr(std::min(begin, text_.size()), end - begin);
    problems_.error(places_.at(begin, std::max(code_points(part), 1U)), std::move(message), std::move(hint));
    good_ = false;
  }

  std::string_view text_;
  Places places_;
  Problems& problems_;
  std::vector<Stage> stages_;
  bool good_ = true;
};

// Names that no two have: "grep", "grep-2".
class NamesOfParts {
 public:
  std::string take(std::string wish) {
    constexpr std::size_t kLongest = 50;
    wish.resize(std::min(wish.size(), kLongest));
    if (!valid_name(wish)) wish = "stage";
    std::string name = wish;
    for (unsigned n = 2; !taken_.insert(name).second; ++n) name = fmt::format("{}-{}", wish, n);
    return name;
  }

 private:
  std::set<std::string, std::less<>> taken_{"none", "log", "inherit"};
};

// As a word of a list; JSON's quotes are YAML's too.
std::string quoted_word(const std::string& word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' || c == '.';
  };
  const bool safe =
      !word.empty() && std::ranges::all_of(word, plain) && word != "null" && word != "Null" && word != "NULL";
  return safe ? word : nlohmann::json(word).dump();
}

// With exit code 1 they say that they have found nothing. As a part of a pipeline that is no failure, least
// of all of a copy that has got few lines; at its end it is the answer.
bool may_find_nothing(const Stage& stage, bool last) {
  constexpr std::string_view kSeekers[] = {"grep", "egrep", "fgrep", "zgrep", "rg"};
  const std::string_view program = stage.words.front().text;
  const bool seeks =
      std::ranges::find(kSeekers, program.substr(program.rfind('/') + 1)) != std::end(kSeekers);
  return seeks && (!last || stage.copies > 1);
}

// Writes the file, and where in the expression each of its lines comes from.
class FileWriter {
 public:
  FileWriter(std::string_view expression, std::uint32_t file)
      : expression_(expression), places_(expression, file) {}

  ExpressionFile write(std::vector<Stage> stages) {
    NamesOfParts names;
    for (Stage& stage : stages) {
      const std::string& program = stage.words.front().text;
      stage.name = names.take(program.substr(program.rfind('/') + 1));
    }
    const Mark whole = mark(0, expression_.size());
    add(whole, "name: exec");
    add(whole, "processes:");
    std::vector<std::string> line, queues;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      const bool last = i + 1 == stages.size();
      add_process(stages[i], i == 0, last);
      line.push_back(stages[i].name);
      if (last || (stages[i].copies == 1 && stages[i + 1].copies == 1)) continue;
      queues.push_back(names.take(fmt::format("{}-{}", stages[i].name, stages[i + 1].name)));
      line.push_back(queues.back());
    }
    if (!queues.empty()) add(whole, fmt::format("queues: [{}]", join(queues, ", ")));
    if (line.size() > 1) {
      add(whole, "pipelines:");
      add(whole, fmt::format("  - [{}]", join(line, ", ")));
    }
    return std::move(file_);
  }

 private:
  // What stands between two places, as far as its line goes.
  [[nodiscard]] Mark mark(std::size_t begin, std::size_t end) {
    const std::string_view part = expression_.substr(begin, end - begin);
    return places_.at(begin, std::max(code_points(part.substr(0, part.find('\n'))), 1U));
  }
  [[nodiscard]] Mark mark_of_word(std::size_t begin) {
    return mark(begin, std::min(expression_.find_first_of(kBlank, begin), expression_.size()));
  }

  void add(const Mark& place, const std::string& text) {
    file_.text += text + '\n';
    file_.places.push_back(place);
  }

  void add_process(const Stage& stage, bool first, bool last) {
    std::vector<std::string> words;
    for (const Word& word : stage.words) words.push_back(quoted_word(word.text));
    const Mark whole = mark(stage.begin, stage.end);
    add(whole, fmt::format("  {}:", stage.name));
    add(mark_of_word(stage.begin), fmt::format("    command: [{}]", join(words, ", ")));
    if (may_find_nothing(stage, last)) add(whole, "    ok_codes: [0, 1]");
    if (stage.copies > 1) add(mark_of_word(stage.counted), fmt::format("    replicas: {}", stage.copies));
    if (first && stage.copies == 1) add(whole, "    stdin: inherit");  // copies cannot share it
    if (last) add(whole, "    stdout: inherit");
  }

  std::string_view expression_;
  Places places_;
  ExpressionFile file_;
};

}  // namespace

std::optional<ExpressionFile> file_of_expression(Source& expression, std::uint32_t file,
                                                 Diagnostics& diagnostics) {
  Problems problems(diagnostics);
  if (!guard(expression, file, problems)) return {};
  const std::string_view text = expression.text;
  std::vector<Stage> stages = Cutter(text, file, problems).run();
  Places places(text, file);
  for (Stage& stage : stages) {
    const std::string_view command = text.substr(stage.begin, stage.end - stage.begin);
    const bool exact = command.find('\n') == std::string_view::npos;
    auto words = split_words({.text = command, .mark = places.at(stage.begin), .exact = exact}, problems);
    if (words) stage.words = std::move(*words);
  }
  if (problems.errors() > 0) return {};
  return FileWriter(text, file).write(std::move(stages));
}

}  // namespace procgraph
