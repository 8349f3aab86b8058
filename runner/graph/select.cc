// What enabled: false, --only and --except leave of a graph. It was checked whole; here ends may vanish.
#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/text.h"
#include "graph/build.h"
#include "graph/channel_kind.h"
#include "graph/draft.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr const char* kDiscard = "discard";

class Selector {
 public:
  Selector(Graph graph, const Spec& spec, const Selection& selection, Diagnostics& diagnostics)
      : from_(std::move(graph)),
        spec_(spec),
        selection_(selection),
        diagnostics_(diagnostics),
        reason_(from_.processes.size()) {
    for (const Process& process : from_.processes) ids_.emplace(process.name, process.id);
  }

  Graph run() {
    choose();
    if (std::ranges::all_of(reason_, [](const auto& reason) { return reason.empty(); }))
      return std::move(from_);
    if (std::ranges::none_of(reason_, [](const auto& reason) { return reason.empty(); }) &&
        !diagnostics_.has_errors()) {
      diagnostics_.error({}, "nothing is left to run: every process is out");
    }
    copy_processes();
    copy_channels();
    for (Channel& channel : to_.channels) mend(channel);
    derive(to_, spec_);
    return std::move(to_);
  }

 private:
  std::optional<ProcessId> find(const std::string& name, std::string_view flag) {
    if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
    std::vector<std::string> names;
    for (const Process& process : from_.processes) names.push_back(process.name);
    const bool channel =
        std::ranges::any_of(from_.channels, [&](const Channel& c) { return c.name == name; });
    diagnostics_.error({},
                       cat(flag, " names ", channel ? "" : "unknown process ", quoted(name),
                           channel ? ", which is a channel" : ""),
                       channel ? cat(flag, " takes names of processes") : did_you_mean(name, names));
    return {};
  }

  void choose() {
    for (std::size_t i = 0; i < reason_.size(); ++i) {
      if (!spec_.processes[i].enabled) reason_[i] = "enabled: false";
    }
    if (!selection_.only.empty()) keep_only();
    for (const std::string& name : selection_.except) {
      if (const auto id = find(name, "--except")) reason_[id->value] = "--except";
    }
  }

  void keep_only() {
    std::vector<bool> kept(reason_.size(), false);
    std::vector<ProcessId> open;
    for (const std::string& name : selection_.only) {
      const auto id = find(name, "--only");
      if (!id) continue;
      open.push_back(*id);
      if (!reason_[id->value].empty()) {
        diagnostics_.error(from_.at(*id).mark,
                           cat("--only names ", quoted(name), ", which has 'enabled: false'"));
      }
    }
    while (!open.empty()) {
      const ProcessId id = open.back();
      open.pop_back();
      if (kept[id.value]) continue;
      kept[id.value] = true;
      for (const After& after : from_.at(id).after) open.push_back(after.process);
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (!kept[i] && reason_[i].empty()) reason_[i] = "not in --only";
    }
  }

  [[nodiscard]] bool stays(ProcessId id) const { return reason_[id.value].empty(); }

  void copy_processes() {
    to_.name = from_.name;
    to_.folder = from_.folder;
    to_.description = from_.description;
    to_.timeout = from_.timeout;
    to_.keep_going = from_.keep_going;
    to_.single = from_.single;
    to_.logs = from_.logs;
    to_.containment = from_.containment;
    to_.deadlock = from_.deadlock;
    to_.notes = from_.notes;
    new_id_.resize(from_.processes.size());
    for (Process& process : from_.processes) {
      if (!stays(process.id)) {
        to_.notes.push_back(
            cat("process ", quoted(process.name), " is out (", reason_[process.id.value], ')'));
        continue;
      }
      new_id_[process.id.value] = ProcessId{static_cast<std::uint32_t>(to_.processes.size())};
      to_.processes.push_back(process);
      to_.processes.back().ports.clear();
      to_.processes.back().id = new_id_[process.id.value];
    }
    for (Process& process : to_.processes) drop_met(process);
  }

  // An `after` on a process that is out is met.
  void drop_met(Process& process) {
    std::vector<After> kept;
    for (After after : process.after) {
      if (!stays(after.process)) {
        to_.notes.push_back(cat("process ", quoted(process.name), " does not wait for ",
                                quoted(from_.at(after.process).name)));
        continue;
      }
      after.process = new_id_[after.process.value];
      kept.push_back(after);
    }
    process.after = std::move(kept);
  }

  // Channels that nobody holds any more, and to which no dead letter goes, vanish. Ports keep the order in
  // which each process has them.
  void copy_channels() {
    std::vector<ChannelId> new_channel(from_.channels.size());
    std::vector<bool> held(from_.channels.size(), false);
    for (const Port& port : from_.ports) {
      if (stays(port.process)) held[port.channel.value] = true;
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (const Channel& channel : from_.channels) {
        if (!held[channel.id.value] || !channel.dead_letter.valid() || held[channel.dead_letter.value])
          continue;
        held[channel.dead_letter.value] = moved = true;
      }
    }
    for (const Channel& channel : from_.channels) {
      if (!held[channel.id.value]) continue;
      const ChannelId id{static_cast<std::uint32_t>(to_.channels.size())};
      new_channel[channel.id.value] = id;
      to_.channels.push_back(channel);
      to_.channels.back().id = id;
      to_.channels.back().writers.clear();
      to_.channels.back().readers.clear();
      had_.push_back({!channel.writers.empty(), !channel.readers.empty()});
    }
    for (Channel& channel : to_.channels) channel.takes_letters = false;
    for (Channel& channel : to_.channels) {
      if (!channel.dead_letter.valid()) continue;
      channel.dead_letter = new_channel[channel.dead_letter.value];
      to_.at(channel.dead_letter).takes_letters = true;
    }
    for (const Port& port : from_.ports) {
      if (stays(port.process)) copy_port(port, new_channel[port.channel.value]);
    }
  }

  void copy_port(Port port, ChannelId channel) {
    port.process = new_id_[port.process.value];
    port.channel = channel;
    const bool stream = port.stream;
    const int fd = port.fd.value_or(-1);
    const ProcessId process = port.process;
    const PortId id = add_port(to_, std::move(port));
    if (stream) to_.at(process).streams[static_cast<std::size_t>(fd)].port = id;
  }

  void mend(Channel& channel) {
    const auto [had_writers, had_readers] = had_[channel.id.value];
    if (channel.takes_letters) return;  // the runner writes it, and tells what is left in it
    if (channel.kind->served) {
      if (channel.readers.empty()) miss_server(channel);
    } else if (!channel.kind->flows) {
      return;  // its processes come and go
    } else if (channel.duplex) {
      if (channel.readers.size() == 1) end_from_start(channel);
    } else if (had_writers && channel.writers.empty() && !channel.outside.writes) {
      end_from_start(channel);
    } else if (had_readers && channel.readers.empty() && !channel.outside.reads) {
      discard(channel);
    }
  }

  // Its clients would wait for ever, or fail one after the other.
  void miss_server(const Channel& channel) {
    const std::string client = to_.at(to_.at(channel.writers.front()).process).name;
    const auto before = std::ranges::find(from_.channels, channel.name, &Channel::name);
    const ProcessId server = from_.at(before->readers.front()).process;
    diagnostics_
        .error(channel.mark,
               cat(named(channel), " has lost its server: process ", quoted(from_.at(server).name),
                   " is out (", reason_[server.value], ')'),
               cat("leave ", quoted(client), " out too, or let ", quoted(from_.at(server).name), " run"))
        .notes.push_back(
            {to_.at(channel.writers.front()).mark, cat("connected to here by ", quoted(client))});
  }

  void end_from_start(Channel& channel) {
    channel.ended_from_start = true;
    to_.notes.push_back(cat(named(channel), " is at its end from the start: ",
                            channel.duplex ? "its other side is out" : "nobody writes it"));
  }

  void discard(Channel& channel) {
    const ProcessId id{static_cast<std::uint32_t>(to_.processes.size())};
    Process process{
        .id = id, .name = cat(kDiscard, ':', channel.name), .mark = channel.mark, .builtin = true};
    process.command.words = {{kDiscard, channel.mark}};
    process.command.mark = channel.mark;
    process.command.folder = process.cwd = to_.folder;
    process.cwd_mark = channel.mark;
    process.streams[0].kind = StreamKind::kNone;
    process.service = std::ranges::all_of(channel.writers,
                                          [&](PortId port) { return to_.at(to_.at(port).process).service; });
    const bool bytes = channel.kind->bytes;
    if (!bytes) process.command.words.push_back({channel.name, channel.mark});
    to_.processes.push_back(std::move(process));
    to_.notes.push_back(
        cat(named(channel), " is read by a 'discard' of ours, which counts: its readers are out"));
    const ChannelId channel_id = channel.id;
    if (bytes) {
      connect_stream(to_, id, 0, channel_id, to_.at(channel_id).mark);
    } else {
      add_port(to_, {.process = id,
                     .channel = channel_id,
                     .name = channel.name,
                     .access = Access::kRead,
                     .mark = channel.mark});
    }
  }

  // title(), but with both names of an anonymous pipe though one of its ends is out.
  static std::string named(const Channel& channel) {
    return cat(channel.kind->title(), ' ', quoted(channel.name));
  }

  Graph from_;
  Graph to_;
  const Spec& spec_;
  const Selection& selection_;
  Diagnostics& diagnostics_;
  std::vector<std::string> reason_;  // by process: why it is out; empty: it stays
  std::vector<ProcessId> new_id_;
  std::unordered_map<std::string, ProcessId> ids_;
  struct Had {
    bool writers, readers;
  };
  std::vector<Had> had_;  // by new channel
};

}  // namespace

Graph select(Graph graph, const Spec& spec, const Selection& selection, Diagnostics& diagnostics) {
  return Selector(std::move(graph), spec, selection, diagnostics).run();
}

}  // namespace procgraph
