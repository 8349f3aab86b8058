// Verb: one word after `procgraph`. main looks it up in the list, hands it its words and ends as it says.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "graph/channel_kind.h"
#include "os/guard.h"
#include "verbs/flags.h"

namespace procgraph {

// The exit codes that people's scripts may rely on (sysexits.h where it has one).
inline constexpr int kExitUsage = 2;
inline constexpr int kExitMachine = 69;  // this machine lacks what the plan needs
inline constexpr int kExitSystem = 71;   // an operating-system error
inline constexpr int kExitInput = 78;    // the file is wrong

// What main built and every verb may use.
struct Context {
  ChannelKinds kinds;
};

using Action = std::function<Outcome()>;

struct Verb {
  std::string_view name;
  std::string_view group;                                   // in the list of verbs
  std::string_view summary;                                 // one line
  std::string_view examples;                                // lines for --help
  Action (*declare)(Flags& flags, const Context& context);  // what it returns is called after parsing
};

[[nodiscard]] std::span<const Verb> all_verbs();
[[nodiscard]] std::string verb_help(const Verb& verb, const Flags& flags);
[[nodiscard]] std::string program_help();

// The verbs' files.
Action declare_run(Flags&, const Context&);
Action declare_exec(Flags&, const Context&);
Action declare_check(Flags&, const Context&);
Action declare_plan(Flags&, const Context&);
Action declare_graph(Flags&, const Context&);
Action declare_kinds(Flags&, const Context&);
Action declare_nodes(Flags&, const Context&);
Action declare_schema(Flags&, const Context&);
Action declare_doctor(Flags&, const Context&);
Action declare_put(Flags&, const Context&);
Action declare_get(Flags&, const Context&);
Action declare_each(Flags&, const Context&);
Action declare_ps(Flags&, const Context&);
Action declare_logs(Flags&, const Context&);
Action declare_events(Flags&, const Context&);
Action declare_stats(Flags&, const Context&);
Action declare_why(Flags&, const Context&);
Action declare_attach(Flags&, const Context&);
Action declare_wait(Flags&, const Context&);
Action declare_stop(Flags&, const Context&);
Action declare_restart(Flags&, const Context&);
Action declare_signal(Flags&, const Context&);
Action declare_pause(Flags&, const Context&);
Action declare_resume(Flags&, const Context&);
Action declare_new(Flags&, const Context&);
Action declare_completion(Flags&, const Context&);
Action declare_version(Flags&, const Context&);
Action declare_help(Flags&, const Context&);

}  // namespace procgraph
