// Machine configs made up from a seed: an era, which settings stand where, what else is there, and
// how all of it is written. Every comment is unique, so that a lost one is seen.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace vipd::talos {

struct MadeEntry;

struct Made {  // what is to be written
  enum class Kind { kText, kRaw, kNull, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;  // kRaw: as it stands in the text, one line or a block scalar with "\n"
  std::vector<Made> items;
  std::vector<MadeEntry> entries;
  Made& operator[](const std::string& key);
};

struct MadeEntry {
  std::string key;
  Made value;
};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  // The whole text, and the settings that stand in it.
  std::string config();

  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  Made one_document();
  std::vector<Made> other_documents(Made& first);
  void fill(Made& map, int depth);
  Made anything(int depth);
  Made texts(std::vector<std::string> pool);
  void shuffle(Made& map);

  std::string write(const Made& document);
  void write_map(const Made& map, std::size_t margin, std::string& out);
  void write_list(const Made& list, std::size_t margin, std::string& out);
  void write_value(const Made& value, std::size_t margin, bool may_dash, std::string& out);
  std::string flow(const Made& value);
  std::string scalar(const std::string& text);
  std::string comment();

  std::mt19937 random_;
  int comments_ = 0;
};

}  // namespace vipd::talos
