// Reading what a process may use of the machine: 'limits', 'cpus', 'nice', 'oom_score_adj'.
#pragma once

#include "config/values.h"

namespace procgraph::config {

void read_limits(Reader& reader, const Field& field, ProcessSpec& process);
void read_cpus(Reader& reader, const Field& field, ProcessSpec& process);
void read_nice(Reader& reader, const Field& field, ProcessSpec& process);
void read_oom_score_adj(Reader& reader, const Field& field, ProcessSpec& process);

}  // namespace procgraph::config
