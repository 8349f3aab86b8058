// Expansion of ${NAME} and its forms, after parsing, in single scalars: what comes in is never parsed or
// split again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/mark.h"
#include "config/problems.h"

namespace procgraph::config {

class YamlNode;

// A piece of text as it was written, before expansion.
struct Written {
  std::string_view text;
  Mark mark;
  bool exact = false;  // it stands at `mark` letter by letter, so that parts of it have places

  // The place of a part; of text that is not exact, the place of all.
  [[nodiscard]] Mark part(std::size_t offset, std::size_t bytes) const;
};

[[nodiscard]] Written written(const YamlNode& scalar);

// What ${NAME} can mean: from four sources, of which the later wins. References to the maps are kept.
class Variables {
 public:
  Variables(const std::map<std::string, std::string>& environment,
            const std::map<std::string, std::string>& set)
      : environment_(environment), set_(set) {}

  void add_dotenv(std::map<std::string, std::string> values) { dotenv_ = std::move(values); }
  void define(const std::string& name, std::string value) { vars_.insert_or_assign(name, std::move(value)); }

  [[nodiscard]] const std::string* find(const std::string& name);
  [[nodiscard]] std::string did_you_mean(const std::string& name) const;
  // Names of --set that no ${…} has asked for.
  [[nodiscard]] std::vector<std::string> unused_set() const;

 private:
  std::map<std::string, std::string> vars_, dotenv_;
  const std::map<std::string, std::string>& environment_;
  const std::map<std::string, std::string>& set_;
  std::set<std::string> asked_;
};

[[nodiscard]] bool valid_variable(std::string_view name);  // [A-Za-z_][A-Za-z0-9_]*

class Expander {
 public:
  // Where ${replica} and ${replicas} have a meaning, they become the marks of spec.h, and ${socket.NAME.PART}
  // that of base/socket_address.h; that there is such a socket is for the graph to say.
  enum class Replica { kKept, kRefused };

  Expander(Variables& variables, Problems& problems) : variables_(variables), problems_(problems) {}

  // Nothing if a problem was reported.
  [[nodiscard]] std::optional<std::string> expand(const Written& text, Replica replica);

 private:
  struct Form;  // one ${…}, taken apart

  bool append(std::string& out, const Written& text, Replica replica, int depth);
  bool append_form(std::string& out, const Form& form, Replica replica, int depth);
  bool append_socket(std::string& out, const Form& form, Replica replica);
  bool check_value(std::string_view value, const Form& form);
  bool append_value(std::string& out, std::string_view value, const Form& form);
  bool refuse_form(const Form& form);
  void report_unset(const Form& form);

  Variables& variables_;
  Problems& problems_;
  std::size_t left_ = 64U << 20;  // bytes that all expansions of one load may bring
};

// Where the ${…} that begins at `offset` ends (behind its brace), counting the forms inside it; npos: it does
// not.
[[nodiscard]] std::size_t end_of_form(std::string_view text, std::size_t offset);

}  // namespace procgraph::config
