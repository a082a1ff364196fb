#include "pictures.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "measurement.h"
#include "modes.h"

namespace bench {

namespace {

constexpr double kMegabyte = 1e6;

class File {
 public:
  explicit File(const std::filesystem::path& path) : path_(path), out_(path) { Check(); }

  void Begin(const std::string& title) {
    out_ << (empty_ ? "" : "\n\n") << '"' << title << "\"\n";
    empty_ = false;
  }
  void Line(std::initializer_list<double> columns) {
    for (double column : columns) out_ << column << ' ';
    out_ << '\n';
  }
  void Close() {
    out_.close();
    Check();
  }

 private:
  void Check() const {
    if (!out_) throw std::runtime_error("cannot write " + path_.string());
  }

  const std::filesystem::path path_;
  std::ofstream out_;
  bool empty_ = true;
};

bool Is(const Json& result, const char* workload, const char* form) {
  return result.at("workload") == workload && result.at("form") == form;
}

void WriteLatencies(const Json& results, File& file) {
  for (const Json& result : results) {
    if (!Is(result, "1", "stream")) continue;
    const Json& distribution = result.at("total").at("microseconds").at("transaction");
    const auto all = distribution.at("count").get<double>();
    file.Begin(ModeNamed(result.at("mode").get<std::string>()).title);
    double seen = 0;
    for (const Json& bin : distribution.at("bins")) {
      file.Line({all / (all - seen), bin.at(1).get<double>()});
      seen += bin.at(2).get<double>();
    }
    file.Line({all, distribution.at("max").get<double>()});
  }
}

void WriteDepth(const Json& results, File& file) {
  constexpr struct {
    const char* name;
    const char* title;
  } kDone[] = {{"scan", "scan of 10 MB"}, {"transaction", "transaction"}, {"read", "row read"}};
  std::vector<const Json*> depths;
  for (const Json& result : results) {
    if (Is(result, "5", "depth")) depths.push_back(&result);
  }
  if (depths.empty()) return;
  for (const auto& [name, title] : kDone) {
    for (const bool running : {false, true}) {
      file.Begin(std::string(title) + (running ? ", writer running" : ", writer halted"));
      for (const Json* result : depths) {
        const std::string latency = std::string(name) + (running ? " running" : "");
        file.Line({std::stod(result->at("variant").get<std::string>()),
                   result->at("total").at("microseconds").at(latency).at("p50").get<double>()});
      }
    }
  }
}

void WriteOverload(const Json& results, File& file) {
  for (const Json& result : results) {
    if (!Is(result, "7", "overload")) continue;
    file.Begin(ModeNamed(result.at("mode").get<std::string>()).title);
    const Json& total = result.at("total");
    const auto bytes = total.at("progress").at("bytes").get<std::vector<int64_t>>();
    const auto all = static_cast<double>(std::accumulate(bytes.begin(), bytes.end(), int64_t{0}));
    const double mean = all / kMegabyte / total.at("application_seconds").get<double>();
    for (auto period = bytes.begin(); bytes.end() - period > Progress::kPeriodsPerSecond;
         ++period) {
      const auto second = std::accumulate(period, period + Progress::kPeriodsPerSecond, int64_t{0});
      file.Line({static_cast<double>(period - bytes.begin()) * Progress::kPeriod,
                 static_cast<double>(*period) / Progress::kPeriod / kMegabyte,
                 static_cast<double>(second) / kMegabyte, mean});
    }
  }
}

}  // namespace

void WritePictureData(const Json& results, const std::filesystem::path& directory) {
  constexpr struct {
    const char* name;
    void (*write)(const Json& results, File& file);
  } kFiles[] = {{"latencies.dat", WriteLatencies},
                {"depth.dat", WriteDepth},
                {"overload.dat", WriteOverload}};
  std::filesystem::create_directories(directory);
  for (const auto& [name, write] : kFiles) {
    File file(directory / name);
    write(results, file);
    file.Close();
  }
}

}  // namespace bench
