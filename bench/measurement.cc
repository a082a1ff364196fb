#include "measurement.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bench {

void Progress::Add(double when, int64_t count) {
  const auto period = static_cast<size_t>(when / kPeriod);
  if (bytes.size() <= period) bytes.resize(period + 1);
  bytes[period] += count;
}

std::optional<double> Progress::LeastShare() const {
  if (bytes.size() <= kPeriodsPerSecond) return {};
  const auto end = bytes.end() - 1;
  const auto periods = static_cast<double>(end - bytes.begin());
  const auto all = static_cast<double>(std::accumulate(bytes.begin(), end, int64_t{0}));
  int64_t least = std::numeric_limits<int64_t>::max();
  for (auto second = bytes.begin(); end - second >= kPeriodsPerSecond; ++second) {
    least = std::min(least, std::accumulate(second, second + kPeriodsPerSecond, int64_t{0}));
  }
  if (all <= 0) return {};
  return static_cast<double>(least) / (all / periods * kPeriodsPerSecond);
}

void Measurement::Merge(const Measurement& other) {
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
  if (other.overhead) {
    if (!overhead) overhead.emplace();
    overhead->units += other.overhead->units;
    overhead->bytes += other.overhead->bytes;
  }
  // One round's after the other's makes no sense.
  if (!progress) progress = other.progress;
}

Json Measurement::ToJson() const {
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
  if (overhead) json["overhead"] = {{"units", overhead->units}, {"bytes", overhead->bytes}};
  if (progress) json["progress"] = {{"seconds", Progress::kPeriod}, {"bytes", progress->bytes}};
  Json& distributions = json["microseconds"] = Json::object();
  for (const auto& [name, distribution] : latencies) distributions[name] = distribution.ToJson();
  return json;
}

Measurement Measurement::FromJson(const Json& json) {
  Measurement result;
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
  if (json.contains("overhead")) {
    const Json& overhead = json.at("overhead");
    result.overhead =
        Overhead{overhead.at("units").get<int64_t>(), overhead.at("bytes").get<int64_t>()};
  }
  if (json.contains("progress")) {
    result.progress = Progress{json.at("progress").at("bytes").get<std::vector<int64_t>>()};
  }
  for (const auto& [name, distribution] : json.at("microseconds").items()) {
    result.latencies.emplace(name, Latencies::FromJson(distribution));
  }
  return result;
}

}  // namespace bench
