// Plain programs at queues and topics, as a person runs them.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using namespace std::string_literals;

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

std::string seq(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
  return text;
}

// Bytes through a queue and out again.
Ran through(const std::string& bytes, const std::string& options) {
  Folder folder;
  folder.write("in", bytes);
  folder.write("graph.yaml",
               "processes:\n  from: { command: cat, stdin: { file: in } }\n"
               "  to: { command: cat, stdout: inherit }\n"
               "queues: { q: { " +
                   options + " } }\npipelines: [[from, q, to]]\n");
  return run(folder.path(), {"run", "graph.yaml"});
}

std::vector<std::string> random_messages(std::mt19937& dice, std::size_t longest) {
  std::vector<std::string> messages(200);
  for (std::string& message : messages) {
    message.resize(dice() % (dice() % 8 == 0 ? longest : 40));
    for (char& c : message) c = static_cast<char>(dice());
  }
  return messages;
}

std::string in_length(const std::string& message) {
  std::string head;
  for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(message.size() >> shift & 0xff);
  return head + message;
}

TEST(Relays, PassEveryLineAsItIs) {
  const std::string line(200'000, 'x');
  const std::string text =
      "\n\na\r\n\r\n\0\xff\xfe\0\n \t\n"s + line + "\n" + std::string(65'536, 'y') + "\n\n";
  Ran ran = through(text, "framing: lines");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(ran.out == text) << ran.out.size() << " for " << text.size();
  ran = through(text + "last", "");
  EXPECT_TRUE(ran.out == text + "last\n") << "the last line gets its newline";
  EXPECT_EQ(through("", "").out, "");
}

TEST(Relays, PassEveryFraming) {
  std::mt19937 dice(7);
  const auto messages = random_messages(dice, 300'000);
  std::string lengths, netstrings, nuls, bytes;
  for (const std::string& message : messages) {
    lengths += in_length(message);
    netstrings += std::to_string(message.size()) + ":" + message + ",";
    std::string clean = message;
    std::erase(clean, '\0');
    nuls += clean + '\0';
    bytes += message;
  }
  bytes.resize(bytes.size() / 16 * 16);
  for (const auto& [framing, text] : {std::pair{"length", lengths},
                                      {"netstring", netstrings},
                                      {"nul", nuls},
                                      {"whole", bytes},
                                      {"{ record: 16 }", bytes},
                                      {"{ chunks: 1000 }", bytes},
                                      {"{ chunks: 1MiB }", bytes}}) {
    const Ran ran = through(text, "memory: 64MiB, framing: "s + framing);
    EXPECT_EQ(ran.code, 0) << framing << ran.err;
    EXPECT_TRUE(ran.out == text) << framing << ": " << ran.out.size() << " for " << text.size();
  }
}

TEST(Relays, TranslateBetweenTheFramingsOfTheirPorts) {
  const Ran ran = run_text(R"(processes:
  from: { command: "printf 'a\\n\\nlast'", stdout: { channel: q, framing: lines } }
  to: { command: cat, stdin: { channel: q, framing: netstring }, stdout: inherit }
queues: { q: { framing: nul } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "1:a,0:,4:last,");
}

TEST(Relays, PassTheLongestMessageAndRefuseALongerOne) {
  const std::string most(4096, 'x');
  EXPECT_TRUE(through(most + "\n", "max_message: 4KiB").out == most + "\n");
  const Ran ran = through("short\nx" + most + "\nshort\n", "max_message: 4KiB");
  EXPECT_EQ(ran.code, 65);
  EXPECT_NE(ran.err.find("a message is longer than 4096 bytes, which is the max_message of queue 'q'"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("from failed with its relay: relay:from.stdout:q failed: exit code 65"),
            std::string::npos)
      << ran.err;
}

TEST(Relays, PassWhatComesBeforeAMistake) {
  const Ran ran = run_text(R"(processes:
  from: { command: "printf '5:first,6:second,x'", on_failure: finish }
  to: { command: cat, stdin: { channel: q, framing: lines }, stdout: inherit }
queues: { q: { framing: netstring } }
pipelines: [[from, q, to]]
)");
  EXPECT_EQ(ran.code, 65);
  EXPECT_EQ(ran.out, "first\nsecond\n");
}

TEST(Relays, RefuseWhatEndsInTheMiddleOfAMessage) {
  const Ran ran = through("0123456789", "framing: { record: 4 }");
  EXPECT_EQ(ran.code, 65);
  EXPECT_NE(ran.err.find("the input ends in the middle of a message: 2 of 4 bytes are missing (queue 'q')"),
            std::string::npos)
      << ran.err;
}

TEST(Relays, RefuseAMessageThatIsNoRecord) {
  const Ran ran = run_text(R"(processes:
  from: { command: numbers 10, writes: q }
  to: { command: cat, stdin: { channel: q, framing: { record: 1 } } }
queues: [q]
)");
  EXPECT_EQ(ran.code, 65);
  EXPECT_NE(ran.err.find("a message of 2 bytes is no record of 1"), std::string::npos) << ran.err;
}

TEST(Relays, GiveAProgramAnyDescriptor) {
  const Ran ran = run_text(R"(processes:
  a: { command: seq 1 3, stdout: x }
  b: { shell: "seq 2 4 >&5", writes: { out: { channel: y, fd: 5 } } }
  both:
    command: comm /dev/fd/3 /dev/fd/4
    reads: { left: { channel: x, fd: 3 }, right: { channel: y, fd: 4 } }
    stdout: inherit
queues: { x: { framing: lines }, y: { framing: lines } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "1\n\t\t2\n\t\t3\n\t4\n");
}

TEST(Relays, CarryStandardErrorToo) {
  const Ran ran = run_text(R"(processes:
  a: { shell: "echo out; echo err >&2", stdout: q, stderr: e }
  out: { command: sed "s/^/o /", stdin: q, stdout: inherit }
  err: { command: sed "s/^/e /", stdin: e, stdout: inherit }
queues: [q, e]
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("o out\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("e err\n"), std::string::npos) << ran.out;
}

TEST(Relays, OfATopicGiveEveryProgramEverything) {
  const Ran ran = run_text(R"yaml(processes:
  from: { command: seq 1000, stdout: t }
  one: { shell: "echo one $(cksum)", stdin: t, stdout: inherit }
  two: { shell: "echo two $(cksum)", stdin: t, stdout: inherit }
  copies: { command: cat, stdin: t, stdout: q, replicas: 3 }
  count: { command: wc -l, stdin: q, stdout: inherit }
topics: { t: { history: 8 } }
queues: [q]
)yaml");
  EXPECT_EQ(ran.code, 0) << ran.err;
  Folder folder;
  const std::string sum = shell(folder.path(), "seq 1000 | cksum").out;
  for (const char* name : {"one ", "two "}) EXPECT_NE(ran.out.find(name + sum), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("1000\n"), std::string::npos) << ran.out;
}

// On one pipe, writers of more than a page tear each other's lines.
TEST(Relays, TearNothingBetweenSeveralWriters) {
  for (const int length : {4097, 20'000}) {
    const std::string size = std::to_string(length);
    const Ran ran =
        run_text(R"yaml(processes:
  from:
    shell: 'awk -v c=$PROCGRAPH_REPLICA -v n=)yaml" +
                 size + R"yaml( "BEGIN { while (length(s) < n) s = s c; for (i = 0; i < 300; i++) print s }"'
    stdout: q
    replicas: 4
  to: { command: cat, stdin: q, stdout: inherit }
queues: [q]
)yaml");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out.size(), 1200U * static_cast<std::size_t>(length + 1));
    std::string_view rest = ran.out;
    for (std::size_t at = 0; (at = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(at + 1)) {
      ASSERT_EQ(at, static_cast<std::size_t>(length));
      ASSERT_EQ(rest.substr(0, at).find_first_not_of(rest[0]), std::string_view::npos);
    }
  }
}

// On one pipe, readers take what they get, and that begins and ends anywhere.
TEST(Relays, TearNothingBetweenSeveralReaders) {
  const Ran ran = run_text(R"(processes:
  from: { command: seq 400000, stdout: q }
  to: { command: cat, stdin: q, replicas: 3, stdout: r }
  sort: { command: sort -n, stdin: r, stdout: inherit }
queues: [q, r]
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(ran.out == seq(1, 400'000)) << ran.out.size();
}

// PROCGRAPH_TEST_LINE_BYTES: how long.
TEST(Relays, PassAVeryLongLineWhereItsQueueIsLargeEnough) {
  const char* asked = std::getenv("PROCGRAPH_TEST_LINE_BYTES");
  const std::string size = asked != nullptr ? asked : "50000000",
                    most = std::to_string(std::stoull(size) + 1);
  const Ran ran = run_text("processes:\n  from: { shell: \"head -c " + size +
                           " /dev/zero | tr '\\\\0' x\", stdout: q }\n"
                           "  to: { command: cksum, stdin: q, stdout: inherit }\n"
                           "queues: { q: { max_message: " +
                           most + ", memory: " + most + " } }\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const Folder folder;
  EXPECT_EQ(ran.out, shell(folder.path(), "(head -c " + size + " /dev/zero | tr '\\0' x; echo) | cksum").out);
}

// Each copy waits for the other once it has a line, so that the run ends only if both get some.
TEST(Relays, LetCopiesShareTheWork) {
  Folder folder;
  ASSERT_EQ(shell(folder.path(), "mkfifo meet").code, 0);
  folder.write("graph.yaml", R"(processes:
  from: { command: seq 1000, stdout: q }
  to:
    shell: 'read x; echo $x; if [ $PROCGRAPH_REPLICA = 0 ]; then read y < meet; else echo here > meet; fi; cat'
    stdin: q
    stdout: inherit
    replicas: 2
queues: [q]
)");
  const Ran ran = run(folder.path(), {"run", "graph.yaml", "--timeout", "100s"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(lines_in(ran.out), 1000u);
}

TEST(Relays, AreLeftBehindByARestartWithAllThatWasNotRead) {
  const Ran ran = run_text(R"(processes:
  from: { command: seq 1000, stdout: q }
  to:
    shell: "[ -e once ] && exec cat; touch once; read lost; exit 1"
    restart: { policy: on_failure, backoff: 1ms }
    stdin: q
    stdout: inherit
queues: [q]
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, seq(2, 1000)) << "only what it had read and not answered is lost";
}

TEST(Relays, EndAsCutOffWhereAProgramHasEnough) {
  for (const char* channels : {"queues: [x, y]", "topics: [x, y]"}) {
    const Ran ran = run_text(R"(processes:
  yes: yes
  cat: cat
  head: { command: head -3, stdout: inherit }
pipelines: [[yes, x, cat, y, head]]
)" + std::string(channels) + "\n");
    EXPECT_EQ(ran.code, 0) << channels << ran.err;
    EXPECT_EQ(ran.out, "y\ny\ny\n");
  }
}

// Each copy that has enough gives back what it could not write: that is no failure of those messages.
TEST(Relays, GiveMessagesBackAsOftenAsProgramsEnd) {
  const Ran ran = run_text(R"(processes:
  from: { command: seq 100000, stdout: q }
  heads: { command: head -1, stdin: q, replicas: 12, stdout: inherit }
queues: { q: { max_deliveries: 2 } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_LE(lines_in(ran.out), 12u);
  EXPECT_GE(lines_in(ran.out), 1u);
}

// The message does not fit into the pipe: it is still being written when the first one ends.
TEST(Relays, GiveBackWholeWhatWasWrittenInPart) {
  const Ran ran = run_text(R"(processes:
  from: { shell: "head -c 100000 /dev/zero | tr '\\0' x", stdout: q }
  first: { command: head -c 1, stdin: q, stdout: none }
  rest: { command: wc -c, stdin: q, stdout: inherit, after: { first: finished } }
queues: { q: { max_deliveries: 1 } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "100001\n");
}

TEST(Relays, OfAProgramThatFailsSayNothing) {
  const Ran ran = run_text(R"(processes:
  from: { command: yes, stdout: q }
  to: { shell: "read x; exit 3", stdin: q }
queues: [q]
)");
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("to failed: exit code 3"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("relay"), std::string::npos) << ran.err;
}

TEST(Relays, OfAServiceAreServices) {
  const Ran ran = run_text(R"(processes:
  from: { command: seq 10, stdout: q }
  audit: { command: wc -l, stdin: t, stdout: inherit, service: true }
  to: { command: tee /dev/fd/3, stdin: q, stdout: inherit, writes: { copy: { channel: t, fd: 3 } } }
queues: [q]
topics: { t: { framing: lines } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find(seq(1, 10)), std::string::npos) << ran.out;
}

pid_t pid_of(const std::string& news, const std::string& label) {
  const std::string words = label + " started (pid ";
  return static_cast<pid_t>(std::stol(news.substr(news.find(words) + words.size())));
}

// Killed wherever it is: the process has failed, nobody hangs.
TEST(Relays, ThatAreKilledFailTheirProcess) {
  std::mt19937 dice(3);
  for (int round = 0; round < 6; ++round) {
    const bool reads = round % 2 == 0;
    const std::string relay = reads ? "relay:q:to.stdin" : "relay:from.stdout:q";
    const std::string whole = reads ? "to" : "from";
    Folder folder;
    folder.write("graph.yaml", R"(processes:
  from: { command: seq 1 100000000 }
  to: { command: cat, stdout: inherit }
queues: [q]
pipelines: [[from, q, to]]
)");
    Running running(folder.path(), {procgraph_path(), "run", "graph.yaml", "-v"});
    ASSERT_TRUE(running.wait_for_err(relay + " started (pid "));
    ASSERT_TRUE(running.wait_for_out("\n" + std::to_string(dice() % 20'000) + "\n"));
    ASSERT_EQ(kill(pid_of(running.err(), relay), SIGKILL), 0);
    const Ran ran = running.wait();
    EXPECT_EQ(ran.code, 137) << ran.err;
    EXPECT_NE(ran.err.find(whole + " failed with its relay: " + relay + " failed: killed by SIGKILL"),
              std::string::npos)
        << ran.err;
  }
}

// The one that reads nothing holds what fits into its pipe; all else goes to the other one.
TEST(Relays, ThatAreKilledGiveBackWhatIsNotInThePipe) {
  Folder folder;
  folder.write("graph.yaml", R"(processes:
  stuck: { command: sleep 1000, stdin: q, on_failure: ignore }
  from: { command: seq 100000, after: { stuck: started } }
  to: { command: wc -l, stdout: inherit, after: { stuck: finished } }
queues: [q]
pipelines: [[from, q, to]]
)");
  Running running(folder.path(), {procgraph_path(), "run", "graph.yaml", "-v"});
  ASSERT_TRUE(running.wait_for_err("relay:from.stdout:q started (pid "));
  ASSERT_TRUE(running.wait_for_err("relay:q:stuck.stdin started (pid "));
  ASSERT_EQ(kill(pid_of(running.err(), "relay:q:stuck.stdin"), SIGKILL), 0);
  const Ran ran = running.wait();
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_GE(std::atoi(ran.out.c_str()), 100'000 - 4096 / 2) << ran.err;
}

}  // namespace
}  // namespace procgraph::e2e
