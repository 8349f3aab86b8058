#include "options.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace pool {
namespace {

template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// "250ms".
bool read(std::string_view text, std::optional<std::chrono::milliseconds>& time) {
  std::int64_t count = 0;
  if (!text.ends_with("ms") || !read(text.substr(0, text.size() - 2), count)) return false;
  time = std::chrono::milliseconds(count);
  return true;
}

// "0,1".
bool read(std::string_view text, std::vector<int>& codes) {
  codes.clear();
  for (;;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (!read(text.substr(0, comma), codes.emplace_back())) return false;
    if (comma == text.size()) return true;
    text.remove_prefix(comma + 1);
  }
}

// "cpu=10:11": what it bounds, the soft and the hard limit.
bool read(std::string_view text, std::vector<Limit>& limits) {
  struct Name {
    std::string_view name;
    int resource;
  };
  constexpr std::array kNames{Name{"cpu", RLIMIT_CPU}, Name{"files", RLIMIT_NOFILE},
                              Name{"file_size", RLIMIT_FSIZE}, Name{"core", RLIMIT_CORE}};
  const std::size_t equals = text.find('='), colon = text.find(':');
  if (equals == text.npos || colon == text.npos || colon < equals) return false;
  for (const Name& row : kNames) {
    if (row.name != text.substr(0, equals)) continue;
    Limit limit{row.resource, {}};
    limits.push_back(limit);
    return read(text.substr(equals + 1, colon - equals - 1), limits.back().value.rlim_cur) &&
           read(text.substr(colon + 1), limits.back().value.rlim_max);
  }
  return false;
}

bool read(std::string_view text, std::string& value) {
  value = text;
  return !value.empty();
}

bool set(Options& options, std::string_view name) {
  if (name == "--no-wait") options.waits = false;
  if (name == "--each") options.each = true;
  if (name == "--outside") options.outside = true;
  return name == "--no-wait" || name == "--each" || name == "--outside";
}

bool set(Options& options, std::string_view name, std::string_view value) {
  if (name == "--runs") return read(value, options.runs) && options.runs > 0;
  if (name == "--batch") return read(value, options.batch) && options.batch > 0;
  if (name == "--within") return read(value, options.within);
  if (name == "--window") return read(value, options.window);
  if (name == "--tries") return read(value, options.tries);
  if (name == "--timeout") return read(value, options.timeout);
  if (name == "--ok") return read(value, options.ok);
  if (name == "--reject") return read(value, options.reject);
  if (name == "--limit") return read(value, options.limits);
  if (name == "--channel") return read(value, options.channel);
  if (name == "--graph") return read(value, options.graph);
  if (name == "--count") return read(value, options.count.emplace());
  if (name == "--patience") return read(value, options.patience);
  if (name == "--program") return read(value, options.program);
  return false;
}

}  // namespace

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  int i = 1;
  for (; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string_view name = argv[i];
    if (set(options, name)) continue;
    if (i + 1 == argc || !set(options, name, argv[++i])) {
      std::fprintf(stderr, "pool: '%s' makes no sense here\n", argv[i]);
      return std::nullopt;
    }
  }
  for (++i; i < argc; ++i) options.words.emplace_back(argv[i]);
  if (!options.words.empty() && !options.program.empty()) return options;
  std::fprintf(stderr, "usage: pool [OPTION…] --program PATH -- COMMAND [WORD…]\n");
  return std::nullopt;
}

}  // namespace pool
