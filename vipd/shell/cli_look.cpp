// vipd why, vipd journal dump, vipd replay: they look and change nothing.
#include <ostream>

#include "base/document.h"
#include "base/file.h"
#include "vipd/shell/cli_parts.h"
#include "vipd/shell/client.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/replay.h"
#include "vipd/shell/status_text.h"

namespace vipd::shell {
namespace {

constexpr std::chrono::seconds kAnswerWithin{10};
constexpr std::size_t kLargestJournal = 64 << 20;

int could_not_tell(const absl::Status& why, const Surroundings& around) {
  around.err << "vipd: " << why.message() << "\n";
  return kCouldNotTell;
}

int why(const LookOptions& options, const Surroundings& around) {
  Client client(options.socket, around.clock);
  const auto status = client.status(std::nullopt, around.clock.now() + kAnswerWithin);
  if (!status.ok()) return could_not_tell(status.status(), around);
  around.out << (options.format == "table" ? why_text(*status)
                                           : base::document(why_part(*status), options.format));
  return kFine;
}

int dump_journal(const LookOptions& options, const Surroundings& around) {
  Client client(options.socket, around.clock);
  const auto journal = client.journal(around.clock.now() + kAnswerWithin);
  if (!journal.ok()) return could_not_tell(journal.status(), around);
  around.out << *journal << std::flush;
  return around.out.good() ? kFine : kCouldNotTell;
}

int replay_file(const LookOptions& options, const Surroundings& around) {
  const auto journal = base::read_file(options.file, kLargestJournal);
  if (!journal.ok()) return could_not_tell(journal.status(), around);
  const auto telling = options.all ? Telling::kAll : Telling::kNotable;
  return replay(*journal, telling, around.out, around.err);
}

}  // namespace

void add_look_commands(CLI::App& app, Chosen& chosen, LookOptions& options,
                       const Surroundings& around) {
  CLI::App* asked = app.add_subcommand(
      "why", "Explain this node: its gate, the last moves, and what if it died now");
  add_socket(*asked, options.socket);
  add_format(*asked, options.format);
  asked->callback([&] { chosen = [&] { return why(options, around); }; });

  CLI::App* journal = app.add_subcommand("journal", "The last minutes of what vipd saw and did");
  journal->require_subcommand(1);
  CLI::App* dump =
      journal->add_subcommand("dump", "Write it to standard output, for `vipd replay`");
  add_socket(*dump, options.socket);
  dump->callback([&] { chosen = [&] { return dump_journal(options, around); }; });

  CLI::App* again = app.add_subcommand(
      "replay", "Tell a journal's story by running it through this vipd; 0 if it decides the same");
  again->add_option("FILE", options.file, "of `vipd journal dump`, or journal.crash[.first]")
      ->required();
  again->add_flag("--all", options.all, "Tell probes and keepalives that changed nothing, too");
  again->callback([&] { chosen = [&] { return replay_file(options, around); }; });
}

}  // namespace vipd::shell
