// LinePrinter: shows records of a running graph's journal as the run itself shows its lines.
#pragma once

#include <cstdio>
#include <map>
#include <string>

#include "verbs/running.h"

namespace procgraph {

class LinePrinter {
 public:
  struct Options {
    std::string color = "auto";
    bool no_prefix = false, timestamps = false;

    void declare(Flags& flags);
  };

  // Asks for the names of the processes, so that they align.
  LinePrinter(Client& client, const Json& processes, const Options& options);

  void print_line(const Json& record, std::FILE* to) const;
  // Of procgraph's own; news is left out.
  void print_words(const Json& record) const;

 private:
  const Options options_;
  std::map<std::string, unsigned> indexes_, colors_;  // of processes, and by label
  std::size_t width_ = 0;
};

}  // namespace procgraph
