// LogFiles: a reporter that writes all that passes through it into files, too: NAME.log for each process, and
// _procgraph.log for our own words and all events. Never waits for the disk: what it is too slow for, or
// refuses, is missing there, is said so there, and is told at the end.
#pragma once

#include <memory>
#include <string>

#include "procgraph/result.h"
#include "report/reporter.h"
#include "report/rotating_file.h"
#include "report/spooler.h"

namespace procgraph {

struct LogFileOptions {
  std::string folder;  // made if it is not there
  Rotation rotation;
  LogFormat format = LogFormat::kText;
  Spooler::Room room{};
  WriteCall write{};  // empty: write(2)
};

// Fails where the folder cannot be made or written, or is another run's.
[[nodiscard]] Result<std::unique_ptr<Reporter>> with_log_files(const LogFileOptions& options,
                                                               std::unique_ptr<Reporter> console);

}  // namespace procgraph
