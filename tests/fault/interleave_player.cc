#include "interleave_player.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace procgraph::testing {
namespace {

constexpr std::uint64_t kBelowStack = 256;  // the red zone, and more
constexpr long kSyscall = 0x050f;           // the instruction
constexpr int kSyscallStop = SIGTRAP | 0x80;
constexpr std::size_t kMostVectors = 16 << 10;

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

user_regs_struct registers_of(pid_t pid) {
  user_regs_struct regs{};
  must(ptrace(PTRACE_GETREGS, pid, nullptr, &regs) == 0, "PTRACE_GETREGS");
  return regs;
}

void set_registers(pid_t pid, user_regs_struct regs) {
  regs.orig_rax = ~0ull;  // it is in no call that could be begun again
  must(ptrace(PTRACE_SETREGS, pid, nullptr, &regs) == 0, "PTRACE_SETREGS");
}

// What children do when they are made to: all of it, and a stop. Between two instructions of theirs, so
// that it must leave no trace but on the unused part of the stack.
struct Protection {
  std::uint64_t begin, size, protection;
};
std::array<Protection, 64> orders;

[[gnu::noinline, gnu::target("general-regs-only")]] void protect_in_child(std::uint64_t first,
                                                                          std::uint64_t end) {
  std::uint64_t failed = 0;
  for (const Protection* each = &orders[first]; each != &orders[end]; ++each) {
    std::uint64_t result = SYS_mprotect;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(each->begin), "S"(each->size), "d"(each->protection)
                 : "rcx", "r11", "memory");
    failed |= result;
  }
  asm volatile("int3" : : "a"(failed));
}

}  // namespace

Unshared::~Unshared() {
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

void Unshared::resize(std::size_t size) {
  size_ = size;
  if (size <= bytes_.size()) return;
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(at != MAP_FAILED && madvise(at, size, MADV_DONTFORK) == 0, "mmap");
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
  bytes_ = {static_cast<std::byte*>(at), size};
}

Player::Player(const std::function<void()>& setup, const std::function<void()>& body)
    : tracee_(
          [&] {
            setup();
            std::free(std::malloc(64 << 10));  // the heap need not grow later
          },
          body, 0) {
  must(ptrace(PTRACE_SETOPTIONS, tracee_.pid(), nullptr, PTRACE_O_TRACESYSGOOD) == 0, "PTRACE_SETOPTIONS");
  find_mappings();
  give_orders();
}

void Player::find_mappings() {
  std::ifstream maps("/proc/" + std::to_string(tracee_.pid()) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    Range range;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &range.begin, &range.end, mode) != 3) continue;
    range.protection = (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0);
    range.is_stack = line.find("[stack]") != std::string::npos;
    if (range.protection == 0) continue;
    if (mode[3] == 's') {
      shared_.push_back(range);
    } else if ((range.protection & PROT_WRITE) != 0) {
      own_.push_back(range);
    }
  }
}

// Neighbours are closed together, and opened where they are alike.
void Player::give_orders() {
  std::vector<Protection> given;
  for (const bool open : {false, true}) {
    for (std::size_t i = 0; i < shared_.size();) {
      const Range& first = shared_[i];
      std::uint64_t end = first.begin;
      for (; i < shared_.size() && shared_[i].begin == end &&
             (!open || shared_[i].protection == first.protection);
           ++i)
        end = shared_[i].end;
      given.push_back(
          {first.begin, end - first.begin, static_cast<std::uint64_t>(open ? first.protection : PROT_NONE)});
    }
    (open ? all_orders_ : closing_orders_) = given.size();
  }
  must(given.size() <= orders.size(), "too many mappings");
  const std::size_t size = given.size() * sizeof(Protection);
  const iovec local{given.data(), size}, remote{orders.data(), size};
  must(process_vm_writev(tracee_.pid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size),
       "process_vm_writev");
}

void Player::obey(std::size_t first, std::size_t end) const {
  const pid_t pid = tracee_.pid();
  const user_regs_struct before = registers_of(pid);
  user_regs_struct regs = before;
  regs.rip = reinterpret_cast<std::uint64_t>(&protect_in_child);
  regs.rdi = first;
  regs.rsi = end;
  regs.rsp = ((before.rsp - kBelowStack) & ~std::uint64_t{15}) - 8;  // as after a call
  set_registers(pid, regs);
  must(run_to_stop(PTRACE_CONT) == SIGTRAP && registers_of(pid).rax == 0, "mprotect of the child");
  set_registers(pid, before);
}

void Player::close_shared() const {
  obey(0, closing_orders_);
}

void Player::open_shared() const {
  obey(closing_orders_, all_orders_);
}

std::optional<std::uint64_t> Player::next_call() const {
  const user_regs_struct regs = registers_of(tracee_.pid());
  errno = 0;
  const long word = ptrace(PTRACE_PEEKTEXT, tracee_.pid(), regs.rip, nullptr);
  if (errno != 0 || (word & 0xffff) != kSyscall) return std::nullopt;
  return regs.rax;
}

bool Player::is_about_to_sleep() const {
  if (next_call() != SYS_futex) return false;
  const auto command = registers_of(tracee_.pid()).rsi & FUTEX_CMD_MASK;
  return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

int Player::run_to_stop(__ptrace_request how) const {
  must(ptrace(how, tracee_.pid(), nullptr, nullptr) == 0, "ptrace");
  int status = 0;
  while (waitpid(tracee_.pid(), &status, 0) < 0 && errno == EINTR) {
  }
  must(WIFSTOPPED(status), "the child died");
  return WSTOPSIG(status);
}

// It has entered a call, and is set back to before it.
void Player::step_back_from_call() const {
  const user_regs_struct entered = registers_of(tracee_.pid());
  set_registers(tracee_.pid(), entered);  // as none that there is: it does nothing
  must(run_to_stop(PTRACE_SYSCALL) == kSyscallStop, "the end of a call");
  user_regs_struct regs = entered;
  regs.rip -= 2;
  regs.rax = entered.orig_rax;
  set_registers(tracee_.pid(), regs);
}

bool Player::advance() {
  if (tracee_.has_ended()) return false;
  if (standing_ && !tracee_.step()) return false;
  close_shared();
  const int signal = run_to_stop(PTRACE_SYSCALL);
  if (signal == kSyscallStop) step_back_from_call();
  must(signal == kSyscallStop || signal == SIGSEGV, "the child was stopped by something else");
  open_shared();
  standing_ = next_call() != SYS_tgkill;  // by which it says that it has ended
  touches_ += standing_ ? 1 : 0;
  if (!standing_) tracee_.finish();
  return standing_;
}

std::string Player::where() const {
  Dl_info info{};
  const auto at = registers_of(tracee_.pid()).rip;
  dladdr(reinterpret_cast<void*>(at), &info);
  std::ostringstream text;
  text << "touch " << touches_ << " (" << (info.dli_fname != nullptr ? info.dli_fname : "?") << "+0x"
       << std::hex << at - reinterpret_cast<std::uint64_t>(info.dli_fbase) << ")";
  return text.str();
}

char Player::state() const {
  std::ifstream stat("/proc/" + std::to_string(tracee_.pid()) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  const std::size_t at = text.rfind(')');
  return at == std::string::npos || at + 2 >= text.size() ? 'X' : text[at + 2];
}

void Player::fall_asleep() {
  go();
  while (state() == 'R' || state() == 'D') sched_yield();
}

void Player::save(Checkpoint& to) const {
  const pid_t pid = tracee_.pid();
  const user_regs_struct regs = registers_of(pid);
  to.registers.resize(sizeof regs);
  std::memcpy(to.registers.data(), &regs, sizeof regs);
  to.vectors.resize(kMostVectors);
  iovec vectors{to.vectors.data(), kMostVectors};
  must(ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &vectors) == 0, "PTRACE_GETREGSET");
  to.vectors.resize(vectors.iov_len);
  to.stack = (regs.rsp - kBelowStack) & ~std::uint64_t{15};
  to.touches = touches_;
  to.ended = tracee_.has_ended();
  to.standing = standing_;
  std::vector<iovec> remote;
  std::size_t size = 0;
  for (const Range& range : own_) {
    const std::uint64_t begin = range.is_stack ? std::max(to.stack, range.begin) : range.begin;
    remote.push_back({reinterpret_cast<void*>(begin), range.end - begin});
    size += range.end - begin;
  }
  to.memory.resize(size);
  const iovec local{to.memory.data(), size};
  must(process_vm_readv(pid, &local, 1, remote.data(), remote.size(), 0) == static_cast<ssize_t>(size),
       "process_vm_readv");
}

void Player::restore(const Checkpoint& from) {
  const pid_t pid = tracee_.pid();
  std::vector<iovec> remote;
  for (const Range& range : own_) {
    const std::uint64_t begin = range.is_stack ? std::max(from.stack, range.begin) : range.begin;
    remote.push_back({reinterpret_cast<void*>(begin), range.end - begin});
  }
  const iovec local{from.memory.data(), from.memory.size()};
  must(process_vm_writev(pid, &local, 1, remote.data(), remote.size(), 0) ==
           static_cast<ssize_t>(from.memory.size()),
       "process_vm_writev");
  iovec vectors{const_cast<std::byte*>(from.vectors.data()), from.vectors.size()};
  must(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &vectors) == 0, "PTRACE_SETREGSET");
  user_regs_struct regs{};
  std::memcpy(&regs, from.registers.data(), sizeof regs);
  set_registers(pid, regs);
  if (!from.ended) tracee_.begin_again();
  touches_ = from.touches;
  standing_ = from.standing;
}

}  // namespace procgraph::testing
