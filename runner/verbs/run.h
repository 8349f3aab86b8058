// What `run` and the verbs that end like it share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "verbs/front.h"

namespace procgraph {

struct RunFlags {
  FrontFlags front;
  std::string log_format = "text";
  std::string color = "auto";
  std::string timeout;
  std::function<void(const std::string&)> begun;  // called with the name by which the run is found
  bool detach = false;
  bool dry_run = false, keep_going = false, strict = false, no_prefix = false, timestamps = false,
       quiet = false, verbose = false;

  // All of them but those that say which file.
  void declare(Flags& flags);
};

// From the file's text to one exit code; returns only where nothing was started.
[[nodiscard]] Outcome run(const std::shared_ptr<RunFlags>& flags, const Context& context);

}  // namespace procgraph
