// Programs that the graph did not start: who is let in, who is refused, who has gone.
#include "supervise/outsiders.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "channels/kinds.h"
#include "fakes/temporary_folder.h"
#include "graph/draft.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Plan plan_of_three() {
  Plan plan;
  plan.graph.name = "g";
  const auto add = [&](const char* name, OutsideEnd outside) {
    Channel queue{.id = ChannelId{static_cast<std::uint32_t>(plan.graph.channels.size())}, .name = name};
    queue.kind = find_kind(all_kinds(), "queue");
    queue.outside = outside;
    queue.capacity = 1;
    queue.memory = queue.max_message = Bytes{64};
    for (const char* part : {".control", ".payload"}) {
      const ObjectId id{static_cast<std::uint32_t>(plan.objects.size())};
      plan.objects.push_back(
          {id, queue.id, name + std::string(part), MemoryObject{.size = Bytes{8 << 20}, .mapped = true}});
    }
    plan.graph.channels.push_back(std::move(queue));
  };
  add("jobs", {.writes = true, .places = 2});
  add("both", {.reads = true, .writes = true, .places = 1});
  add("inner", {});
  plan.roster = ObjectId{static_cast<std::uint32_t>(plan.objects.size())};
  plan.objects.push_back(
      {plan.roster, {}, "roster", MemoryObject{.size = Bytes{roster_size()}, .mapped = true}});
  plan.spawns.push_back({.id = SpawnId{0}, .process = ProcessId{0}, .label = "p", .participant = 1});
  return plan;
}

struct Answer {
  OutsideReply reply;
  std::vector<Fd> descriptors;

  [[nodiscard]] std::string refusal() const { return reply.refusal.data(); }
};

OutsideRequest request_for(const std::string& channel, bool writes) {
  OutsideRequest request{.writes = writes ? 1U : 0U};
  channel.copy(request.channel.data(), request.channel.size() - 1);
  return request;
}

class OutsidersTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder / "runs/g"; }

  [[nodiscard]] Fd connect() const {
    Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path().copy(to.sun_path, sizeof to.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    return fd;
  }

  Answer exchange(const Fd& line, const void* bytes, std::size_t size) {
    EXPECT_EQ(::send(line.get(), bytes, size, 0), static_cast<ssize_t>(size));
    Answer answer;
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))]{};
    iovec data{&answer.reply, sizeof answer.reply};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    while (::recvmsg(line.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) io.run_one();
    if (const cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr) {
      std::vector<int> fds((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(fds.data(), CMSG_DATA(part), fds.size() * sizeof(int));
      for (const int fd : fds) answer.descriptors.emplace_back(fd);
    }
    return answer;
  }
  Answer ask(const Fd& line, const std::string& channel, bool writes) {
    const OutsideRequest request = request_for(channel, writes);
    return exchange(line, &request, sizeof request);
  }

  TemporaryFolder folder;
  Plan plan = plan_of_three();
  Opened opened = std::move(*Opened::open(plan));
  boost::asio::io_context io{1};
  std::vector<std::pair<std::uint16_t, pid_t>> came;
  std::vector<std::pair<std::uint16_t, std::set<ChannelId>>> gone;
  Numbers numbers{plan};
  Outsiders outsiders{
      io,
      plan,
      opened,
      numbers,
      std::make_shared<Door>(std::move(*Door::open(std::vector<std::string>{folder / "runs"}, "g"))),
      {.came = [this](std::uint16_t number, pid_t pid) { came.emplace_back(number, pid); },
       .gone = [this](std::uint16_t number,
                      const std::set<ChannelId>& channels) { gone.emplace_back(number, channels); }}};
};

bool can_be_written(int fd) {
  return (::fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

TEST_F(OutsidersTest, GivesOneNumberAndTheDescriptorsOfEachChannel) {
  const Fd line = connect();
  const Answer jobs = ask(line, "jobs", true), both = ask(line, "both", false);
  EXPECT_EQ(jobs.reply.participant, 2);
  EXPECT_EQ(both.reply.participant, 2);
  EXPECT_THAT(came, ElementsAre(Pair(2, ::getpid())));
  ASSERT_EQ(jobs.descriptors.size(), 3U);
  ASSERT_EQ(both.descriptors.size(), 3U);
  EXPECT_TRUE(can_be_written(jobs.descriptors[2].get()));
  EXPECT_FALSE(can_be_written(both.descriptors[2].get())) << "a reader's payload";
}

TEST_F(OutsidersTest, RefusesWhatTheFileDoesNotAllowAndGoesOn) {
  const Fd line = connect();
  const Answer inner = ask(line, "inner", true);
  EXPECT_EQ(
      inner.refusal(),
      "queue 'inner' is not open to programs outside the graph: give it 'external: write'; those that are: "
      "'jobs' (written from outside), 'both' (read and written from outside)");
  EXPECT_EQ(inner.reply.no_such_port, 1);
  EXPECT_THAT(inner.descriptors, IsEmpty());
  EXPECT_EQ(
      ask(line, "jobs", false).refusal(),
      "queue 'jobs' is only written from outside, it is not read from there: 'external: both' allows both");
  EXPECT_EQ(ask(line, "jbos", true).refusal(), "graph 'g' has no channel 'jbos'; did you mean 'jobs'?");
  EXPECT_EQ(exchange(line, "x", 1).refusal(), "this is no request");
  OutsideRequest other = request_for("jobs", true);
  other.version = 2;
  EXPECT_EQ(exchange(line, &other, sizeof other).refusal(),
            "its SDK and procgraph are not of the same version");
  EXPECT_THAT(came, IsEmpty());
  EXPECT_EQ(ask(line, "jobs", true).reply.participant, 2);
}

TEST_F(OutsidersTest, HasAsManyPlacesAsTheFileSays) {
  const Fd first = connect(), second = connect(), third = connect();
  EXPECT_EQ(ask(first, "jobs", true).reply.participant, 2);
  EXPECT_EQ(ask(second, "jobs", true).reply.participant, 3);
  const Answer refused = ask(third, "jobs", true);
  EXPECT_EQ(refused.refusal(),
            "queue 'jobs' has places for 2 processes from outside at a time, and they are taken: raise its "
            "'spare'");
  EXPECT_EQ(refused.reply.no_such_port, 0);
  EXPECT_EQ(ask(first, "jobs", true).reply.participant, 2) << "who has a place needs no other";
  EXPECT_EQ(ask(third, "both", true).reply.participant, 4) << "another channel has its own";
}

TEST_F(OutsidersTest, APlaceIsFreeAsSoonAsSomebodyHasHungUp) {
  const Fd second = connect();
  {
    const Fd first = connect();
    EXPECT_EQ(ask(first, "both", true).reply.participant, 2);
  }
  EXPECT_EQ(ask(second, "both", true).reply.participant, 2);
  EXPECT_THAT(gone, ElementsAre(Pair(2, ElementsAre(ChannelId{1}))));
}

TEST_F(OutsidersTest, ADeathIsSeenThoughSomebodyElseHasInheritedTheConnection) {
  Fd line = connect();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Fd own = connect();
    ::dup2(own.get(), line.get());
    const OutsideRequest request = request_for("jobs", true);
    static_cast<void>(!::send(own.get(), &request, sizeof request, 0));
    OutsideReply reply;
    static_cast<void>(!::recv(own.get(), &reply, sizeof reply, 0));
    if (::fork() != 0) ::_exit(0);
    ::pause();  // holds the connection open until it is killed with its group
  }
  ::setpgid(pid, pid);
  while (gone.empty()) io.run_one();
  EXPECT_THAT(gone, ElementsAre(Pair(2, ElementsAre(ChannelId{0}))));
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST_F(OutsidersTest, AreNotHeldUpByThoseThatConnectAndSayNothing) {
  std::vector<Fd> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(connect());
    io.poll();
  }
  EXPECT_EQ(ask(connect(), "jobs", true).reply.participant, 2);
}

}  // namespace
}  // namespace procgraph
