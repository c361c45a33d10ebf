// A lab with vipd in it, in the words of the scenario tests; at the end of the scope it is judged
// and taken down.
//
//   Scene scene(quick());
//   scene.until_settled("at first");
//   scene.act("kill-apiserver", scene.holder());
//
// Waiting  until() looks every 100 ms and fails the test, with the state of every node, when its
//          time is over. during() fails it as soon as what must hold does not.
// Threads  Blocking, single-threaded: Client forks.
// Moves    What Hetzner was made to do, by its own audit log: an assign that was applied and
//          named another server than the one that had the Floating IP. Taking an unassigned
//          one (at first, or after its server was deleted) counts.
// Judged   Every scene, when it ends: each assign of Hetzner's audit log followed its guarded
//          intent (judge.h), or the test fails. Not where it has failed already.
// Setting  SCENARIO_BIN=DIR takes lab, vipd and the others from there; SCENARIO_LONG=1 waits as
//          long as an operator would; SCENARIO_LOGS=DIR keeps the logs of a failed lab there.
//          (Not VIPD_...: vipd takes those for settings.)
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/lab/witness.h"
#include "tools/lab/client.h"

namespace vipd::lab {

// Hetzner takes 300 ms for an assign.
Setup quick();
// `normal` in a quick run, `patient` where SCENARIO_LONG is set.
Millis long_or(Millis normal, Millis patient);

struct Assign {
  std::int64_t fip = 0;
  std::optional<std::int64_t> from;
  std::int64_t server = 0;
  std::int64_t boot_ns = 0;  // when the server field changed
};

class Scene {
 public:
  explicit Scene(Setup setup = quick());
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // --- doing ---
  void act(const std::string& verb, const std::string& node,
           base::Json more = base::Json::object());
  void lead_etcd(const std::string& node);
  base::Json hetzner(const std::string& method, const std::string& target,
                     const base::Json& body = nullptr);
  // Ok: taken. The socket's own text otherwise.
  absl::Status ask_handover(const std::string& at, const std::string& to);
  Executed run(const std::string& node, const std::vector<std::string>& argv);
  // A vipd command, as a shell takes it, to the node's own vipd.
  Executed vipd(const std::string& node, const std::string& words);
  // etcdctl through a node's member, with the apiserver's client certificate.
  Executed etcdctl(const std::string& node, const std::vector<std::string>& argv);
  void write_token(const std::string& node, const std::string& text);

  // --- looking ---
  base::Json lab_status();
  base::Json node(const std::string& name);
  std::int64_t server(const std::string& name) { return node(name)["server"]; }
  std::vector<std::string> running();  // nodes whose vipd answers
  std::vector<std::string> standbys();
  // vipd's own status; null where it does not answer.
  base::Json status_of(const std::string& name);
  std::string state_of(const std::string& name);
  bool problem_of(const std::string& name, const std::string& part);  // in next, problems or gate
  // The one node that says that it holds and that all is verified; else "".
  std::string holder();
  // "" once every vipd and Hetzner say the same; else who differs, in one line. `off` are nodes
  // of which nothing is expected.
  std::string disagreement(const std::vector<std::string>& off = {});
  std::string who_answers();  // at the Floating IP, from outside
  std::int64_t audit_seq();
  base::Json audit_since(std::int64_t seq);
  std::vector<Assign> moves_since(std::int64_t seq);
  std::int64_t now_ns() const;  // on the audit's time line

  // Between the stop of every etcd and the start of one put back from a snapshot: the court
  // (judge.h) goes on with the history of both.
  void etcd_is_replaced();

  // --- waiting ---
  void until(const std::string& what, Millis at_most, const std::function<bool()>& reached);
  void during(const std::string& what, Millis time, const std::function<bool()>& holds);
  // One holder, everybody agrees, the outside is served by it.
  void until_settled(const std::string& when, Millis at_most = Millis(30000),
                     const std::vector<std::string>& off = {});
  // Looks on for `time`: the address stays where it is.
  void nothing_moves(std::int64_t since, Millis time, const std::string& while_what);

  Client& client() { return client_; }
  [[nodiscard]] const Layout& layout() const { return client_.layout(); }

 private:
  std::string picture();  // of every node, for the message of a failed test
  std::vector<std::string> etcdctl_words(const std::string& node) const;
  bool in_order();  // every assign of this lab, by the court
  Client client_;
  Witness witness_;
  std::vector<std::string> nodes_;
};

}  // namespace vipd::lab
