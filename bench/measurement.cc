#include "measurement.h"

#include <algorithm>

namespace bench {

void Measurement::Merge(const Measurement& other) {
  if (unavailable.empty()) unavailable = other.unavailable;
  transactions += other.transactions;
  application_seconds += other.application_seconds;
  disk_seconds += other.disk_seconds;
  for (const auto& [name, distribution] : other.latencies) latencies[name].Merge(distribution);
  if (other.counts) {
    if (!counts) counts.emplace();
    counts->transactions += other.counts->transactions;
    counts->syncs += other.counts->syncs;
    counts->writes += other.counts->writes;
    counts->calls += other.counts->calls;
    counts->bytes_written += other.counts->bytes_written;
  }
  peak_resident_bytes = std::max(peak_resident_bytes, other.peak_resident_bytes);
}

Json Measurement::ToJson() const {
  if (!unavailable.empty()) return {{"unavailable", unavailable}};
  Json json = {{"transactions", transactions},
               {"application_seconds", application_seconds},
               {"disk_seconds", disk_seconds},
               {"peak_resident_bytes", peak_resident_bytes}};
  if (counts) {
    json["counts"] = {{"transactions", counts->transactions},
                      {"syncs", counts->syncs},
                      {"writes", counts->writes},
                      {"calls", counts->calls},
                      {"bytes_written", counts->bytes_written}};
  }
  Json& distributions = json["microseconds"] = Json::object();
  for (const auto& [name, distribution] : latencies) distributions[name] = distribution.ToJson();
  return json;
}

Measurement Measurement::FromJson(const Json& json) {
  Measurement result;
  if (json.contains("unavailable")) {
    result.unavailable = json.at("unavailable").get<std::string>();
    return result;
  }
  result.transactions = json.at("transactions").get<int64_t>();
  result.application_seconds = json.at("application_seconds").get<double>();
  result.disk_seconds = json.at("disk_seconds").get<double>();
  result.peak_resident_bytes = json.at("peak_resident_bytes").get<int64_t>();
  if (json.contains("counts")) {
    const Json& counts = json.at("counts");
    result.counts =
        Counts{counts.at("transactions").get<int64_t>(), counts.at("syncs").get<int64_t>(),
               counts.at("writes").get<int64_t>(), counts.at("calls").get<int64_t>(),
               counts.at("bytes_written").get<int64_t>()};
  }
  for (const auto& [name, distribution] : json.at("microseconds").items()) {
    result.latencies.emplace(name, Latencies::FromJson(distribution));
  }
  return result;
}

}  // namespace bench
