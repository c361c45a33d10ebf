#include "tools/lab/hcloudsim/resources.h"

#include <algorithm>

namespace vipd::hcloudsim {

const std::vector<Location>& locations() {
  static const std::vector<Location> kAll = {
      {1, "fsn1", "Falkenstein", "DE", 50.47612, 12.370071, "eu-central", "fsn1-dc14"},
      {2, "nbg1", "Nuremberg", "DE", 49.452102, 11.076665, "eu-central", "nbg1-dc3"},
      {3, "hel1", "Helsinki", "FI", 60.169855, 24.938379, "eu-central", "hel1-dc2"},
      {4, "ash", "Ashburn, VA", "US", 39.045821, -77.487073, "us-east", "ash-dc1"},
      {5, "hil", "Hillsboro, OR", "US", 45.54222, -122.951924, "us-west", "hil-dc1"},
      {6, "sin", "Singapore", "SG", 1.283333, 103.833333, "ap-southeast", "sin-dc1"},
  };
  return kAll;
}

const Location* find_location(std::string_view name) {
  for (const Location& each : locations()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

bool Action::concerns(const ResourceRef& resource) const {
  return std::find(resources.begin(), resources.end(), resource) != resources.end();
}

}  // namespace vipd::hcloudsim
