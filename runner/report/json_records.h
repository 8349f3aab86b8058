// The records of the JSON lines, one line each, with the time of now, or of a while ago.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/log.h"
#include "report/reporter.h"

namespace procgraph {

// `from`: a label; `ago`: how long it is since then.
void add_line_record(std::string& to, std::string_view from, LogStream stream, std::string_view text,
                     bool cut, std::chrono::nanoseconds ago = {});
void add_words_record(std::string& to, Level level, std::string_view text);
void add_event_record(std::string& to, std::string_view what, std::string_view process,
                      std::span<const Field> fields);
// So many lines are missing here.
void add_missing_record(std::string& to, std::uint64_t lines);

// The time of now, or of a while ago, as the clock says it now: RFC 3339, UTC, milliseconds:
// "2026-01-02T03:04:05.678Z".
void add_utc_time(std::string& to, std::chrono::nanoseconds ago = {});

}  // namespace procgraph
