#include "targets.h"

#include <cstdio>
#include <functional>
#include <initializer_list>

namespace bench {

namespace {

using Value = std::optional<double>;

constexpr char kUs[] = "grouped";
constexpr char kSingle[] = "single";
constexpr char kFloor[] = "floor";
constexpr char kWal[] = "wal-normal";
constexpr char kPlain[] = "delete";
constexpr int64_t kTailTransactions = 200'000;
constexpr int64_t kMemoryTransactions = 1'000'000;

// A figure of a mode, if it was measured.
using Figure = std::function<Value(const Measurement&)>;

Value Of(const Results& results, const char* workload, const char* form, const char* mode,
         const Figure& figure, const char* variant = "") {
  const Measurement* measurement = results.Find(workload, form, mode, variant);
  return measurement == nullptr ? Value() : figure(*measurement);
}

Value Ratio(Value value, Value reference) {
  if (!value || !reference || *reference <= 0) return {};
  return *value / *reference;
}

Value DiskRate(const Measurement& measurement) {
  if (measurement.disk_seconds <= 0) return {};
  return static_cast<double>(measurement.transactions) / measurement.disk_seconds;
}

Value PerTransaction(const Measurement& measurement, int64_t Counts::*count) {
  if (!measurement.counts || measurement.counts->transactions == 0) return {};
  return static_cast<double>(*measurement.counts.*count) /
         static_cast<double>(measurement.counts->transactions);
}

Value Syncs(const Measurement& measurement) { return PerTransaction(measurement, &Counts::syncs); }
Value Bytes(const Measurement& measurement) {
  return PerTransaction(measurement, &Counts::bytes_written);
}

Figure Latency(const std::string& name, double share) {
  return [=](const Measurement& measurement) -> Value {
    const auto found = measurement.latencies.find(name);
    if (found == measurement.latencies.end() || found->second.count() == 0) return {};
    return found->second.Quantile(share);
  };
}

Value PeakMebibytes(const Measurement& measurement) {
  return static_cast<double>(measurement.peak_resident_bytes) / (1 << 20);
}

Value ApplicationRate(const Measurement& measurement) {
  if (measurement.application_seconds <= 0) return {};
  return static_cast<double>(measurement.transactions) / measurement.application_seconds;
}

Value BytesBesideData(const Measurement& measurement) {
  return measurement.overhead ? measurement.overhead->PerUnit() : Value();
}

Value LeastShare(const Measurement& measurement) {
  return measurement.progress ? measurement.progress->LeastShare() : Value();
}

// The targets name numbers of transactions, which a short or slow run doesn't reach.
std::string RemarkOn(const Results& results, const char* workload, const char* form,
                     std::initializer_list<const char*> modes, int64_t asked) {
  for (const char* mode : modes) {
    const Measurement* measurement = results.Find(workload, form, mode);
    if (measurement == nullptr || measurement->transactions >= asked) continue;
    return std::string("of ") + mode + " there were only " +
           std::to_string(measurement->transactions) + " transactions";
  }
  return "";
}

const char* Phrase(Target::Sense sense) {
  switch (sense) {
    case Target::Sense::kAtLeast:
      return "at least";
    case Target::Sense::kAtMost:
      return "at most";
    case Target::Sense::kBelow:
      return "below";
  }
  return "";
}

// What costs the same with a million operations queued as with none, and what one takes.
void AddDepths(const Results& results, std::vector<Target>& targets) {
  constexpr char kDeep[] = "1000000 queued";
  const auto of = [&](const Figure& figure, const char* variant) {
    return Of(results, "5", "depth", kSingle, figure, variant);
  };
  for (const char* running : {"", " running"}) {
    for (const char* what : {"read", "scan", "transaction"}) {
      const Figure figure = Latency(std::string(what) + running, 0.5);
      targets.push_back({std::string("p50 of a ") + what + " with a million queued, over none" +
                             (*running != 0 ? ", running" : ""),
                         Target::Sense::kAtMost, 1.2,
                         Ratio(of(figure, kDeep), of(figure, "0 queued"))});
    }
  }
  targets.push_back({"bytes an operation takes beside its data", Target::Sense::kAtMost, 128,
                     of(BytesBesideData, kDeep)});
  targets.push_back({"bytes a page of a group takes beside its data", Target::Sense::kAtMost, 64,
                     Of(results, "5", "pages", kUs, BytesBesideData, "50000 queued")});
}

void AddConnections(const Results& results, std::vector<Target>& targets) {
  const auto gain = [&](const char* mode, const char* variant) {
    return Ratio(Of(results, "6", "halted", mode, ApplicationRate, variant),
                 Of(results, "6", "halted", mode, ApplicationRate, "1 connection"));
  };
  for (const char* variant : {"2 connections", "8 connections"}) {
    // What the machine has processors for, while others use it too, the floor shows.
    const Value floor = gain(kFloor, variant);
    char remark[60] = "";
    if (floor) std::snprintf(remark, sizeof(remark), "the floor's: %.3g", *floor);
    targets.push_back({std::string(variant) + ", transactions/s, over one's, writer halted",
                       Target::Sense::kAtLeast, 1.6, gain(kUs, variant), remark});
  }
}

void AddOverload(const Results& results, std::vector<Target>& targets) {
  constexpr double kDefaultLimit = 64;  // MiB
  for (const char* mode : {kSingle, kUs}) {
    targets.push_back({std::string("overload, \"") + mode + "\", peak resident MiB",
                       Target::Sense::kBelow, kDefaultLimit + 16,
                       Of(results, "7", "overload", mode, PeakMebibytes)});
    targets.push_back({std::string("overload, \"") + mode + "\", least of a second, over the mean",
                       Target::Sense::kAtLeast, 1.0 / 3,
                       Of(results, "7", "overload", mode, LeastShare)});
  }
}

}  // namespace

bool Target::Reached() const {
  switch (sense) {
    case Sense::kAtLeast:
      return *measured >= bound;
    case Sense::kAtMost:
      return *measured <= bound;
    case Sense::kBelow:
      return *measured < bound;
  }
  return false;
}

std::vector<Target> TargetsOf(const Results& results) {
  using enum Target::Sense;
  const auto ratio = [&](const char* workload, const char* form, const char* reference,
                         const Figure& figure) {
    return Ratio(Of(results, workload, form, kUs, figure),
                 Of(results, workload, form, reference, figure));
  };
  const Figure median = Latency("transaction", 0.5);
  const Figure transaction = Latency("transaction", 0.999);
  const Figure durable = Latency("durable", 0.5);

  std::vector<Target> targets = {
      {"stream of 1, transactions/s on disk, over WAL NORMAL's", kAtLeast, 2,
       ratio("1", "stream", kWal, DiskRate)},
      {"stream of 1, transactions/s on disk, over plain default's", kAtLeast, 40,
       ratio("1", "stream", kPlain, DiskRate)},
      {"stream of 2, transactions/s on disk, over WAL NORMAL's", kAtLeast, 1,
       ratio("2", "stream", kWal, DiskRate)},
      {"stream of 3, transactions/s on disk, over WAL NORMAL's", kAtLeast, 1,
       ratio("3", "stream", kWal, DiskRate)},
      {"stream of 4, transactions/s on disk, over WAL NORMAL's", kAtLeast, 1,
       ratio("4", "stream", kWal, DiskRate)},
      {"stream of 1, p99.9 of a transaction, over WAL NORMAL's", kAtMost, 1.0 / 20,
       ratio("1", "stream", kWal, transaction),
       RemarkOn(results, "1", "stream", {kUs, kWal}, kTailTransactions)},
      {"stream of 1, p50 of a transaction, over WAL NORMAL's", kAtMost, 0.45,
       ratio("1", "stream", kWal, median)},
      {"stream of 1, p50 of a transaction, over the floor's", kAtMost, 2.2,
       ratio("1", "stream", kFloor, median)},
      {"stream of 3, bytes written, over WAL NORMAL's", kAtMost, 1.0 / 4,
       ratio("3", "stream", kWal, Bytes)},
      {"stream of 1, syncs per transaction", kBelow, 0.05, Of(results, "1", "stream", kUs, Syncs)},
      {"stream of 3, syncs per transaction", kBelow, 0.05, Of(results, "3", "stream", kUs, Syncs)},
      {"memory, peak resident MiB", kAtMost, 64,
       Of(results, "memory", "memory", kUs, PeakMebibytes),
       RemarkOn(results, "memory", "memory", {kUs}, kMemoryTransactions)},
      {"trickle, p50 of COMMIT to on disk, over plain default's", kAtMost, 1.2,
       ratio("trickle", "trickle", kPlain, durable)},
  };
  AddDepths(results, targets);
  AddConnections(results, targets);
  AddOverload(results, targets);
  return targets;
}

void PrintTargets(const std::vector<Target>& targets, std::ostream& out) {
  out << "\nTo reach, for \"" << kUs << "\" where nothing else is said; workload 5 is of \""
      << kSingle << "\":\n\n";
  for (const Target& target : targets) {
    char line[160];
    const char* verdict = "not measured";
    if (target.measured) verdict = target.Reached() ? "reached" : "falls short";
    std::snprintf(line, sizeof(line), "%-13s %-58s %8s %5.4g", verdict, target.what.c_str(),
                  Phrase(target.sense), target.bound);
    out << line;
    if (target.measured) {
      std::snprintf(line, sizeof(line), ", measured %.3g", *target.measured);
      out << line;
      if (!target.remark.empty()) out << " (" << target.remark << ")";
    }
    out << "\n";
  }
}

Json TargetsToJson(const std::vector<Target>& targets) {
  Json json = Json::array();
  for (const Target& target : targets) {
    Json entry = {{"what", target.what}, {"sense", Phrase(target.sense)}, {"bound", target.bound}};
    if (target.measured) {
      entry["measured"] = *target.measured;
      entry["reached"] = target.Reached();
      if (!target.remark.empty()) entry["remark"] = target.remark;
    }
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace bench
