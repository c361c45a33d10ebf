// Calls the target with every file of a corpus; what once went wrong stays right.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "tests/fuzz/fuzz.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const auto bytes = vipd::base::read_file(file.string());
    if (!bytes.ok()) return 1;
    std::printf("%s\n", file.filename().c_str());  // the last one named is the one that crashed
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size());
  }
  std::printf("All tests passed (%zu assertions in %zu test cases)\n", files.size(), files.size());
  return files.empty() ? 1 : 0;
}
