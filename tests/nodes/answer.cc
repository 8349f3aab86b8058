// answer DEATHS POISON: for each number n that it reads it puts n % 4 answers "n.0", "n.1" …, in one of the
// ways in which messages are put. One in DEATHS times it kills itself somewhere in between, or gives the
// message back; 0: never. Numbers that POISON divides it never survives, at whatever place. With HOLD, a
// fifo, number 1 is held until somebody writes there; stderr tells what was got, and when that one was let
// go.
//   answer [DEATHS [POISON [HOLD]]]
#include <procgraph/node.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace {

void put(procgraph::Writer& out, const std::string& text, unsigned way) {
  const std::string_view view = text;
  if (way % 3 == 0) return out.put(view);
  if (way % 3 == 1) return out.put_many(std::array{view});
  procgraph::Loan loan = out.loan(text.size() + 5);
  std::memcpy(loan.bytes().data(), text.data(), text.size());
  loan.commit(text.size());
}

void say(const std::string& what) {
  const std::string line = what + '\n';
  (void)!write(2, line.data(), line.size());
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned deaths = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 0;
  const int poison = argc > 2 ? std::atoi(argv[2]) : 0;
  std::mt19937 engine(std::random_device{}());
  const auto dice = [&] { return static_cast<unsigned>(engine()); };
  procgraph::Node node;
  auto in = node.reader("q");
  auto out = node.writer("r");
  while (auto message = in.get()) {
    const int number = std::atoi(std::string(message->text()).c_str());
    if (argc > 3) {
      say(number == 1 ? "1 is held" : std::to_string(number) + " was got");
      if (number == 1) {
        std::string line;
        std::ifstream(argv[3]) >> line;
        say("1 goes on");
      }
    }
    const bool bad = poison > 0 && number % poison == 0;
    unsigned fate = bad ? dice() % 5 : deaths > 0 && dice() % deaths == 0 ? dice() % 6 : 6;
    if (fate == 5) {
      message->nack();
      continue;
    }
    const unsigned way = dice();
    if (dice() % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(dice() % 500));
    for (int i = 0; i < number % 4; ++i) {
      if (static_cast<unsigned>(i) == fate) raise(SIGKILL);
      put(out, std::to_string(number) + "." + std::to_string(i), way);
    }
    if (fate < 5) raise(SIGKILL);
    message->ack();
  }
}
