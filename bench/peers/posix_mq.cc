// A POSIX message queue, as deep as this user may have it: 10 messages, more where the limits were raised.
#include <fcntl.h>
#include <mqueue.h>
#include <sys/resource.h>

#include <algorithm>

#include "descriptor_link.h"

namespace {

struct PosixQueue {
  static bench::Ends open(const bench::Terms& terms, char which) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    (void)!setrlimit(RLIMIT_MSGQUEUE, &unlimited);  // a privilege
    const std::string name = "/" + terms.name + which;
    for (std::size_t depth : {terms.depth, std::size_t{10}}) {
      mq_attr attributes{};
      attributes.mq_maxmsg = static_cast<long>(depth);
      attributes.mq_msgsize = static_cast<long>(terms.size);
      const mqd_t queue = mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attributes);
      if (queue < 0) continue;
      mq_unlink(name.c_str());
      return {.read = queue, .write = queue};
    }
    bench::cannot("this user may have no queue of messages of that size (/proc/sys/fs/mqueue)");
  }
  static void write(int queue, std::span<const std::byte> bytes) {
    bench::checked(mq_send(queue, reinterpret_cast<const char*>(bytes.data()), bytes.size(), 0), "mq_send");
  }
  static void read(int queue, std::span<std::byte> bytes) {
    const long got = bench::checked(
        mq_receive(queue, reinterpret_cast<char*>(bytes.data()), bytes.size(), nullptr), "mq_receive");
    bench::check(static_cast<std::size_t>(got) == bytes.size(), "a message of another size");
  }
};

}  // namespace

int main(int argc, char** argv) {
  return bench::contest<bench::DescriptorLink<PosixQueue>>(argc, argv);
}
