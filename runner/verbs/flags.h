// Flags: a verb's flags and arguments, declared once: parsing (CLI11, hidden here), help, completion and
// PROCGRAPH_… variables come from the same rows. Knows nothing of what the verbs do.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

struct FlagRow {
  std::string names;  // "-q,--quiet"; of an argument "FILE"
  std::string value;  // what stands after it: "DIR"; empty: a switch
  std::string help;
  std::vector<std::string> choices;
  bool argument = false;
  bool files = false;  // completion offers files
  bool repeated = false;
};

class Flags {
 public:
  Flags(std::string_view program, std::string_view verb);
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  // The variables outlive parse(). Each flag may also come from the environment: --log-format from
  // PROCGRAPH_LOG_FORMAT.
  void toggle(std::string names, bool& value, std::string help);
  void text(std::string names, std::string& value, std::string metavar, std::string help);
  void list(std::string names, std::vector<std::string>& values, std::string metavar, std::string help);
  void choice(std::string names, std::string& value, std::vector<std::string> choices, std::string help);
  void argument(const std::string& name, std::string& value, std::string help, bool required);
  void arguments(const std::string& name, std::vector<std::string>& values, std::string help);

  // Nothing if all is well, else one line for the person: what is wrong and the likeliest cure.
  [[nodiscard]] std::optional<std::string> parse(std::span<const std::string> words);

  [[nodiscard]] const std::vector<FlagRow>& rows() const { return rows_; }
  [[nodiscard]] std::string usage() const;  // "procgraph run [flags] [FILE...]"

 private:
  struct Parser;
  std::string verb_;
  std::vector<FlagRow> rows_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace procgraph
