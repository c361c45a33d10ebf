#include "base/file.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "tests/catch.h"

namespace vipd::base {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/vipd-file-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] long entries() const {
    return std::distance(fs::directory_iterator(path_), fs::directory_iterator());
  }

 private:
  std::string path_;
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("a file reads back as it was written, and leaves nothing beside it") {
  const Folder folder;
  const std::string content("a\0b\n", 4);
  REQUIRE(write_file_atomically(folder.file("token"), content).ok());
  CHECK(read_file(folder.file("token")).value() == content);
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file is for its owner alone unless said otherwise, whatever the umask") {
  const Folder folder;
  const mode_t before = umask(077);
  REQUIRE(write_file_atomically(folder.file("private"), "x").ok());
  REQUIRE(write_file_atomically(folder.file("public"), "x", 0644).ok());
  umask(before);
  CHECK(mode_of(folder.file("private")) == 0600);
  CHECK(mode_of(folder.file("public")) == 0644);
}

TEST_CASE("who has the old file open keeps the old whole") {
  const Folder folder;
  REQUIRE(write_file_atomically(folder.file("status"), "old").ok());
  fs::create_hard_link(folder.file("status"), folder.file("opened"));
  REQUIRE(write_file_atomically(folder.file("status"), "new").ok());
  CHECK(read_file(folder.file("opened")).value() == "old");
  CHECK(read_file(folder.file("status")).value() == "new");
}

TEST_CASE("a failed write leaves the target and no rubbish") {
  const Folder folder;
  fs::create_directories(folder.file("target/inside"));
  const auto status = write_file_atomically(folder.file("target"), "x");
  CHECK_FALSE(status.ok());
  CHECK(std::string(status.message()).find(folder.file("target")) != std::string::npos);
  CHECK(folder.entries() == 1);
  CHECK(absl::IsNotFound(write_file_atomically(folder.file("missing/x"), "x")));
}

TEST_CASE("what cannot be read says which file and why, never the content") {
  const Folder folder;
  const auto missing = read_file(folder.file("missing"));
  CHECK(absl::IsNotFound(missing.status()));
  CHECK(std::string(missing.status().message()).find(folder.file("missing")) != std::string::npos);
  CHECK_FALSE(read_file(folder.file("")).ok());  // a folder

  REQUIRE(write_file_atomically(folder.file("large"), "secret-text").ok());
  CHECK(read_file(folder.file("large"), 11).ok());
  const auto large = read_file(folder.file("large"), 10);
  CHECK(absl::IsOutOfRange(large.status()));
  CHECK(large.status().ToString().find("secret") == std::string::npos);
}

TEST_CASE("files of the kernel, whose size is told as 0, are read too") {
  CHECK_FALSE(read_file("/proc/self/status").value().empty());
}

}  // namespace
}  // namespace vipd::base
