// Results: what all passes have measured, by workload, form and mode; shown as tables and as JSON.

#ifndef SQLITEASYNC_BENCH_RESULTS_H_
#define SQLITEASYNC_BENCH_RESULTS_H_

#include <ostream>
#include <string>
#include <vector>

#include "measurement.h"
#include "passes.h"

namespace bench {

class Results {
 public:
  void Add(const Pass& pass, const Measurement& measurement);

  // All rounds together; null if there was no such pass.
  const Measurement* Find(const std::string& workload, const std::string& form,
                          const std::string& mode, const std::string& variant = "") const;

  // A table for each workload and form.
  void PrintTables(std::ostream& out) const;

  Json ToJson() const;

 private:
  struct Row {
    const Mode* mode;
    std::string variant;
    Measurement total;
    std::vector<Measurement> parts;  // one for each pass
  };
  struct Table {
    std::string workload;
    std::string title;
    std::string form;
    std::vector<Row> rows;
  };

  static void PrintTable(const Table& table, std::ostream& out);

  std::vector<Table> tables_;
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_RESULTS_H_
