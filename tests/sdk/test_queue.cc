#include "test_queue.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/producer.h"

namespace procgraph::testing {
namespace {

template <class T>
T checked(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return *result;
}

}  // namespace

Region::Region(std::uint64_t size) : fd_(memfd_create("test", MFD_CLOEXEC)) {
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size)) != 0) throw std::runtime_error("memfd_create");
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (at == MAP_FAILED) throw std::runtime_error("mmap");
  bytes_ = {static_cast<std::byte*>(at), size};
}

Region::~Region() {
  munmap(bytes_.data(), bytes_.size());
  close(fd_);
}

int Region::descriptor(bool writable) const {
  std::string path = "/proc/self/fd/" + std::to_string(fd_);
  return open(path.c_str(), writable ? O_RDWR : O_RDONLY);
}

TestQueue::TestQueue(const char* kind, const QueueSizes& sizes)
    : kind_(kind), control_(sizes.control), payload_(sizes.payload), roster_(roster_size()) {
  if (auto made = init_roster(roster()); !made) throw std::runtime_error(made.error().text());
}

TestQueue::TestQueue(const QueueShape& shape) : TestQueue("queue", checked(queue_sizes(shape))) {
  if (auto made = init_queue(control(), shape); !made) throw std::runtime_error(made.error().text());
}

detail::View TestQueue::view(std::uint16_t participant) const {
  return {.memory = checked(detail::QueueMemory::attach(control(), payload_.bytes())),
          .roster = checked(detail::Roster::attach(roster())),
          .self = participant};
}

TestTopic::TestTopic(const TopicShape& shape) : TestQueue("topic", checked(topic_sizes(shape))) {
  if (auto made = init_topic(control(), shape); !made) throw std::runtime_error(made.error().text());
}

detail::TopicView TestTopic::view(std::uint16_t participant) const {
  detail::TopicView view = checked(detail::TopicView::attach(control(), payload()));
  view.roster = checked(detail::Roster::attach(roster()));
  view.self = participant;
  return view;
}

std::string TestQueue::port(const std::string& name, const std::string& access, std::uint32_t reader) const {
  const char* wait = getenv("PROCGRAPH_TEST_WAIT");
  return "port=" + name + ",channel=q,kind=" + kind_ + ",access=" + access +
         ",control=" + std::to_string(control_.descriptor(true)) +
         ",payload=" + std::to_string(payload_.descriptor(access == "write")) +
         ",reader=" + std::to_string(reader) + (wait != nullptr ? ",wait=" + std::string(wait) : "");
}

void TestQueue::enter(std::uint16_t participant, const std::string& access, std::uint32_t reader) const {
  enter_with(participant, access == "both" ? port("in", "read", reader) + " " + port("out", "write")
                                           : port("q", access, reader));
}

void TestQueue::enter_with(std::uint16_t participant, const std::string& ports) const {
  setenv("PROCGRAPH_GRAPH", "test", 1);
  setenv("PROCGRAPH_PROCESS", "p", 1);
  setenv("PROCGRAPH_REPLICA", "0", 1);
  setenv("PROCGRAPH_REPLICAS", "1", 1);
  setenv("PROCGRAPH_PID", std::to_string(getpid()).c_str(), 1);
  setenv("PROCGRAPH_PARTICIPANT", std::to_string(participant).c_str(), 1);
  setenv("PROCGRAPH_ROSTER", std::to_string(roster_.descriptor(true)).c_str(), 1);
  setenv("PROCGRAPH_PORTS", ports.c_str(), 1);
}

pid_t TestQueue::start(std::uint16_t participant, const std::string& access,
                       const std::function<int(Node&)>& body, std::uint32_t reader) const {
  std::fflush(nullptr);
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int code = 100;
  try {
    enter(participant, access, reader);
    Node node;
    code = body(node);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
  }
  std::fflush(nullptr);
  _exit(code);
}

int wait_for_end(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void wait_for_stop(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, WUNTRACED) < 0 && errno == EINTR) {
  }
  if (!WIFSTOPPED(status)) throw std::runtime_error("the process ended instead of stopping");
}

bool put(detail::View& view, std::string_view text) {
  detail::Producer producer(view);
  detail::BlockIndex block = 0;
  bool done = producer.claim(text.size(), block) == detail::Want::kNothing;
  if (done) {
    if (!text.empty()) std::memcpy(view.memory.bytes(block), text.data(), text.size());
    done = producer.publish(block) == detail::Want::kNothing;
    if (!done) release(view, block);
  }
  producer.forget();
  return done;
}

std::string get(detail::View& view) {
  detail::Consumer consumer(view);
  const detail::BlockIndex block = consumer.take();
  if (block == detail::kNoBlock) return "";
  std::string text(reinterpret_cast<const char*>(view.memory.bytes(block)),
                   view.memory.descriptor(block).size);
  release(view, block);
  return text;
}

}  // namespace procgraph::testing
