// The loop's door: programs that use its channels, and those that look at the run and act on it.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "os/process.h"
#include "procgraph/admin.h"
#include "procgraph/attach.h"
#include "supervise/loop.h"

namespace procgraph {

namespace {

// So many clients that the run itself has all the descriptors that it counts on; the limit is raised for them
// as far as it may be.
std::size_t most_clients(const Plan& plan) {
  constexpr rlim_t kDoor = 8, kFewest = 2;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const rlim_t wanted = plan.descriptors + kDoor + kMostClients;
  if (files.rlim_cur < wanted) {
    files.rlim_cur = std::min(files.rlim_max, wanted);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  const rlim_t run = plan.descriptors + kDoor;
  const rlim_t spare = files.rlim_cur > run ? files.rlim_cur - run : 0;
  return std::clamp<rlim_t>(spare, kFewest, kMostClients);
}

}  // namespace

// A run in which no channel is open goes on without a door where there is no place for it.
void Loop::open_door(Journal& journal, const RunOptions& options) {
  const bool guests =
      std::ranges::any_of(plan_.graph.channels, [](const Channel& channel) { return channel.outside.any(); });
  const std::vector<std::string> folders = meeting_folders();
  Result<Door> door = Door::open(folders, meeting_name(plan_.graph.name), guests);
  const int listener = door ? ::fcntl(door->control(), F_DUPFD_CLOEXEC, 0) : -1;
  if (listener < 0) {
    const std::string why =
        door ? Error{"a descriptor for programs outside", errno}.text() : door.error().text();
    if (guests || options.begun) throw std::runtime_error(why);
    return narrator_.no_door(why);
  }
  door_ = std::make_shared<Door>(std::move(*door));
  if (options.plate != nullptr) options.plate->write(door_->files());
  narrator_.door_open(door_->name(), guests);
  desk_.emplace(plan_, cast_, situation_, opened_, door_->name(), options.pid, hands());
  visitors_.emplace(io_, listener, journal, desk_->table(), most_clients(plan_));
  if (options.begun) options.begun(door_->name());
  if (!guests) return;
  outsiders_.emplace(
      io_, plan_, opened_, *numbers_, door_,
      Outsiders::Hears{.came =
                           [this](std::uint16_t number, pid_t pid) {
                             register_participant(opened_.roster(), number, pid, 0);
                             narrator_.came(number, pid);
                             outflow_.soon();
                           },
                       .gone = [this](std::uint16_t number,
                                      const std::set<ChannelId>& channels) { leave(number, channels); }});
}

void Loop::leave(std::uint16_t number, const std::set<ChannelId>& channels) {
  narrator_.recovered({}, number, ends_.reap_outsider(channels, number));
  narrator_.went(number);
  for (const ChannelId channel : channels) {
    if (look_for_poison(channel)) tell(event::Poisoned{channel});
    attendant_.notice(channel);
  }
  attend();
  outflow_.soon();
}

Desk::Hands Loop::hands() {
  return {.now = [this] { return clock_.now(); },
          .pid =
              [this](SpawnId id) {
                const pid_t pid = live_[id.value].child.pid;
                return pid > 0 ? narrator_.shown(pid) : -1;
              },
          .stopped_by = [this](SpawnId id) { return narrator_.stopped_by(id); },
          .look = [this] { return look_and_measure(); },
          .tell =
              [this](Event event) {
                if (!outcome_) tell(std::move(event));
              },
          .signal = [this](SpawnId id,
                           int signal) { return send_signal(live_[id.value].child.pidfd.get(), signal); },
          .signal_all =
              [this](std::span<const SpawnId> spawns, int signal) {
                std::vector<Family> families;
                for (const SpawnId id : spawns) families.push_back(family(id));
                signal_families(families, leftovers_.orphans(), signal);
              }};
}

void Loop::see_off() {
  if (!visitors_) return;
  visitors_->finish({{"code", outcome_->code}, {"signal", outcome_->signal}});
}

}  // namespace procgraph
