#include "procgraph/node.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "answers.h"
#include "area/port.h"
#include "area/sync.h"
#include "attach.h"
#include "ends.h"
#include "environment.h"
#include "mapping.h"
#include "notify.h"
#include "outside.h"
#include "procgraph/admin.h"
#include "queue/recovery.h"
#include "roster.h"
#include "selection.h"

namespace procgraph {
namespace {

using detail::AreaPort;
using detail::Port;
using detail::QueuePort;
using detail::SyncKind;

constexpr int kBrokenPipe = 128 + SIGPIPE;

std::terminate_handler otherwise = nullptr;

// An uncaught NoReaders ends the process as a cut-off pipeline's part ends, without a core.
void end_if_cut_off() {
  if (auto exception = std::current_exception()) {
    try {
      std::rethrow_exception(exception);
    } catch (const NoReaders& e) {
      std::fprintf(stderr, "%s\n", e.what());
      std::fflush(nullptr);
      _exit(kBrokenPipe);
    } catch (...) {
    }
  }
  otherwise();
}

std::atomic<bool> asked_to_end = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void take_over_term() {
  struct sigaction action {};
  if (sigaction(SIGTERM, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_handler = [](int) { asked_to_end = true; };
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
}

bool has_one_cpu() {
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) <= 1;
}

bool has_messages(const Port& port) {
  return port.info.kind == "queue" || port.info.kind == "topic";
}

std::string list_of(const std::vector<PortInfo>& ports) {
  std::string text;
  for (const PortInfo& p : ports)
    text += (text.empty() ? "'" : ", '") + p.name + "' (" + p.access + " " + p.kind + ")";
  return text.empty() ? "it has none" : "it has " + text;
}

}  // namespace

struct Node::State {
  // Of a program outside: to the run. Hung up after all else is gone, for then the runner takes back what we
  // have.
  std::unique_ptr<detail::Outside> line;
  detail::Environment environment;
  std::vector<PortInfo> infos;
  detail::ForkGuard guard;
  detail::Mapping roster;
  detail::Roster bells;
  detail::Bridges bridges;
  std::map<std::string, std::unique_ptr<QueuePort>, std::less<>> queues;
  std::unique_ptr<detail::Answers> answers;  // of an ordered process
  std::map<std::string, std::unique_ptr<AreaPort>, std::less<>> areas;
  std::map<std::string, std::atomic<int>, std::less<>> open_writers;  // by channel
  std::map<std::string, std::mutex, std::less<>> counting;            // by channel
  std::map<std::string, std::atomic<bool>, std::less<>> taken;        // connections, by port
  std::uint16_t started = 0;  // the number of the process that was started
  std::string stranger;       // why nothing that lies in memory can be used
  std::mutex opening;         // of a program outside, whose ports are opened when they are asked for

  explicit State(const std::string& graph) {
    line = std::make_unique<detail::Outside>(graph, [this] { leave_all(); });
    environment.graph = line->graph();
  }

  explicit State(detail::Environment e) : environment(std::move(e)) {
    for (const Port& port : environment.ports) infos.push_back(port.info);
    for (const Port& port : environment.ports) {
      if (port.fd >= 0) {
        fcntl(port.fd, F_SETFD, FD_CLOEXEC);
        taken[port.info.name] = false;
      }
    }
    started = environment.participant;
    if (started == 0) return;
    try {
      open_queues();
    } catch (const NotInGraph& refused) {
      if (!is_guest()) throw;
      stranger = refused.what();
      if (fcntl(environment.roster, F_GETFD) < 0)
        stranger +=
            "; whoever started this program must let it inherit its descriptors (Python: close_fds=False)";
      // Told to whoever wants what lies in memory; the rest it may use.
    }
  }

  // The inherited number belongs to the process that was started. What that one starts may take part too,
  // each with a number of its own.
  [[nodiscard]] bool is_guest() const { return environment.pid != getpid(); }

  void open_queues() {
    std::set<int> descriptors{environment.roster};
    open_roster(environment.roster);
    if (is_guest()) environment.participant = detail::ask_for_number(environment);
    for (const Port& port : environment.ports) {
      if (!port.is_native()) continue;
      if (has_messages(port)) open_queue(port, port.info.name);
      if (port.info.kind == "shared_memory") open_area(port);
      descriptors.insert({port.control, port.payload});
    }
    for (int fd : descriptors) close(fd);
    join_answers();
  }

  void join_answers() {
    QueuePort *in = nullptr, *out = nullptr;
    for (auto& [name, queue] : queues)
      if (queue->port.ordered) (queue->port.reads() ? in : out) = queue.get();
    if (in == nullptr || out == nullptr) return;
    answers = std::make_unique<detail::Answers>(*out);
    in->view.answers = out->answers = answers.get();
  }

  void open_roster(int fd) {
    auto region = detail::Mapping::map(fd, true, "the roster");
    if (!region) throw NotInGraph(region.error().text() + "; was another Node made before?");
    auto attached = detail::Roster::attach(region->bytes());
    if (!attached) throw NotInGraph(attached.error().text());
    if (auto kept = region->protect(detail::kRosterReadOnly); !kept) throw Failure(kept.error().text());
    roster = std::move(*region);
    bells = *attached;
  }

  void open_queue(const Port& port, const std::string& key) {
    auto queue = std::make_unique<QueuePort>();
    queue->port = port;
    std::string name = queue->name();
    auto control = detail::Mapping::map(port.control, true, name.c_str());
    if (!control) throw NotInGraph(control.error().text() + "; was another Node made before?");
    auto payload = detail::Mapping::map(port.payload, port.writes(), name.c_str());
    if (!payload) throw NotInGraph(payload.error().text());
    auto view = attach(port, control->bytes(), payload->bytes());
    if (!view) throw NotInGraph(name + ": " + view.error().text());
    if (view->memory.control().header.prefault != 0) {
      control->populate(true);
      payload->populate(port.writes());
    }
    queue->control = std::move(*control);
    queue->payload = std::move(*payload);
    queue->view = *view;
    queue->view.roster = bells;
    queue->view.self = environment.participant;
    queue->view.home = guard.word();
    queue->view.counting = &counting[port.info.channel];
    queue->spins = !has_one_cpu();
    // The end of data is a matter of the process that was started.
    if (!is_guest()) queue->open_writers = &open_writers[port.info.channel];
    if (!is_guest() && port.writes()) open_writing(*queue);
    if (queue->is_topic() && port.reads()) open_reading(*queue);
    queues[key] = std::move(queue);
  }

  // Of a program outside: the channel's end, opened by the first who asks for it.
  [[nodiscard]] QueuePort& outside(std::string_view channel, bool to_write) {
    line->require_ours();
    const std::lock_guard lock(opening);
    const std::string key = std::string(to_write ? "> " : "< ").append(channel);
    if (const auto found = queues.find(key); found != queues.end()) return *found->second;
    const detail::Outside::Grant grant = line->ask(channel, to_write);
    environment.participant = grant.participant;
    if (!bells.attached()) open_roster(grant.roster.get());
    Port port;
    port.info = {.name = std::string(channel),
                 .channel = std::string(channel),
                 .kind = grant.topic ? "topic" : "queue",
                 .access = to_write ? "write" : "read"};
    port.control = grant.control.get();
    port.payload = grant.payload.get();
    port.reader = grant.reader;
    open_queue(port, key);
    if (line->is_over()) leave_all_unlocked();  // it may have been too early to see this one
    return *queues.find(key)->second;
  }

  // The run is over: whoever of ours waits is woken, and finds it so.
  void leave_all() {
    const std::lock_guard lock(opening);
    leave_all_unlocked();
  }
  void leave_all_unlocked() {
    for (const auto& [key, queue] : queues) announce(queue->view, detail::kOver);
  }

  [[nodiscard]] static Result<detail::TopicView> attach(const Port& port, std::span<std::byte> control,
                                                        std::span<std::byte> payload) {
    if (port.info.kind == "topic") return detail::TopicView::attach(control, payload);
    auto memory = detail::QueueMemory::attach(control, payload);
    if (!memory) return memory.error();
    detail::TopicView view;
    view.memory = *memory;
    return view;
  }

  void open_reading(QueuePort& topic) {
    const std::uint32_t place = topic.port.reader + environment.replica;
    if (line) {  // nobody else has it: the runner has opened it for us
      if (!subscribe(topic.subscription, topic.view, place))
        throw NotInGraph(topic.name() + " has no such place for a reader");
    } else if (!follow(topic.subscription, topic.view, place, started)) {
      throw NotInGraph(topic.name() + ": another process of this node reads it, and one at a time can");
    }
    topic.view.subscription = &topic.subscription;
  }

  void open_area(const Port& port) {
    auto area = std::make_unique<AreaPort>();
    area->port = port;
    const std::string name = area->name();
    auto control = detail::Mapping::map(port.control, true, name.c_str());
    if (!control) throw NotInGraph(control.error().text() + "; was another Node made before?");
    auto data = detail::Mapping::map(port.payload, port.writes(), name.c_str());
    if (!data) throw NotInGraph(data.error().text());
    auto memory = detail::AreaMemory::attach(control->bytes(), data->bytes());
    if (!memory) throw NotInGraph(name + ": " + memory.error().text());
    area->control = std::move(*control);
    area->data = std::move(*data);
    area->memory = *memory;
    area->self = environment.participant;
    area->home = guard.word();
    auto& place = areas[port.info.name];
    if (!place || port.writes()) place = std::move(area);
  }

  // A process that was started again has its end again.
  void open_writing(QueuePort& queue) {
    queue.open_writers->fetch_add(1);
    std::uint16_t self = environment.participant;
    queue.view.control().gone[self / 64].fetch_and(~(std::uint64_t{1} << (self % 64)));
  }

  // Who asks for a port opens it; the runner tells the user of those that nobody asked for.
  [[nodiscard]] const Port& find(std::string_view name) {
    for (std::size_t i = 0; i < environment.ports.size(); ++i) {
      if (environment.ports[i].info.name != name) continue;
      if (i < 64 && bells.attached() && stranger.empty())
        bells.opened(environment.participant).fetch_or(std::uint64_t{1} << i);
      return environment.ports[i];
    }
    if (line)
      throw NoSuchPort("a program outside the graph has no port '" + std::string(name) +
                       "': it has the readers and writers of channels with 'external'");
    throw NoSuchPort("process '" + environment.process + "' has no port '" + std::string(name) + "'; " +
                     list_of(infos));
  }

  // The port's one descriptor, from now on the caller's.
  void take(const Port& port, const std::string& what) {
    if (taken.find(port.info.name)->second.exchange(true)) {
      throw NoSuchPort("the " + what + " of port '" + port.info.name +
                       "' was taken already: there is one per port");
    }
  }

  [[nodiscard]] QueuePort& queue(std::string_view name, bool to_write) {
    if (line) return outside(name, to_write);
    const Port& port = find(name);
    const PortInfo& info = port.info;
    if (!has_messages(port)) {
      throw NoSuchPort("port '" + info.name + "' of process '" + environment.process + "' is a " + info.kind +
                       (info.kind == "pipe"            ? ": use connection()"
                        : info.kind == "socket"        ? ": use listener() or address()"
                        : info.kind == "shared_memory" ? ": use shared_memory()"
                                                       : ", which this version of the SDK does not know"));
    }
    if (to_write ? !port.writes() : !port.reads()) {
      throw NoSuchPort("process '" + environment.process + "' only " + (to_write ? "reads" : "writes") +
                       " '" + info.name + "': name it in `" + (to_write ? "writes" : "reads") + "` as well");
    }
    auto found = queues.find(name);
    if (found != queues.end()) return *found->second;
    refuse_stranger(info.kind + " '" + info.channel + "'");
  }

  [[nodiscard]] AreaPort& area(std::string_view name) {
    const PortInfo& info = find(name).info;
    if (info.kind != "shared_memory") {
      throw NoSuchPort("port '" + info.name + "' of process '" + environment.process + "' is a " + info.kind +
                       ", not shared memory");
    }
    auto found = areas.find(name);
    if (found != areas.end()) return *found->second;
    refuse_stranger("area '" + info.channel + "'");
  }

  [[noreturn]] void refuse_stranger(const std::string& what) const {
    throw NotInGraph(what + " is out of reach: " + stranger);
  }

  // The area's object of that name, which is, or becomes, of that kind.
  [[nodiscard]] std::pair<detail::SyncObject*, detail::Made> sync_object(AreaPort& area,
                                                                         std::string_view name, SyncKind kind,
                                                                         std::uint32_t first = 0) {
    constexpr const char* kNames[] = {"nothing", "a lock", "an event", "a semaphore"};
    area.require_ours();
    detail::SyncObject* object = area.memory.find(name);
    const std::string what = "'" + std::string(name) + "' of " + area.name();
    if (object == nullptr) throw Failure("there is no " + what + ": name it in its 'sync'");
    const detail::Made made = detail::make(*object, kind, first);
    if (made.kind == kind) return {object, made};
    const auto is = static_cast<std::size_t>(made.kind);
    throw Failure(what + " is " + (is < std::size(kNames) ? kNames[is] : "something else") + ", not " +
                  kNames[static_cast<std::size_t>(kind)]);
  }
};

Node::Node() {
  state_ =
      std::make_unique<State>(detail::read_environment([](const char* name) { return std::getenv(name); }));
  if (std::get_terminate() != end_if_cut_off) otherwise = std::set_terminate(end_if_cut_off);
}

Node Node::outside(std::string_view graph) {
  return Node(std::make_unique<State>(std::string(graph)));
}

Node::Node(std::unique_ptr<State> state) : state_(std::move(state)) {}
Node::~Node() {
  if (state_->line) state_->line->stop();  // nobody calls us back from here on
}

const std::string& Node::graph() const {
  return state_->environment.graph;
}
const std::string& Node::name() const {
  return state_->environment.process;
}
std::uint32_t Node::replica() const {
  return state_->environment.replica;
}
std::uint32_t Node::replicas() const {
  return state_->environment.replicas;
}
const std::vector<PortInfo>& Node::ports() const {
  return state_->infos;
}

Reader Node::reader(std::string_view port) {
  QueuePort& queue = state_->queue(port, false);
  return Reader(std::make_unique<detail::ReaderState>(queue));
}

Writer Node::writer(std::string_view port) {
  return Writer(std::make_unique<detail::WriterState>(state_->queue(port, true)));
}

Connection Node::connection(std::string_view name) {
  const Port& port = state_->find(name);
  if (port.fd < 0 || port.info.kind == "socket") {
    throw NoSuchPort("port '" + port.info.name + "' of process '" + state_->environment.process + "' is a " +
                     port.info.kind + ": use " +
                     (port.info.kind == "socket"          ? "listener() or address()"
                      : port.info.kind == "shared_memory" ? "shared_memory()"
                                                          : "reader() or writer()"));
  }
  state_->take(port, "connection");
  auto access = port.info.access == "both"   ? Connection::Access::kBoth
                : port.info.access == "read" ? Connection::Access::kRead
                                             : Connection::Access::kWrite;
  return Connection(port.fd, access, "pipe '" + port.info.channel + "'");
}

SharedMemory Node::shared_memory(std::string_view port) {
  return SharedMemory(state_->area(port));
}

Lock Node::lock(std::string_view port, std::string_view name) {
  AreaPort& area = state_->area(port);
  return Lock(area, state_->sync_object(area, name, SyncKind::kLock).first->word);
}

Event Node::event(std::string_view port, std::string_view name) {
  AreaPort& area = state_->area(port);
  return Event(area, *state_->sync_object(area, name, SyncKind::kEvent).first);
}

Semaphore Node::semaphore(std::string_view port, std::string_view name, std::uint32_t permits) {
  if (permits > detail::kMostPermits) throw Failure("a semaphore holds at most 2147483647 permits");
  AreaPort& area = state_->area(port);
  const auto [object, made] = state_->sync_object(area, name, SyncKind::kSemaphore, permits);
  return Semaphore(area, *object, made.first);
}

int Node::listener(std::string_view name) {
  const Port& port = state_->find(name);
  if (port.info.access != "serve") {
    throw NoSuchPort("process '" + state_->environment.process + "' does not serve '" + port.info.name +
                     "', which is a " + port.info.kind +
                     (port.info.access == "connect" ? " it connects to" : ""));
  }
  if (port.fd < 0) {
    throw NoSuchPort("socket '" + port.info.channel +
                     "' is opened by its server ('open: server'): listen at " + address(name));
  }
  state_->take(port, "listener");
  return port.fd;
}

std::string Node::address(std::string_view name) const {
  const Port& port = state_->find(name);
  const char* address = port.variable.empty() ? nullptr : std::getenv(port.variable.c_str());
  if (address != nullptr) return address;
  throw NoSuchPort("port '" + port.info.name + "' of process '" + state_->environment.process + "' is a " +
                   port.info.kind + " and has no address");
}

std::vector<std::size_t> Node::select(std::span<const Selectable> ends, std::chrono::nanoseconds timeout) {
  return detail::Selection(ends).wait(detail::deadline_in(timeout), state_->bridges);
}
std::vector<std::size_t> Node::select(std::initializer_list<Selectable> ends,
                                      std::chrono::nanoseconds timeout) {
  return select(std::span(ends.begin(), ends.size()), timeout);
}

// A program outside has another one's NOTIFY_SOCKET, if any.
void Node::ready() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (socket != nullptr && !state_->line) detail::notify(socket, "READY=1");
}

bool Node::stopping() const {
  static const bool once = (take_over_term(), true);
  return once && asked_to_end;
}

}  // namespace procgraph
