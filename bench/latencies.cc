#include "latencies.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace bench {

namespace {

constexpr double kLeast = 10;   // nanoseconds
constexpr double kMost = 1e12;  // a quarter of an hour
constexpr int kBins = 2546;     // 1% each
constexpr double kQuantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};

}  // namespace

Latencies::Latencies() : histogram_(Axis(kBins, kLeast, kMost)) {}

void Latencies::Record(int64_t nanoseconds) {
  histogram_(static_cast<double>(nanoseconds));
  ++count_;
  maximum_ = std::max(maximum_, nanoseconds);
}

void Latencies::Merge(const Latencies& other) {
  histogram_ += other.histogram_;
  count_ += other.count_;
  maximum_ = std::max(maximum_, other.maximum_);
}

double Latencies::Quantile(double share) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<int64_t>(std::ceil(share * static_cast<double>(count_)));
  // From below everything to above everything: -1 and kBins are the overflow bins.
  int64_t seen = 0;
  for (int bin = -1; bin < kBins; ++bin) {
    seen += histogram_.at(bin);
    if (seen < rank) continue;
    const double middle = bin < 0 ? kLeast : histogram_.axis().value(bin + 0.5);
    return std::min(middle / 1e3, Maximum());
  }
  return Maximum();
}

Json Latencies::ToJson() const {
  Json json = {{"count", count_}};
  for (double share : kQuantiles) {
    std::string name = std::to_string(share * 100);
    name.erase(name.find_last_not_of('0') + 1);
    if (name.back() == '.') name.pop_back();
    json["p" + name] = Quantile(share);
  }
  json["max"] = Maximum();
  // Number of the bin, where it begins, how many.
  Json bins = Json::array();
  for (int bin = -1; bin <= kBins; ++bin) {
    const int64_t count = histogram_.at(bin);
    if (count == 0) continue;
    const double begins = bin < 0 ? 0 : histogram_.axis().value(bin) / 1e3;
    bins.push_back({bin, begins, count});
  }
  json["bins"] = std::move(bins);
  return json;
}

Latencies Latencies::FromJson(const Json& json) {
  Latencies result;
  for (const Json& bin : json.at("bins")) {
    result.histogram_.at(bin.at(0).get<int>()) = bin.at(2).get<int64_t>();
  }
  result.count_ = json.at("count").get<int64_t>();
  result.maximum_ = std::llround(json.at("max").get<double>() * 1e3);
  return result;
}

}  // namespace bench
