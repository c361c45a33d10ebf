// A line of a journal: `vipd replay` takes files from anywhere.
#include "tests/fuzz/fuzz.h"
#include "vipd/shell/journal_line.h"

using namespace vipd::shell;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto line = read_journal_line(vipd::fuzz::text(data, size));
  if (!line.ok()) return 0;
  if (const auto* entry = std::get_if<JournalEntry>(&*line)) {
    const std::string written = entry_line(entry->event, entry->now);
    const auto again = read_journal_line(written);
    vipd::fuzz::must(again.ok(), "what is written can be read");
    const auto& same = std::get<JournalEntry>(*again);
    vipd::fuzz::must(entry_line(same.event, same.now) == written, "and says the same");
  }
  if (const auto* head = std::get_if<JournalHead>(&*line))
    vipd::fuzz::must(read_journal_line(head_line(head->config, head->state)).ok(),
                     "a head that is written can be read");
  return 0;
}
