// Pipelines of everyday tools: over byte pipes, and over queues, where copies may share a stage, their output
// is the shell's.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

struct Pipeline {
  std::vector<std::string_view> stages;
  std::string_view framing = "lines";  // of the queues
  std::size_t shared = 0;              // the stage that several copies may share; 0: none
};

constexpr std::string_view kChunks = "{ chunks: 10000 }";

// `text` is a file of words, one to a line, `blob` one of bytes.
const std::vector<Pipeline>& pipelines() {
  static const std::vector<Pipeline> kAll{
      {{"cat text", "sort", "uniq -c", "sort -rn", "head -20"}},
      {{"cat text", "tr a-z A-Z", "sort -u"}, "lines", 1},
      {{"cat text", "tr -d aeiou", "sort", "uniq -d"}, "lines", 1},
      {{"cat text", "grep -n o", "cut -d: -f1", "awk '{ s += $1 } END { print s }'"}},
      {{"cat text", "awk '{ n[length($0)]++ } END { for (k in n) print k, n[k] }'", "sort -n"}},
      {{"cat text", "sed -n 's/^\\(.\\)\\(.*\\)$/\\2\\1/p'", "sort", "tail -5"}, "lines", 1},
      {{"cat text", "rev", "sort", "rev"}, "lines", 1},
      {{"cat text", "grep -v e", "wc -l"}, "lines", 1},
      {{"cat text", "paste - - -", "cut -f2", "sort"}},
      {{"seq 100000", "wc"}},
      {{"seq 100000", "sort -R --random-source=text", "sort -n", "cksum"}},
      {{"seq 100000", "tac", "head -3"}},
      {{"seq 100000", "sed -e 1d -e '$d'", "cksum"}},
      {{"seq 1 7 100000", "awk '$1 % 2'", "tail -n +100", "md5sum"}},
      {{"seq 100", "xargs -n 7 echo", "tr ' ' +", "sed 's/+/ + /g'"}},
      {{"seq 100000", "split -n r/2/3", "cksum"}},
      {{"seq 10", "shuf --random-source=text", "sort -n"}},
      {{"seq 3000", "fold -w 1", "sort", "uniq -c"}, "lines", 1},
      {{"seq 1000", "nl", "expand", "sed 's/^ *//'"}},
      {{"printf 'a\\r\\n\\r\\nb\\r\\n'", "od -c"}},
      {{"printf 'x y\\n%.0s' 1 2 3", "cut -d' ' -f2-", "grep -c y"}, "lines", 1},
      {{"sh -c 'yes | head -50000'", "sort", "uniq -c"}},
      {{"yes", "head -1000", "wc -l"}},
      {{"cat blob", "gzip -n", "gunzip", "cksum"}, kChunks},
      {{"cat blob", "gzip -n -1", "md5sum"}, kChunks},
      {{"cat blob", "xz -0", "xz -d", "sha256sum"}, kChunks},
      {{"cat blob", "bzip2", "bunzip2", "cksum"}, kChunks},
      {{"cat blob", "zstd -q", "zstd -dq", "cksum"}, kChunks},
      {{"cat blob", "base64", "base64 -d", "cmp - blob"}, kChunks},
      {{"cat blob", "openssl enc -aes-128-cbc -K 00112233445566778899aabbccddeeff -iv 0",
        "openssl dgst -sha1 -r"},
       kChunks},
      {{"tar cf - text blob", "tar tf -"}, kChunks},
      {{"tar cf - blob", "gzip -n", "zcat", "tar xOf -", "cksum"}, kChunks},
      {{"cat blob", "dd bs=4096 skip=3 status=none", "od -An -tx1", "tail -2"}, kChunks},
      {{"cat blob", "tr '\\0' '\\n'", "cksum"}, "{ record: 16 }"},
      {{"cat blob", "xxd -p", "xxd -r -p", "cksum"}, kChunks},
      {{"sh -c 'printf \"b\\0a\\0c\\0\"'", "sort -z", "tr '\\0' '\\n'"}, "nul"},
      {{"find . -name 'text' -print0", "xargs -0 wc -l"}, "nul"},
      {{"echo '{\"a\": [1, 2, {\"b\": \"x\"}]}'", "jq -c '.a[]'", "jq -s length"}, "lines", 1},
      {{"cat blob", "cksum"}, "whole"},
      {{"cat text", "comm -12 - text", "cksum"}},
  };
  return kAll;
}

// How the stages are joined.
enum class Joined { kByPipes, kByQueues, kByQueuesWithCopies };

// Those of which this machine has all tools.
std::vector<std::size_t> installed() {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < pipelines().size(); ++i) {
    std::string tools;
    for (const std::string_view stage : pipelines()[i].stages)
      tools.append(" && command -v ").append(stage.substr(0, stage.find(' ')));
    if (shell("/", "true" + tools).code == 0) numbers.push_back(i);
  }
  return numbers;
}

std::string shell_line(const Pipeline& pipeline) {
  std::string line;
  for (const std::string_view stage : pipeline.stages) line.append(line.empty() ? "" : " | ").append(stage);
  return line;
}

// As YAML has it.
std::string in_quotes(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string graph_of(const Pipeline& pipeline, Joined joined) {
  const bool queues = joined != Joined::kByPipes;
  std::string processes = "processes:\n", names, channels = "queues:\n";
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    const std::string n = std::to_string(i);
    const bool last = i + 1 == pipeline.stages.size();
    processes += "  p" + n + ":\n    command: " + in_quotes(pipeline.stages[i]) + "\n";
    if (last) processes += "    stdout: inherit\n";
    // A copy of grep that finds nothing says so.
    if (joined == Joined::kByQueuesWithCopies && i == pipeline.shared)
      processes += "    replicas: 3\n    ok_codes: [0, 1]\n";
    names += (i == 0 ? "p" : ", p") + n;
    if (last || !queues) continue;
    names += ", q" + n;
    channels += "  q" + n + ": { framing: " + std::string(pipeline.framing) + " }\n";
  }
  return processes + (queues ? channels : "") + "pipelines: [[" + names + "]]\n";
}

class Tools : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    folder.write("text", shell(folder.path(),
                               "seq 3000 | awk '{ srand($1); printf \"%c%c%c%c\\n\", 97 + $1 % 26, "
                               "97 + $1 % 7, 97 + $1 % 11, 97 + $1 % 3 }'")
                             .out);
    std::string blob;
    for (unsigned i = 0, x = 1; i < 160'000; ++i, x = x * 1103515245 + 12345)
      blob += static_cast<char>(x >> 16 & x >> 24);
    folder.write("blob", blob);
  }
  Folder folder;
};

TEST_P(Tools, SayWhatTheySayInAShell) {
  const Pipeline& pipeline = pipelines()[GetParam()];
  const Ran expected = shell(folder.path(), shell_line(pipeline));
  ASSERT_EQ(expected.code, 0) << expected.err;
  for (const Joined joined : {Joined::kByPipes, Joined::kByQueues, Joined::kByQueuesWithCopies}) {
    if (joined == Joined::kByQueuesWithCopies && pipeline.shared == 0) continue;
    folder.write("graph.yaml", graph_of(pipeline, joined));
    const Ran ran = run(folder.path(), {"run", "graph.yaml"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ran.out == expected.out)
        << shell_line(pipeline) << (joined == Joined::kByPipes ? "\n(pipes)\n" : "\n(queues)\n") << ran.out
        << "\ninstead of\n"
        << expected.out;
  }
}

INSTANTIATE_TEST_SUITE_P(Pipelines, Tools, ::testing::ValuesIn(installed()));

}  // namespace
}  // namespace procgraph::e2e
