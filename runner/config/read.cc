#include "config/read.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>

#include "config/syntax.h"

namespace procgraph::config {
namespace {

// Gives the text to the library piece by piece. Inside brackets the library keeps everything until the last
// one is closed, some 90 bytes for each part; so the text ends early where the parts since the last event
// would cost too much.
class Feed : public std::streambuf {
 public:
  explicit Feed(std::string_view text) : left_(text) {}

  void event() { cost_ = 0; }
  [[nodiscard]] bool cut() const { return cut_; }

 protected:
  int_type underflow() override {
    if (gptr() < egptr()) return traits_type::to_int_type(*gptr());
    cut_ = cut_ || cost_ > kMostCost;
    if (left_.empty() || cut_) return traits_type::eof();
    const std::string_view piece = left_.substr(0, kPiece);
    left_.remove_prefix(piece.size());
    for (char c : piece) cost_ += cost_of(c);
    char* begin = const_cast<char*>(piece.data());  // a streambuf that is only read never writes to it
    setg(begin, begin, begin + piece.size());
    return traits_type::to_int_type(*begin);
  }

 private:
  static constexpr std::size_t kPiece = 2048;
  static constexpr std::size_t kMostCost = 80U << 20;

  // In bytes, a little more than what the tokens take that this character begins or ends. A new line costs
  // time, too: folding.
  static std::size_t cost_of(char c) {
    switch (c) {
      case '[':
      case '{':
        return 300;
      case ',':
      case ':':
        return 250;
      case '*':
      case '&':
      case '!':
      case '?':
        return 200;
      case ']':
      case '}':
      case '"':
      case '\'':
        return 100;
      case '\n':
        return 32;
      default:
        return 8;
    }
  }

  std::string_view left_;
  std::size_t cost_ = 0;
  bool cut_ = false;
};

// Thrown through the library, which has no other way to stop; the reason is already in Problems.
struct Refused {};

std::size_t offset_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(std::max(mark.pos, 0));
}

class Handler : public YAML::EventHandler {
 public:
  Handler(TreeBuilder& builder, Feed& feed, Places& places, Problems& problems)
      : builder_(builder), feed_(feed), places_(places), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    report_second_document(std::max(offset_of(mark), builder_.offset()), places_, problems_);
    throw Refused{};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    go_on(builder_.null(offset_of(mark), anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    go_on(builder_.alias(offset_of(mark), anchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    go_on(builder_.scalar(offset_of(mark), tag, anchor, value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    go_on(builder_.begin(YamlNode::Kind::kSequence, offset_of(mark), tag, anchor,
                         style == YAML::EmitterStyle::Flow));
  }
  void OnSequenceEnd() override { go_on(builder_.end()); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    go_on(builder_.begin(YamlNode::Kind::kMap, offset_of(mark), tag, anchor,
                         style == YAML::EmitterStyle::Flow));
  }
  void OnMapEnd() override { go_on(builder_.end()); }

 private:
  void go_on(bool yes) {
    feed_.event();
    if (!yes) throw Refused{};
  }

  TreeBuilder& builder_;
  Feed& feed_;
  Places& places_;
  Problems& problems_;
  int documents_ = 0;
};

}  // namespace

const YamlNode* read(const Source& source, std::uint32_t file, Tree& tree, Budget& budget,
                     Problems& problems) {
  Places places(source.text, file);
  TreeBuilder builder(places, tree, budget, problems);
  Feed feed(source.text);
  std::istream stream(&feed);
  try {
    YAML::Parser parser(stream);
    Handler handler(builder, feed, places, problems);
    parser.HandleNextDocument(handler);
    // Once more, and only once: the library skips what it cannot begin a document with, such as a lone ',',
    // without end.
    if (!feed.cut()) parser.HandleNextDocument(handler);
    if (!feed.cut()) return builder.root();
  } catch (const Refused&) {
    return nullptr;
  } catch (const YAML::Exception& complaint) {
    if (!feed.cut()) {
      report_syntax(complaint.msg, offset_of(complaint.mark), builder, places, problems);
      return nullptr;
    }
  }
  problems.error(places.at(builder.offset()),
                 "too many parts in one pair of brackets, or too much text without any part",
                 "write long lists and maps without brackets, one part to a line");
  return nullptr;
}

}  // namespace procgraph::config
