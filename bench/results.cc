#include "results.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <optional>

namespace bench {

namespace {

constexpr double kMebibyte = 1 << 20;
constexpr double kKibibyte = 1 << 10;

using Value = std::optional<double>;

// A column of a table. It is left out where no row has a value.
struct Column {
  const char* group;  // columns of one group stand together under its name
  const char* heading;
  std::function<Value(const Measurement&)> value;
};

Column LatencyColumn(const char* group, const char* heading, const char* name, double share) {
  return {group, heading, [=](const Measurement& measurement) -> Value {
            const auto found = measurement.latencies.find(name);
            if (found == measurement.latencies.end() || found->second.count() == 0) return {};
            return share < 1 ? found->second.Quantile(share) : found->second.Maximum();
          }};
}

Column CountColumn(const char* heading, int64_t Counts::*count, double unit) {
  return {"per transaction", heading, [=](const Measurement& measurement) -> Value {
            if (!measurement.counts || measurement.counts->transactions == 0) return {};
            return static_cast<double>(*measurement.counts.*count) / unit /
                   static_cast<double>(measurement.counts->transactions);
          }};
}

Column RateColumn(const char* heading, double Measurement::*seconds) {
  return {"transactions/s", heading, [=](const Measurement& measurement) -> Value {
            if (measurement.*seconds <= 0) return {};
            return static_cast<double>(measurement.transactions) / (measurement.*seconds);
          }};
}

const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"", "count",
       [](const Measurement& measurement) -> Value {
         return static_cast<double>(measurement.transactions);
       }},
      LatencyColumn("transaction, us", "p50", "transaction", 0.5),
      LatencyColumn("transaction, us", "p99", "transaction", 0.99),
      LatencyColumn("transaction, us", "p99.9", "transaction", 0.999),
      LatencyColumn("transaction, us", "max", "transaction", 1),
      LatencyColumn("COMMIT alone, us", "p50", "commit", 0.5),
      LatencyColumn("COMMIT alone, us", "p99", "commit", 0.99),
      LatencyColumn("COMMIT alone, us", "p99.9", "commit", 0.999),
      LatencyColumn("COMMIT alone, us", "max", "commit", 1),
      LatencyColumn("COMMIT to on disk, us", "p50", "durable", 0.5),
      LatencyColumn("COMMIT to on disk, us", "p99", "durable", 0.99),
      LatencyColumn("COMMIT to on disk, us", "max", "durable", 1),
      LatencyColumn("transaction, running", "p50", "transaction running", 0.5),
      LatencyColumn("transaction, running", "p99", "transaction running", 0.99),
      LatencyColumn("row read, us", "p50", "read", 0.5),
      LatencyColumn("row read, us", "p99", "read", 0.99),
      LatencyColumn("row read, running", "p50", "read running", 0.5),
      LatencyColumn("row read, running", "p99", "read running", 0.99),
      LatencyColumn("scan, us", "p50", "scan", 0.5),
      LatencyColumn("scan, running", "p50", "scan running", 0.5),
      RateColumn("app", &Measurement::application_seconds),
      RateColumn("on disk", &Measurement::disk_seconds),
      {"", "rows read/s",
       [](const Measurement& measurement) -> Value {
         const auto reads = measurement.latencies.find("read");
         if (reads == measurement.latencies.end() || measurement.application_seconds <= 0) {
           return {};
         }
         return static_cast<double>(reads->second.count()) / measurement.application_seconds;
       }},
      CountColumn("syncs", &Counts::syncs, 1),
      CountColumn("writes", &Counts::writes, 1),
      CountColumn("calls", &Counts::calls, 1),
      CountColumn("KiB", &Counts::bytes_written, kKibibyte),
      {"peak", "MiB",
       [](const Measurement& measurement) -> Value {
         if (measurement.peak_resident_bytes == 0) return {};
         return static_cast<double>(measurement.peak_resident_bytes) / kMebibyte;
       }},
      {"beside data", "bytes",
       [](const Measurement& measurement) -> Value {
         return measurement.overhead ? measurement.overhead->PerUnit() : Value();
       }},
      {"least in a second", "/ mean",
       [](const Measurement& measurement) -> Value {
         return measurement.progress ? measurement.progress->LeastShare() : Value();
       }},
  };
  return columns;
}

// Three digits or more, with commas between thousands.
std::string Shown(double value) {
  char text[64];
  const int decimals = value >= 100 || value == std::floor(value) ? 0
                       : value >= 10                              ? 1
                       : value >= 1                               ? 2
                                                                  : 3;
  std::snprintf(text, sizeof(text), "%.*f", decimals, value);
  std::string result = text;
  const size_t digits = std::min(result.find('.'), result.size());
  for (size_t i = digits; i > 3; i -= 3) result.insert(i - 3, ",");
  return result;
}

std::string Padded(const std::string& text, size_t width, bool to_the_left) {
  const std::string blanks(width - std::min(width, text.size()), ' ');
  return to_the_left ? text + blanks : blanks + text;
}

}  // namespace

void Results::Add(const Pass& pass, const Measurement& measurement) {
  auto table = std::find_if(tables_.begin(), tables_.end(), [&](const Table& other) {
    return other.workload == pass.workload && other.form == pass.form;
  });
  if (table == tables_.end()) {
    table = tables_.insert(table, {pass.workload, pass.title, pass.form, {}});
  }
  auto row = std::find_if(table->rows.begin(), table->rows.end(), [&](const Row& other) {
    return other.mode == pass.mode && other.variant == pass.variant;
  });
  if (row == table->rows.end()) row = table->rows.insert(row, {pass.mode, pass.variant, {}, {}});
  row->total.Merge(measurement);
  row->parts.push_back(measurement);
}

const Measurement* Results::Find(const std::string& workload, const std::string& form,
                                 const std::string& mode, const std::string& variant) const {
  for (const Table& table : tables_) {
    if (table.workload != workload || table.form != form) continue;
    for (const Row& row : table.rows) {
      if (row.mode->name == mode && row.variant == variant) return &row.total;
    }
  }
  return nullptr;
}

void Results::PrintTable(const Table& table, std::ostream& out) {
  out << "\n" << table.workload << ": " << table.title;
  if (table.form != table.workload) out << " (" << table.form << ")";
  out << "\n\n";

  // Line by line, the first two being the headings.
  std::vector<std::string> lines = {"", "mode"};
  for (const Row& row : table.rows) {
    lines.push_back(row.mode->name + (row.variant.empty() ? "" : ", " + row.variant));
  }
  size_t widest = 0;
  for (const std::string& line : lines) widest = std::max(widest, line.size());
  for (std::string& line : lines) line = Padded(line, widest, true);

  std::string group;
  for (const Column& column : Columns()) {
    std::vector<std::string> cells = {"", column.heading};
    bool any = false;
    for (const Row& row : table.rows) {
      const Value value = column.value(row.total);
      any = any || value;
      cells.push_back(value ? Shown(*value) : "");
    }
    if (!any) continue;
    size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, cell.size());
    const bool new_group = column.group != group;
    group = column.group;
    // A group's name may be wider than its columns.
    const size_t end =
        new_group ? std::max(lines[1].size() + 3, lines[0].size() + 2) : lines[1].size() + 2;
    for (size_t i = 1; i < lines.size(); ++i) {
      lines[i] = Padded(lines[i], end, true) + Padded(cells[i], width, false);
    }
    if (new_group) lines[0] = Padded(lines[0], end, true) + group;
  }
  for (const std::string& line : lines) {
    out << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
  }
}

void Results::PrintTables(std::ostream& out) const {
  for (const Table& table : tables_) PrintTable(table, out);
}

Json Results::ToJson() const {
  Json json = Json::array();
  for (const Table& table : tables_) {
    for (const Row& row : table.rows) {
      Json passes = Json::array();
      for (const Measurement& part : row.parts) {
        Json pass = part.ToJson();
        if (pass.contains("microseconds")) {
          for (Json& distribution : pass["microseconds"]) distribution.erase("bins");
        }
        passes.push_back(std::move(pass));
      }
      json.push_back({{"workload", table.workload},
                      {"title", table.title},
                      {"form", table.form},
                      {"mode", row.mode->name},
                      {"variant", row.variant},
                      {"total", row.total.ToJson()},
                      {"passes", std::move(passes)}});
    }
  }
  return json;
}

}  // namespace bench
