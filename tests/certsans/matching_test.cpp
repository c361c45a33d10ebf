// Which SAN stands for which name: RFC 9525 6.3 to 6.5.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "base/ip.h"
#include "base/x509.h"
#include "tests/catch.h"

namespace vipd::base {
namespace {

struct Case {
  std::string san;
  std::string host;
  bool named;
};

bool dns_names(const std::string& san, const std::string& host) {
  Certificate certificate;
  certificate.dns_names = {san};
  return names(certificate, host);
}

bool address_names(const std::string& san, const std::string& host) {
  Certificate certificate;
  certificate.ip_addresses = {IpAddress::parse(san).value().text()};
  return names(certificate, host);
}

TEST_CASE("a DNS name is named by itself or by a wildcard for its first label") {
  const auto [san, host, named] = GENERATE(values<Case>({
      {"api.example.org", "api.example.org", true},
      {"API.Example.ORG", "api.example.org", true},
      {"api.example.org", "API.EXAMPLE.ORG", true},
      {"api.example.org", "api.example.org.", true},
      {"api.example.org.", "api.example.org", false},
      {"api.example.org", "api.example.com", false},
      {"api.example.org", "an.api.example.org", false},
      {"example.org", "api.example.org", false},
      {"*.example.org", "api.example.org", true},
      {"*.EXAMPLE.org", "API.example.ORG", true},
      {"*.example.org", "api.example.org.", true},
      {"*.example.org", "xn--bcher-kva.example.org", true},
      {"*.example.org", "an.api.example.org", false},
      {"*.example.org", "example.org", false},
      {"*.example.org", ".example.org", false},
      {"*.example.org.", "api.example.org", false},
      {"*.org", "example.org", false},
      {"*", "localhost", false},
      {"*.", "localhost", false},
      {"*..org", "a..org", false},
      {"a*.example.org", "api.example.org", false},
      {"*i.example.org", "api.example.org", false},
      {"a*i.example.org", "api.example.org", false},
      {"api.*.org", "api.example.org", false},
      {"*.*.org", "api.example.org", false},
      {"*.example.*", "api.example.org", false},
      {"**.example.org", "api.example.org", false},
      {"*.example.org", "*.example.org", true},
      {"*.example.org", "*.api.example.org", false},
      {"*.api.example.org", "*.example.org", false},
      {"*.example.org", "*a.example.org", false},
      {"kubernetes", "kubernetes", true},
      {"kubernetes", "kubernetes.", true},
      {"", "", false},
      {"", ".", false},
      {"api.example.org", "", false},
      {std::string("api.example.org\0.evil.org", 25), "api.example.org", false},
  }));
  INFO(san << " for " << host);
  CHECK(dns_names(san, host) == named);
}

TEST_CASE("an address is named by an address alone, however it is written") {
  const auto [san, host, named] = GENERATE(values<Case>({
      {"203.0.113.10", "203.0.113.10", true},
      {"203.0.113.10", "203.0.113.11", false},
      {"2001:db8::1", "2001:db8::1", true},
      {"2001:db8::1", "2001:DB8:0:0:0:0:0:1", true},
      {"2001:0db8:0000::0001", "2001:db8::1", true},
      {"2001:db8::1", "2001:db8::2", false},
      {"::1", "0:0:0:0:0:0:0:1", true},
      {"::ffff:203.0.113.10", "::ffff:cb00:710a", true},
      {"::ffff:203.0.113.10", "203.0.113.10", false},
      {"203.0.113.10", "::ffff:203.0.113.10", false},
      {"0.0.0.0", "::", false},
      {"203.0.113.10", "203.0.113.10.", false},
      {"fe80::1", "fe80::1%eth0", false},
  }));
  INFO(san << " for " << host);
  CHECK(address_names(san, host) == named);
}

TEST_CASE("no DNS name and no wildcard stands for an address, nor a common name for anything") {
  CHECK_FALSE(dns_names("203.0.113.10", "203.0.113.10"));
  CHECK_FALSE(dns_names("*.0.113.10", "203.0.113.10"));
  CHECK_FALSE(dns_names("2001:db8::1", "2001:db8::1"));
  Certificate certificate;
  certificate.common_name = "api.example.org";
  CHECK_FALSE(names(certificate, "api.example.org"));
  certificate.common_name = "203.0.113.10";
  CHECK_FALSE(names(certificate, "203.0.113.10"));
}

using Labels = std::vector<std::string>;

// The rule itself, label by label.
bool stands_for(const Labels& pattern, const Labels& host) {
  if (pattern.size() != host.size()) return false;
  if (pattern == host) return true;
  return pattern.front() == "*" && pattern.size() >= 3 &&
         std::equal(pattern.begin() + 1, pattern.end(), host.begin() + 1);
}

std::vector<Labels> all_of_up_to_3(const Labels& alphabet) {
  std::vector<Labels> all = {{}};
  for (std::size_t from = 0, length = 1; length <= 3; ++length) {
    const std::size_t to = all.size();
    for (; from < to; ++from) {
      for (const std::string& label : alphabet) {
        all.push_back(all[from]);
        all.back().push_back(label);
      }
    }
  }
  all.erase(all.begin());
  return all;
}

TEST_CASE("every pattern of three labels, judged label by label") {
  int named = 0;
  for (const Labels& pattern : all_of_up_to_3({"*", "a", "b", "*a", "a*", ""})) {
    for (const Labels& host : all_of_up_to_3({"a", "b", "aa"})) {
      const std::string san = absl::StrJoin(pattern, ".");
      const std::string name = absl::StrJoin(host, ".");
      const bool expected = stands_for(pattern, host);
      named += expected ? 1 : 0;
      INFO(san << " for " << name);
      REQUIRE(dns_names(san, name) == expected);
      REQUIRE(dns_names(absl::AsciiStrToUpper(san), name + ".") == expected);
    }
  }
  CHECK(named > 14);  // more than what is equal
}

}  // namespace
}  // namespace vipd::base
