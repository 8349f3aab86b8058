#include "supervise/actions.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace procgraph {
std::string_view name(Effect effect) {
  constexpr std::array<std::string_view, 5> kNames{"stops", "goes on", "ignored", "stopping", "spared"};
  return kNames[static_cast<std::size_t>(effect)];
}

std::string_view name(Reason reason) {
  constexpr std::array<std::string_view, 7> kNames{"complete",    "signal", "failure", "timeout",
                                                   "stdout lost", "forced", "ordered"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view name(How how) {
  constexpr std::array<std::string_view, 4> kNames{"success", "failure", "timeout", "stopped"};
  return kNames[static_cast<std::size_t>(how)];
}

namespace {

struct InWords {
  std::string operator()(const action::Launch& a) const { return fmt::format("launch {}", a.spawn.value); }
  std::string operator()(const action::Ask& a) const {
    return fmt::format("ask {} {}", a.spawn.value, a.signal);
  }
  std::string operator()(const action::Kill& a) const { return fmt::format("kill {}", a.spawn.value); }
  std::string operator()(const action::Sweep& a) const {
    return fmt::format("sweep {} {}", a.spawn.value, a.signal);
  }
  std::string operator()(const action::Inspect& a) const { return fmt::format("inspect {}", a.spawn.value); }
  std::string operator()(const action::LetGo& a) const { return fmt::format("let go {}", a.spawn.value); }
  std::string operator()(const action::LookAtPorts& a) const {
    return fmt::format("look at ports {}", a.spawn.value);
  }
  std::string operator()(const action::AwaitReady& a) const {
    return fmt::format("await ready {}", a.spawn.value);
  }
  std::string operator()(const action::Ready& a) const { return fmt::format("ready {}", a.spawn.value); }
  std::string operator()(const action::AskNoMore& a) const {
    return fmt::format("ask no more {}", a.spawn.value);
  }
  std::string operator()(const action::Reap& a) const { return fmt::format("reap {}", a.spawn.value); }
  std::string operator()(const action::Release& a) const { return fmt::format("release {}", a.spawn.value); }
  std::string operator()(const action::WriterGone& a) const {
    return fmt::format("writer gone {}", a.spawn.value);
  }
  std::string operator()(const action::ReaderGone& a) const {
    return fmt::format("reader gone {}", a.spawn.value);
  }
  std::string operator()(const action::EndWriters& a) const {
    return fmt::format("end of writers {}", a.channel.value);
  }
  std::string operator()(const action::EndReaders& a) const {
    return fmt::format("end of readers {}", a.channel.value);
  }
  std::string operator()(const action::Restarting& a) const {
    return fmt::format("restart {} {}", a.end.spawn.value, a.end.code);
  }
  std::string operator()(const action::Dismissed& a) const {
    return fmt::format("dismissed {}", a.process.value);
  }
  std::string operator()(const action::Recalled& a) const {
    if (!a.because.valid()) return fmt::format("recalled {}", a.process.value);
    return fmt::format("recalled {} because of {}", a.process.value, a.because.value);
  }
  std::string operator()(const action::Failed& a) const {
    const Failure& failure = a.failure;
    const std::string who = failure.spawn.valid()     ? fmt::format("{}", failure.spawn.value)
                            : failure.channel.valid() ? fmt::format("channel {}", failure.channel.value)
                                                      : "graph";
    return fmt::format("failed {} {} {}", who, failure.code, name(a.effect));
  }
  std::string operator()(const action::Skipped& a) const {
    if (!a.because.valid()) return fmt::format("skipped {}", a.process.value);
    return fmt::format("skipped {} because of {}", a.process.value, a.because.value);
  }
  std::string operator()(const action::Stopping& a) const {
    return fmt::format("stopping: {}", name(a.reason));
  }
  std::string operator()(const action::Finale& a) const {
    return fmt::format("finale: {} {}", name(a.ending.how), a.ending.code);
  }
  std::string operator()(const action::Done& a) const {
    return a.signal != 0 ? fmt::format("dies of {}", a.signal) : fmt::format("done {}", a.code);
  }
};

}  // namespace

std::string to_text(const Action& action) {
  return std::visit(InWords{}, action);
}

}  // namespace procgraph
