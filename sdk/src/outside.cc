#include "outside.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <system_error>
#include <vector>

#include "procgraph/admin.h"
#include "procgraph/attach.h"
#include "procgraph/errors.h"

namespace procgraph {

std::vector<std::string> meeting_folders() {
  std::vector<std::string> folders;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') folders.push_back(std::string(runtime) + "/procgraph");
  const std::string user = std::to_string(geteuid());
  // Where the variable points in a session, and is not set in a service.
  if (const std::string usual = "/run/user/" + user + "/procgraph"; folders.empty() || folders[0] != usual)
    folders.push_back(usual);
  folders.push_back("/tmp/procgraph-" + user);
  return folders;
}

std::string meeting_name(std::string_view graph) {
  constexpr std::size_t kLongest = 63;
  std::string name(graph.substr(0, kLongest));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '-' && c != '_') c = '_';
  }
  return name;
}

namespace detail {
namespace {

constexpr time_t kPatience = 10;  // seconds for an answer, which costs the runner microseconds

// Who has no descriptor to look with does not know what there is.
void require_descriptors(bool opened) {
  if (opened || (errno != EMFILE && errno != ENFILE)) return;
  throw Failure(std::string("no descriptor to look for graphs with: ") + std::strerror(errno));
}

// The folder, if it is ours and nobody else's.
Fd open_folder(const std::string& path) {
  Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  require_descriptors(static_cast<bool>(folder));
  struct stat is {};
  if (!folder || fstat(folder.get(), &is) != 0 || is.st_uid != geteuid() || (is.st_mode & 077) != 0)
    return {};
  return folder;
}

// By the folder's descriptor: what it was when it was looked at, and never too long for an address.
Fd connect_to(const Fd& folder, const std::string& name) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + '/' + name;
  if (path.size() >= sizeof to.sun_path) return {};
  path.copy(to.sun_path, path.size());
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  require_descriptors(static_cast<bool>(socket));
  const auto* address = reinterpret_cast<const sockaddr*>(&to);
  if (!socket || retry([&] { return connect(socket.get(), address, sizeof to); }) != 0) return {};
  return socket;
}

Fd find(const std::string& name) {
  for (const std::string& path : meeting_folders()) {
    const Fd folder = open_folder(path);
    if (!folder) continue;
    if (Fd socket = connect_to(folder, meeting_name(name))) return socket;
  }
  return {};
}

// Those that answer: what a killed run has left behind does not.
std::set<std::string> running() {
  std::set<std::string> names;
  for (const std::string& path : meeting_folders()) {
    const Fd folder = open_folder(path);
    if (!folder) continue;
    const int copy = fcntl(folder.get(), F_DUPFD_CLOEXEC, 0);
    require_descriptors(copy >= 0);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(copy), closedir);
    if (!entries) continue;
    while (const dirent* entry = readdir(entries.get())) {
      if (entry->d_name[0] != '.' && connect_to(folder, entry->d_name)) names.insert(entry->d_name);
    }
  }
  return names;
}

std::string listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

std::string the_only(const std::set<std::string>& names) {
  if (names.size() == 1) return *names.begin();
  if (names.empty()) throw NotInGraph("no graph is running that has a channel with 'external'");
  throw NotInGraph("several graphs are running: name one of " + listed(names));
}

Fd find_or_explain(const std::string& name) {
  if (Fd socket = find(name)) return socket;
  const std::set<std::string> names = running();
  throw NotInGraph("no graph '" + name + "' is running that has a channel with 'external'; " +
                   (names.empty() ? "none is" : "there is " + listed(names)));
}

// The packet and the descriptors that came with it; 0 bytes: the runner is gone.
ssize_t receive(int socket, OutsideReply& reply, std::vector<Fd>& descriptors) {
  alignas(cmsghdr) char control[CMSG_SPACE(kOutsideDescriptors * sizeof(int))]{};
  iovec data{&reply, sizeof reply};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = retry([&] { return recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); got >= 0 && part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> numbers((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(part), numbers.size() * sizeof(int));
    for (const int number : numbers) descriptors.emplace_back(number);
  }
  return got;
}

}  // namespace

Outside::Outside(const std::string& graph, std::function<void()> on_over)
    : graph_(graph.empty() ? the_only(running()) : graph),
      socket_(find_or_explain(graph_)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      on_over_(std::move(on_over)),
      process_(getpid()) {
  timeval patience{.tv_sec = kPatience, .tv_usec = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (!stop_) throw Failure(std::string("no descriptor to wait with: ") + std::strerror(errno));
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the program's, for its own threads
  try {
    watcher_ = std::make_unique<std::thread>([this] { watch(); });
  } catch (const std::system_error& e) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw Failure(std::string("no thread to wait with: ") + e.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// A child of fork() may have the connection too, and the runner is to see that we go.
Outside::~Outside() {
  stop();
  if (process_ == getpid()) shutdown(socket_.get(), SHUT_RDWR);
}

void Outside::stop() {
  if (!watcher_) return;
  if (process_ != getpid()) {  // fork() has made no copy of the thread: there is nothing to wait for
    (void)watcher_.release();
    return;
  }
  eventfd_write(stop_.get(), 1);
  watcher_->join();
  watcher_.reset();
}

// What is asked and answered passes by: only the hang-up counts.
void Outside::watch() {
  pollfd on[2] = {{socket_.get(), POLLRDHUP, 0}, {stop_.get(), POLLIN, 0}};
  while (poll(on, 2, -1) < 0 && errno == EINTR) {
  }
  if (on[0].revents == 0) return;
  over_ = true;
  on_over_();
}

void Outside::hung_up() const {
  throw GraphEnded("graph '" + graph_ + "' has ended, or has let go of this program");
}

void Outside::require_ours() const {
  if (process_ != getpid())
    throw NotInGraph("the line to graph '" + graph_ +
                     "' was opened before fork(); only the process that opened it can use it");
}

Outside::Grant Outside::ask(std::string_view channel, bool writes) {
  OutsideRequest request{.writes = writes ? 1U : 0U};
  if (channel.size() >= request.channel.size())
    throw NoSuchPort("no channel has a name as long as '" + std::string(channel) + "'");
  channel.copy(request.channel.data(), channel.size());
  const auto sent = retry([&] { return send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL); });
  OutsideReply reply;
  std::vector<Fd> descriptors;
  const ssize_t got = sent < 0 ? sent : receive(socket_.get(), reply, descriptors);
  if (got < 0 && errno == EAGAIN)
    throw NotInGraph("graph '" + graph_ + "' does not answer: is it stopped (Ctrl-Z)?");
  if (got <= 0) hung_up();
  if (reply.version != kAttachVersion)
    throw NotInGraph("the SDK of this program and the procgraph of graph '" + graph_ +
                     "' are not of the same version");
  reply.refusal.back() = '\0';
  if (reply.participant == 0 && reply.no_such_port != 0) throw NoSuchPort(reply.refusal.data());
  if (reply.participant == 0) throw NotInGraph(reply.refusal.data());
  if (reply.participant > kMaxParticipants || descriptors.size() != kOutsideDescriptors)
    throw NotInGraph("the answer of graph '" + graph_ +
                     "' makes no sense: are there enough descriptors (ulimit -n)?");
  return {.participant = reply.participant,
          .topic = reply.topic != 0,
          .reader = reply.reader,
          .roster = std::move(descriptors[0]),
          .control = std::move(descriptors[1]),
          .payload = std::move(descriptors[2])};
}

}  // namespace detail
}  // namespace procgraph
