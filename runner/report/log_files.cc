#include "report/log_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "report/json_records.h"

namespace procgraph {
namespace {

constexpr std::chrono::seconds kPatience{10};  // with a disk that hangs
constexpr const char* kOwn = "_procgraph";     // which no process can be called

Error refused(const std::string& folder, int code) {
  if (code == EWOULDBLOCK) return {fmt::format("logs: folder '{}' is another run's", folder), 0};
  return {fmt::format("logs: folder '{}'", folder), code};
}

// Its parents must be there. Locked: two runs would turn each other's files.
Result<std::shared_ptr<const Folder>> open_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) return refused(path, errno);
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return refused(path, errno);
  auto folder = std::make_shared<const Folder>(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return refused(path, errno);
  if (::faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0) return refused(path, errno);
  return std::shared_ptr<const Folder>(std::move(folder));
}

class LogFiles : public Reporter {
 public:
  LogFiles(const LogFileOptions& options, std::shared_ptr<const Folder> folder,
           std::unique_ptr<Reporter> console)
      : options_(options),
        folder_(std::move(folder)),
        console_(std::move(console)),
        spooler_(options.room, [json = is_json()](std::uint64_t lines) { return missing(json, lines); }) {
    if (!options_.write) options_.write = ::write;
    own_ = file(kOwn);
  }

  void line(const Label& from, LogStream stream, std::string_view text, bool cut) override {
    console_->line(from, stream, text, cut);
    record_.clear();
    if (is_json()) {
      add_line_record(record_, from.name, stream, text, cut);
    } else {
      add_utc_time(record_);
      record_ += stream == LogStream::kOut ? " stdout " : " stderr ";
      record_ += text;
      if (cut) record_ += kCutMark;
      record_ += '\n';
    }
    spooler_.append(file(from.name), record_);
  }

  void news(std::string_view text) override {
    console_->news(text);
    own_words(Level::kNews, text);
  }
  void warning(std::string_view text) override {
    console_->warning(text);
    own_words(Level::kWarning, text);
  }
  void error(std::string_view text) override {
    console_->error(text);
    own_words(Level::kError, text);
  }
  void event(std::string_view what, std::string_view process, std::span<const Field> fields) override {
    console_->event(what, process, fields);
    if (!is_json()) return;  // our words say it
    record_.clear();
    add_event_record(record_, what, process, fields);
    spooler_.append(own_, record_);
  }

  Flow pump() override { return console_->pump(); }
  [[nodiscard]] std::size_t pending() const override { return console_->pending(); }

  void finish(std::chrono::nanoseconds most) override {
    if (!std::exchange(told_, true)) tell(most);
  }
  bool flush() override {
    finish(kPatience);
    return console_->flush();
  }

 private:
  [[nodiscard]] bool is_json() const { return options_.format == LogFormat::kJson; }

  static std::string missing(bool json, std::uint64_t lines) {
    std::string record;
    if (json) {
      add_missing_record(record, lines);
      return record;
    }
    add_utc_time(record);
    return record +
           fmt::format(" procgraph {} {} missing here\n", lines, lines == 1 ? "line is" : "lines are");
  }

  // Each of its lines is one.
  void own_words(Level level, std::string_view text) {
    record_.clear();
    if (is_json()) {
      add_words_record(record_, level, text);
      return spooler_.append(own_, record_);
    }
    for (;;) {
      const std::size_t end = text.find('\n');
      record_.clear();
      add_utc_time(record_);
      record_ += fmt::format(" {} {}\n", name(level), text.substr(0, end));
      spooler_.append(own_, record_);
      if (end == text.npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::size_t file(const std::string& name) {
    const auto [found, made] = files_.try_emplace(name, 0);
    if (!made) return found->second;
    const std::string file = name + ".log";
    found->second = spooler_.add(RotatingFile(folder_, file, options_.rotation, options_.write));
    names_.push_back(file);
    return found->second;
  }

  void tell(std::chrono::nanoseconds patience) {
    if (!spooler_.drain(patience)) {
      console_->warning(
          fmt::format("the disk of '{}' did not take the last lines of the logs", options_.folder));
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto [lines, code] = spooler_.loss(i);
      if (lines == 0) continue;
      console_->warning(fmt::format("{} {} missing in '{}/{}': {}", lines,
                                    lines == 1 ? "line is" : "lines are", options_.folder, names_[i],
                                    code == 0 ? "the disk was too slow" : std::strerror(code)));
    }
  }

  LogFileOptions options_;
  const std::shared_ptr<const Folder> folder_;
  const std::unique_ptr<Reporter> console_;
  Spooler spooler_;
  std::unordered_map<std::string, std::size_t> files_;  // by process
  std::vector<std::string> names_;
  std::size_t own_ = 0;
  std::string record_;
  bool told_ = false;
};

}  // namespace

Result<std::unique_ptr<Reporter>> with_log_files(const LogFileOptions& options,
                                                 std::unique_ptr<Reporter> console) {
  Result<std::shared_ptr<const Folder>> folder = open_folder(options.folder);
  if (!folder) return folder.error();
  try {
    return std::unique_ptr<Reporter>(
        std::make_unique<LogFiles>(options, std::move(*folder), std::move(console)));
  } catch (const std::runtime_error& refused) {  // no thread
    return Error{fmt::format("logs: {}", refused.what()), 0};
  }
}

}  // namespace procgraph
