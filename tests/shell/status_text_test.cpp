#include "vipd/shell/status_text.h"

#include "tests/catch.h"
#include "vipd/shell/handover.h"

namespace vipd::shell {
namespace {

using base::Json;

Json holder_status() {
  return Json::parse(R"({
    "version": "0.1.0", "instance": "3f2a", "node": "cp-1", "server": 101,
    "cluster": "prod", "group": "api", "change": 12,
    "state": "holder", "epoch": 4711, "ready": true,
    "holder": {"node": "cp-1", "server": 101, "instance": "3f2a", "cause": "first claim",
               "since": "2026-01-30T23:55:00Z", "reason": ""},
    "gate": [{"condition": "apiserver", "ok": true, "evidence": "/readyz 200"},
             {"condition": "token", "ok": false, "evidence": "no token file"}],
    "fips": [{"id": 7, "address": "203.0.113.10", "phase": "verified", "server": 101,
              "verified": true, "why": ""}],
    "nodes": [{"node": "cp-1", "server": 101, "instance": "3f2a", "ready": true, "why": "",
               "address": "10.0.1.11"},
              {"node": "cp-22", "server": 102, "instance": "9c01", "ready": false,
               "why": "apiserver: 3 misses", "address": "10.0.1.12"}],
    "lease": {"id": "1da3", "remaining_ms": 4230}, "paused": null,
    "problems": ["token: no file /var/lib/vipd/hcloud-token"],
    "moves": [{"at": "2026-01-30T23:50:00Z", "from": "cp-22", "to": "cp-1", "cause": "dead",
               "epoch": 4711}],
    "hcloud": {"remaining": 3599, "limit": 3600, "lists": 3, "assigns": 1, "others": 2},
    "next": "reads Hetzner in 90 s"})");
}

constexpr auto kHolderText = R"(vipd 0.1.0  prod/api

node    cp-1 (server 101), instance 3f2a
state   holder
ready   yes
holder  cp-1 (server 101), since 2026-01-30T23:55:00Z, first claim
epoch   4711
lease   1da3, 4.2 s left
hcloud  3599 of 3600 requests left; 3 lists, 1 assigns, 2 others
next    reads Hetzner in 90 s

! token: no file /var/lib/vipd/hcloud-token

FLOATING IP  ADDRESS       PHASE     SERVER  VERIFIED  WHY
7            203.0.113.10  verified  101     yes       -

GATE       OK   EVIDENCE
apiserver  yes  /readyz 200
token      no   no token file

NODE   SERVER  READY  ADDRESS    INSTANCE  WHY
cp-1   101     yes    10.0.1.11  3f2a      -
cp-22  102     no     10.0.1.12  9c01      apiserver: 3 misses

MOVE                  FROM   TO    CAUSE  EPOCH
2026-01-30T23:50:00Z  cp-22  cp-1  dead   4711
)";

TEST_CASE("the status of a holder as a person reads it") {
  CHECK(status_text(holder_status()) == kHolderText);
}

TEST_CASE("why the holder holds; nobody holds; somebody has paused it") {
  Json status = holder_status();
  status["holder"]["reason"] = "kernel update";
  CHECK(status_text(status).find(", first claim: kernel update\n") != std::string::npos);
  status["holder"] = nullptr;
  status["paused"] = {{"by", "anna"}, {"reason", "network work"}, {"hard", true}};
  const auto text = status_text(status);
  CHECK(text.find("holder  nobody\n") != text.npos);
  CHECK(text.find("paused  hard, by anna: network work\n") != text.npos);
}

TEST_CASE("why: the gate, the moves with their rule, and what if this node died") {
  Json status = holder_status();
  status["moves"][0]["rule"] = "E14";
  status["ifThisNodeDied"] = {"cp-22 would take over", "if it cannot: nobody"};
  CHECK(why_text(status) == R"(cp-1: holder, ready
reads Hetzner in 90 s
holder: cp-1 (server 101), since 2026-01-30T23:55:00Z, first claim

! token: no file /var/lib/vipd/hcloud-token

GATE       OK   EVIDENCE
apiserver  yes  /readyz 200
token      no   no token file

MOVE                  FROM   TO    CAUSE  RULE  EPOCH  REASON
2026-01-30T23:50:00Z  cp-22  cp-1  dead   E14   4711   -

IF THIS NODE DIED NOW
cp-22 would take over
if it cannot: nobody
)");
  status["paused"] = {{"by", "anna"}, {"reason", "work"}, {"hard", true}, {"until", "later"}};
  CHECK(why_text(status).find("\npaused: hard, by anna: work (until later)\n") !=
        std::string::npos);
  status["moves"] = Json::array();
  CHECK(why_text(status).find("no move seen since this vipd started\n") != std::string::npos);
  CHECK_FALSE(why_text(nullptr).empty());
}

TEST_CASE("who has the leader key, and whether that instance lives") {
  Json status = holder_status();
  status["holder"]["lease"] = "1da3";
  status["holder"]["alive"] = false;
  CHECK(leader_text(status) == R"(holder    cp-1 (server 101)
instance  3f2a
epoch     4711
lease     1da3
alive     no: its nodes/ key is gone
since     2026-01-30T23:55:00Z, first claim
)");
  status["holder"] = nullptr;
  CHECK(leader_text(status) == "nobody holds the leader key\n");
}

TEST_CASE("-o shows fields of the status as they stand there; a missing one is null") {
  const Json status = holder_status();
  const Json why = why_part(status);
  CHECK(why.size() == 12);
  for (const auto* name : {"node", "state", "ready", "next", "holder", "gate", "moves"}) {
    CHECK(why[name] == status[name]);
  }
  CHECK(why["ifThisNodeDied"].is_null());
  CHECK(leader_part(status) == Json({{"holder", status["holder"]}, {"epoch", 4711}}));
  CHECK(leader_part(nullptr) == Json({{"holder", nullptr}, {"epoch", nullptr}}));
}

TEST_CASE("what is left at Hetzner is shown once Hetzner has said it") {
  Json status = holder_status();
  status["hcloud"] = {{"remaining", 0}, {"limit", 0}, {"lists", 0}, {"assigns", 0}, {"others", 0}};
  const auto text = status_text(status);
  CHECK(text.find("0 of 0") == text.npos);
  CHECK(text.find("hcloud  no answer yet; asked: 0 lists, 0 assigns, 0 others\n") != text.npos);
}

TEST_CASE("a pause says until when") {
  Json status = holder_status();
  status["paused"] = {{"by", "anna"}, {"reason", "work"}, {"hard", false}, {"until", "later"}};
  CHECK(status_text(status).find("paused  by anna: work (until later)\n") !=
        std::string::npos);
}

TEST_CASE("a status with other fields than known is still shown") {
  CHECK(status_text(Json::object()).find("holder  nobody") != std::string::npos);
  CHECK_FALSE(status_text(nullptr).empty());
  CHECK_FALSE(status_text({{"gate", 3}, {"fips", {1, "x", nullptr}}, {"lease", "x"}}).empty());
}

TEST_CASE("what others wrote cannot steer the terminal") {
  Json status = holder_status();
  status["nodes"][1]["node"] = "\x1b[2Jcp\n";
  const auto text = status_text(status);
  CHECK(text.find('\x1b') == text.npos);
  CHECK(text.find("?[2Jcp?") != text.npos);
}

TEST_CASE("one line says who holds and where each Floating IP stands") {
  CHECK(holder_text(holder_status()) ==
        "holder cp-1 (server 101), epoch 4711; 203.0.113.10 verified on server 101");
}

TEST_CASE("a handover is done once the right node holds and every Floating IP is verified") {
  Json status = holder_status();
  const Order to_name{.to = "cp-1", .off = "", .by = "", .reason = ""};
  const Order to_id{.to = "101", .off = "", .by = "", .reason = ""};
  const Order off{.to = "", .off = "cp-22", .by = "", .reason = ""};
  const Order any;
  CHECK(fulfilled(status, to_name, 102));
  CHECK(fulfilled(status, to_id, 102));
  CHECK(fulfilled(status, off, 102));
  CHECK(fulfilled(status, any, 102));

  CHECK_FALSE(fulfilled(status, {.to = "cp-22", .off = "", .by = "", .reason = ""}, 102));
  CHECK_FALSE(fulfilled(status, {.to = "", .off = "cp-1", .by = "", .reason = ""}, 102));
  CHECK_FALSE(fulfilled(status, any, 101));

  status["fips"][0]["server"] = 102;
  CHECK_FALSE(fulfilled(status, to_name, 102));
  status["fips"][0]["server"] = 101;
  status["fips"][0]["verified"] = false;
  CHECK_FALSE(fulfilled(status, to_name, 102));
  status["holder"] = nullptr;
  CHECK_FALSE(fulfilled(status, off, 102));
}

}  // namespace
}  // namespace vipd::shell
