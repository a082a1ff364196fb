// Latencies: how long something took, many times over: the distribution, in little memory.
//
// Kept in bins that are 1% wide, so that a quantile is right to half a percent, and recording one
// costs some tens of nanoseconds and no allocation.
//
// Thread safety: none; one thread records.

#ifndef SQLITEASYNC_BENCH_LATENCIES_H_
#define SQLITEASYNC_BENCH_LATENCIES_H_

#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/storage_adaptor.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <tuple>

namespace bench {

using Json = nlohmann::ordered_json;

class Latencies {
 public:
  Latencies();

  void Record(int64_t nanoseconds);
  // Adds what `other` has recorded.
  void Merge(const Latencies& other);

  int64_t count() const { return count_; }
  // In microseconds; 0 if nothing was recorded. `share`: 0 to 1.
  double Quantile(double share) const;
  double Maximum() const { return static_cast<double>(maximum_) / 1e3; }

  // Count, quantiles and bins, in microseconds. FromJson makes the same distribution of it.
  Json ToJson() const;
  static Latencies FromJson(const Json& json);

 private:
  using Axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using Histogram =
      boost::histogram::histogram<std::tuple<Axis>, boost::histogram::dense_storage<int64_t>>;

  Histogram histogram_;
  int64_t count_ = 0;
  int64_t maximum_ = 0;  // nanoseconds
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_LATENCIES_H_
