#include "config/expand.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/socket_address.h"
#include "base/text.h"
#include "config/places.h"
#include "config/spec.h"
#include "config/tree.h"

namespace procgraph::config {
namespace {

constexpr std::size_t kMaxValue = 64U << 10;
constexpr int kMaxNested = 8;  // of ${A:-${B:-…}}
constexpr std::string_view kLiteral = "a '${' that is meant as text is written '$${'";

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool letter_or_digit(char c) {
  return letter(c) || (c >= '0' && c <= '9');
}

// Characters that cannot be in an argument, or that stand for ${replica} or a socket's address in a Spec.
std::optional<char> forbidden(std::string_view text) {
  constexpr std::string_view kForbidden("\0\x01\x02\x03", 4);
  const std::size_t at = text.find_first_of(kForbidden);
  if (at == std::string_view::npos) return {};
  return text[at];
}

}  // namespace

Mark Written::part(std::size_t offset, std::size_t bytes) const {
  if (!exact) return mark;
  Mark result = mark;
  result.column += code_points(text.substr(0, offset));
  result.length = std::max(code_points(text.substr(offset, bytes)), 1U);
  return result;
}

Written written(const YamlNode& scalar) {
  Written result{scalar.text(), scalar.mark, scalar.exact};
  if (scalar.exact && scalar.quoted) {
    result.mark.column += 1;
    result.mark.length -= std::min(result.mark.length - 1, 2U);
  }
  return result;
}

const std::string* Variables::find(const std::string& name) {
  asked_.insert(name);
  for (const auto* source :
       {&set_, &environment_, static_cast<const std::map<std::string, std::string>*>(&dotenv_),
        static_cast<const std::map<std::string, std::string>*>(&vars_)}) {
    auto found = source->find(name);
    if (found != source->end()) return &found->second;
  }
  return nullptr;
}

std::string Variables::did_you_mean(const std::string& name) const {
  std::vector<std::string> candidates;
  for (const auto* source : {&vars_, &dotenv_, &set_, &environment_}) {
    for (const auto& [candidate, value] : *source) candidates.push_back(candidate);
  }
  return procgraph::did_you_mean(name, candidates);
}

std::vector<std::string> Variables::unused_set() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : set_) {
    if (!asked_.contains(name)) names.push_back(name);
  }
  return names;
}

bool valid_variable(std::string_view name) {
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), letter_or_digit);
}

std::size_t end_of_form(std::string_view text, std::size_t offset) {
  int depth = 0;
  for (std::size_t at = offset; at < text.size(); ++at) {
    if (text.substr(at, 2) == "$$") {
      ++at;
    } else if (text.substr(at, 2) == "${") {
      ++depth;
      ++at;
    } else if (text[at] == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

struct Expander::Form {
  const Written& whole;  // the scalar
  std::size_t offset, size;
  std::string_view name;
  std::string_view operation;  // "", ":-" or ":?"
  std::size_t operand = 0;     // its offset in the scalar

  [[nodiscard]] std::string_view text() const { return whole.text.substr(offset, size); }
  [[nodiscard]] Mark mark() const { return whole.part(offset, size); }
  [[nodiscard]] Written rest() const {
    const std::size_t bytes = offset + size - 1 - operand;
    return {whole.text.substr(operand, bytes), whole.part(operand, bytes), whole.exact};
  }

  static Form parse(const Written& whole, std::size_t offset, std::size_t end) {
    Form form{whole, offset, end - offset, {}, {}};
    const std::string_view inside = whole.text.substr(offset + 2, form.size - 3);
    const auto* stop = std::find_if_not(inside.begin(), inside.end(), letter_or_digit);
    form.name = inside.substr(0, static_cast<std::size_t>(stop - inside.begin()));
    form.operation = inside.substr(form.name.size(), 2);
    form.operand = offset + 2 + form.name.size() + form.operation.size();
    return form;
  }
};

std::optional<std::string> Expander::expand(const Written& text, Replica replica) {
  std::string out;
  if (std::optional<char> bad = forbidden(text.text)) {
    problems_.error(text.mark,
                    fmt::format("the character \\x{:02x} cannot be in a value", static_cast<unsigned>(*bad)));
    return {};
  }
  if (text.text.find('$') == std::string_view::npos) return std::string(text.text);
  if (!append(out, text, replica, 0)) return {};
  return out;
}

bool Expander::append(std::string& out, const Written& text, Replica replica, int depth) {
  if (depth > kMaxNested) {
    problems_.error(text.mark, "too many ${…} inside each other");
    return false;
  }
  bool good = true;
  for (std::size_t at = 0; at < text.text.size();) {
    const std::size_t dollar = std::min(text.text.find('$', at), text.text.size());
    out += text.text.substr(at, dollar - at);
    at = dollar;
    if (text.text.substr(at, 2) == "$$") {
      out += '$';
      at += 2;
    } else if (text.text.substr(at, 2) == "${") {
      const std::size_t end = end_of_form(text.text, at);
      if (end == std::string_view::npos) {
        problems_.error(text.part(at, 2), "this '${' has no '}'", std::string(kLiteral));
        return false;
      }
      good = append_form(out, Form::parse(text, at, end), replica, depth) && good;
      at = end;
    } else if (at < text.text.size()) {
      out += text.text[at++];
    }
  }
  return good;
}

bool Expander::append_form(std::string& out, const Form& form, Replica replica, int depth) {
  if (form.name == "socket" && form.operation.starts_with('.')) return append_socket(out, form, replica);
  const bool known = form.operation.empty() || form.operation == ":-" || form.operation == ":?";
  if (!valid_variable(form.name) || !known) return refuse_form(form);
  if (form.name == "replica" || form.name == "replicas") {
    if (replica == Replica::kRefused || !form.operation.empty()) {
      problems_.error(form.mark(), fmt::format("'{}' has no meaning here", form.text()),
                      "it is filled in for each copy in command, env, cwd, cpus and in the file of a stream");
      return false;
    }
    out += form.name == "replica" ? kReplicaMark : kReplicasMark;
    return true;
  }
  const std::string* value = variables_.find(std::string(form.name));
  if (value != nullptr && (form.operation.empty() || !value->empty()))
    return check_value(*value, form) && append_value(out, *value, form);
  if (form.operation == ":-") {
    std::string otherwise;
    return append(otherwise, form.rest(), replica, depth + 1) && append_value(out, otherwise, form);
  }
  if (form.operation == ":?") {
    const std::string_view message = form.rest().text;
    problems_.error(form.mark(), message.empty() ? fmt::format("variable '{}' must be set", form.name)
                                                 : fmt::format("variable '{}': {}", form.name, message));
    return false;
  }
  report_unset(form);
  return false;
}

bool Expander::append_socket(std::string& out, const Form& form, Replica replica) {
  constexpr std::string_view kBefore = "${socket.";
  const std::string_view inside = form.text().substr(kBefore.size(), form.size - kBefore.size() - 1);
  const std::size_t dot = std::min(inside.find('.'), inside.size());
  const std::string_view socket = inside.substr(0, dot),
                         part = inside.substr(std::min(dot + 1, inside.size()));
  if (!valid_name(socket) || (part != "address" && part != "host" && part != "port")) {
    problems_.error(form.mark(),
                    fmt::format("'{}' is none of ${{socket.NAME.address}}, ${{socket.NAME.host}}, "
                                "${{socket.NAME.port}}",
                                form.text()));
    return false;
  }
  if (replica == Replica::kRefused) {
    problems_.error(form.mark(), fmt::format("'{}' has no meaning here", form.text()),
                    "a socket's address is filled in in command and env");
    return false;
  }
  out += socket_reference(socket, part);
  return true;
}

bool Expander::check_value(std::string_view value, const Form& form) {
  const std::optional<char> bad = forbidden(value);
  if (!bad) return true;
  problems_.error(form.mark(), fmt::format("the value of '{}' contains the character \\x{:02x}", form.name,
                                           static_cast<unsigned>(*bad)));
  return false;
}

bool Expander::append_value(std::string& out, std::string_view value, const Form& form) {
  if (out.size() + value.size() > kMaxValue || value.size() > left_) {
    problems_.error(form.mark(),
                    fmt::format("with the value of '{}' this grows beyond all measure", form.name),
                    "at most 64KiB for one value, 64MiB for all");
    return false;
  }
  left_ -= value.size();
  out += value;
  return true;
}

bool Expander::refuse_form(const Form& form) {
  problems_.error(
      form.mark(),
      fmt::format("'{}' is none of ${{NAME}}, ${{NAME:-default}}, ${{NAME:?message}}", form.text()),
      std::string(kLiteral));
  return false;
}

void Expander::report_unset(const Form& form) {
  const std::string name(form.name);
  const std::string near = variables_.did_you_mean(name);
  problems_.error(
      form.mark(), fmt::format("variable '{}' is not set", name),
      near.empty()
          ? fmt::format(
                "set it in vars:, in .env, in the environment or with --set {0}=…, or give a default: "
                "${{{0}:-…}}; {1}",
                name, kLiteral)
          : near);
}

}  // namespace procgraph::config
