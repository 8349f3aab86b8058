// What is seen of another process that waits.
#include "os/waiting.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <thread>

namespace procgraph {
namespace {

using On = ThreadWait::On;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Waiting : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe2(pipe_, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(other_, O_CLOEXEC), 0);
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    for (const int fd : {pipe_[0], pipe_[1], other_[0], other_[1]}) ::close(fd);
  }

  void start(const std::function<void()>& what) {
    child_ = ::fork();
    if (child_ != 0) return;
    ::alarm(60);
    what();
    ::_exit(0);
  }
  // As soon as its only thread is found so.
  ThreadWait until(const std::function<bool(const ThreadWait&)>& is_so) const {
    for (;;) {
      const auto threads = threads_of(child_);
      if (threads && threads->size() == 1 && is_so(threads->front())) return threads->front();
      std::this_thread::yield();
    }
  }
  ThreadWait until(On on) const {
    return until([on](const ThreadWait& thread) { return thread.on == on; });
  }
  ThreadWait until(std::string_view doing) const {
    return until([doing](const ThreadWait& thread) { return thread.doing == doing; });
  }
  void fill() const {
    ::fcntl(pipe_[1], F_SETFL, O_NONBLOCK);
    const std::string page(4096, 'x');
    while (::write(pipe_[1], page.data(), page.size()) > 0) {
    }
    ::fcntl(pipe_[1], F_SETFL, 0);
  }

  pid_t child_ = -1;
  int pipe_[2]{-1, -1}, other_[2]{-1, -1};
};

TEST_F(Waiting, AReaderWaitsAtItsDescriptor) {
  start([&] {
    char byte = 0;
    (void)!::read(pipe_[0], &byte, 1);
  });
  EXPECT_THAT(until(On::kDescriptors).descriptors, ElementsAre(DescriptorWait{pipe_[0], false}));
}

TEST_F(Waiting, AWriterWaitsForRoomAndGoesOnWhenThereIsMore) {
  fill();
  start([&] { (void)!::write(pipe_[1], "y", 1); });
  EXPECT_THAT(until(On::kDescriptors).descriptors, ElementsAre(DescriptorWait{pipe_[1], true}));
  const auto before = pipe_level(child_, pipe_[1]);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->fill, before->capacity);
  EXPECT_EQ(enlarge_pipe(child_, pipe_[1], 2 * before->capacity), 0);
  int status = -1;
  EXPECT_EQ(::waitpid(std::exchange(child_, -1), &status, 0) > 0 && WIFEXITED(status), true);
  EXPECT_EQ(pipe_level(::getpid(), pipe_[0])->capacity, 2 * before->capacity);
  EXPECT_EQ(pipe_level(::getpid(), pipe_[0])->fill, before->fill + 1);
}

TEST_F(Waiting, OneThatHasNotRunMeanwhileSaysSo) {
  start([&] {
    char byte = 0;
    for (;;) (void)!::read(pipe_[0], &byte, 1);
  });
  const ThreadWait before = until(On::kDescriptors);
  EXPECT_EQ(until(On::kDescriptors), before);
  ASSERT_EQ(::write(pipe_[1], "y", 1), 1);
  const ThreadWait after = until([&](const ThreadWait& thread) {
    return thread.on == On::kDescriptors && thread.switches != before.switches;
  });
  EXPECT_GT(after.switches, before.switches);
}

TEST_F(Waiting, PollWithoutATimeWaitsForAnyOfItsDescriptors) {
  start([&] {
    pollfd polled[] = {{pipe_[0], POLLIN, 0}, {-1, POLLIN, 0}, {other_[0], POLLIN, 0}};
    ::poll(polled, 3, -1);
  });
  EXPECT_THAT(until(On::kDescriptors).descriptors,
              ElementsAre(DescriptorWait{pipe_[0], false}, DescriptorWait{other_[0], false}));
}

TEST_F(Waiting, ATimerIsKnownWhileItIsSetToNoTime) {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  ASSERT_GE(timer, 0);
  EXPECT_TRUE(is_unset_timer(::getpid(), timer));
  EXPECT_FALSE(is_unset_timer(::getpid(), pipe_[0]));
  const itimerspec later{.it_interval = {}, .it_value = {1000, 0}},
      at_once{.it_interval = {}, .it_value = {0, 1}};
  ASSERT_EQ(::timerfd_settime(timer, 0, &later, nullptr), 0);
  EXPECT_FALSE(is_unset_timer(::getpid(), timer));
  ASSERT_EQ(::timerfd_settime(timer, 0, &at_once, nullptr), 0);
  pollfd polled{timer, POLLIN, 0};
  ASSERT_EQ(::poll(&polled, 1, -1), 1);
  EXPECT_FALSE(is_unset_timer(::getpid(), timer)) << "it has run out";
  ::close(timer);
}

TEST_F(Waiting, SelectIsReadTheSameWay) {
  start([&] {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_[0], &set);
    ::select(pipe_[0] + 1, &set, nullptr, nullptr, nullptr);
  });
  EXPECT_THAT(until(On::kDescriptors).descriptors, ElementsAre(DescriptorWait{pipe_[0], false}));
}

TEST_F(Waiting, WhatATimeEndsIsNoWait) {
  start([&] {
    pollfd polled{pipe_[0], POLLIN, 0};
    ::poll(&polled, 1, 1'000'000);
  });
  EXPECT_EQ(until("waits for something else").on, On::kNothing);
}

TEST_F(Waiting, ASleepIsNoWait) {
  start([] { ::sleep(1000); });
  EXPECT_EQ(until("sleeps").on, On::kNothing);
}

TEST_F(Waiting, OneThatIsStoppedCanGoOn) {
  start([&] {
    char byte = 0;
    (void)!::read(pipe_[0], &byte, 1);
  });
  until(On::kDescriptors);
  ::kill(child_, SIGSTOP);
  EXPECT_EQ(until("is stopped").on, On::kNothing);
}

TEST_F(Waiting, AParentWaitsForItsChild) {
  start([] {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      ::pause();
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  });
  const ThreadWait wait = until(On::kChildren);
  const auto family = descendants_of(child_);
  ASSERT_THAT(family, SizeIs(2));
  EXPECT_EQ(wait.child, family[1].pid);
  EXPECT_EQ(family[1].parent, child_);
  ::kill(family[1].pid, SIGKILL);
}

TEST_F(Waiting, AnAlarmIsNoTimerButOneOfPosixIs) {
  EXPECT_FALSE(has_timers(::getpid()));
  timer_t timer{};
  ASSERT_EQ(::timer_create(CLOCK_MONOTONIC, nullptr, &timer), 0);
  EXPECT_TRUE(has_timers(::getpid()));
  ::timer_delete(timer);
}

TEST_F(Waiting, EndsOfPipesAreSeenWithTheirAccess) {
  const auto pipe = buffer_behind(pipe_[0]);
  ASSERT_TRUE(pipe);
  const auto held = ends_held_by(::getpid());
  ASSERT_TRUE(held);
  const auto reading = std::ranges::find(*held, pipe_[0], &HeldEnd::fd);
  const auto writing = std::ranges::find(*held, pipe_[1], &HeldEnd::fd);
  ASSERT_TRUE(reading != held->end() && writing != held->end());
  EXPECT_TRUE(reading->buffer == *pipe && reading->reads && !reading->writes);
  EXPECT_TRUE(writing->buffer == *pipe && writing->writes && !writing->reads);
  EXPECT_FALSE(ends_held_by(1 << 30));
}

}  // namespace
}  // namespace procgraph
