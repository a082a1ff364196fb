// Latency: a device that takes its time. It changes nothing but how long a call lasts.
//
// The model: a computer with a device. The device does one thing at a time. A request to it takes
//
//   readtime or writetime       microseconds for each contiguous piece that it transfers
//   + size / readrate, ...      bytes per second; 0: as fast as you like
//   + a share of seektime       unless the piece begins where the last one ended: all of it for
//                               another file, or for a place 1 GiB away; a quarter of it for the
//                               nearest place; in between, it grows with the square root of the
//                               distance, as the arm's movement does
//
// and a sync takes synctime on top. Each sum is then made longer or shorter by chance, by up to
// the fraction `jitter` of it, from `seed`.
//
// With `hostcache` the computer has a page cache, as a local file system does: what was read or
// written before is read for nothing, in blocks of 4 KiB; a write costs nothing until the file is
// synced, which then transfers what was written since, in the order of offsets; and opening,
// deleting, locking and asking for sizes is free. Without it, as on a network file system, every
// read and write is a request, and each of the others takes `othertime`.
//
// The presets. Times in microseconds, rates in bytes per second.
//
//   name       readtime writetime othertime synctime   readrate  writerate seektime hostcache
//   disk-7200       100       100         0     8300  160000000  160000000    12700 yes
//   sdcard          670      2000         0     5000   25000000   10000000        0 yes
//   ssd-sata        100        40         0     2000  550000000  520000000        0 yes
//   ssd-nvme         70        20         0      800 3500000000 3000000000        0 yes
//   nfs             500       500       500     5000  117000000  117000000        0 no
//
//   disk-7200  A hard disk of 7200 revolutions a minute. seektime is an average seek of 8.5 ms, as
//              the makers' data sheets have it for desktop drives, and half a revolution of 60 s /
//              7200 = 8.33 ms; a flush waits for a revolution. The rates are the sustained ones of
//              the same data sheets (150 to 210 MB/s); 0.1 ms is for the command.
//   sdcard     What the SD Association's classes promise: A1 is at least 1500 reads and 500 writes
//              of 4 KiB a second, hence 670 and 2000 us, and 10 MB/s sustained writing (also class
//              10); 25 MB/s is the bus in its high-speed mode. No class says anything about a
//              flush; 5 ms stands for programming a page and the mapping.
//   ssd-sata   The rates are what SATA 6 Gb/s lets through. 10,000 reads and 25,000 writes of 4 KiB
//              a second, one at a time, are usual for consumer flash disks, as is a flush of a few
//              milliseconds where capacitors don't protect the cache.
//   ssd-nvme   The rates are what PCI Express 3.0 x4 (3.94 GB/s) leaves; 70 us is the read of a
//   page of
//              three-bit flash with the controller; writes go to the device's memory; a flush is of
//              the order of a millisecond on consumer devices.
//   nfs        A server behind one switch on gigabit Ethernet: 117 MB/s is what TCP leaves of 1
//   Gb/s,
//              0.5 ms a round trip with the server's work; a sync waits for the server's disk. No
//              cache, since locking a file makes an NFS client ask the server again.
//
// These are round figures of their classes, not of a product; every one can be set by itself.
//
// Delays below 50 us are saved up until they are worth sleeping for, and what the system sleeps too
// long is taken off the next ones, so that the total is right.
//
// Thread safety: see device.h. Requests wait for each other.

#ifndef SQLITEASYNC_SIM_LATENCY_H_
#define SQLITEASYNC_SIM_LATENCY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_set>

#include "core/mutex.h"
#include "device.h"
#include "random.h"

namespace sqliteasync::sim {

// Times in microseconds, rates in bytes per second.
struct LatencyFigures {
  int64_t readtime = 0;
  int64_t writetime = 0;
  int64_t othertime = 0;
  int64_t synctime = 0;
  int64_t readrate = 0;
  int64_t writerate = 0;
  int64_t seektime = 0;
  bool hostcache = true;
};

struct LatencyPreset {
  const char* name;
  const char* what;
  LatencyFigures figures;
};
std::span<const LatencyPreset> LatencyPresets();

class Latency : public Device {
 public:
  static constexpr char kKind[] = "slow";

  // How the time is spent; a test may have it otherwise. Takes microseconds, and returns how many
  // it has taken.
  using Sleep = std::function<int64_t(int64_t)>;
  static int64_t SleepForReal(int64_t microseconds);

  explicit Latency(Sleep sleep = SleepForReal);

  Counters ReadCounters() override EXCLUDES(mutex_);
  int Before(const Request& request) override EXCLUDES(mutex_, turn_);

 private:
  // A file as the computer and the device know it.
  struct File {
    std::unordered_set<int64_t> cached;  // numbers of blocks
    std::map<int64_t, int64_t> dirty;    // pieces written since the last sync: begin and end
  };

  // The microseconds that the request takes.
  double CostOf(const Request& request) REQUIRES(mutex_);
  double Transfer(const std::string& file, int64_t begin, int64_t end, int64_t time, int64_t rate)
      REQUIRES(mutex_);
  double SyncCost(const std::string& name, File& file) REQUIRES(mutex_);
  void AddFigure(const char* name, int64_t LatencyFigures::*figure);
  void Pay(double cost) EXCLUDES(mutex_, turn_);

  const Sleep sleep_;

  // Held while the device is busy. Taken before mutex_.
  Mutex turn_ ACQUIRED_BEFORE(mutex_);
  double debt_ GUARDED_BY(turn_) = 0;  // not yet slept for; below 0: slept too long

  Mutex mutex_;
  LatencyFigures figures_ GUARDED_BY(mutex_);
  std::string preset_ GUARDED_BY(mutex_) = "none";
  double jitter_ GUARDED_BY(mutex_) = 0;
  uint64_t seed_ GUARDED_BY(mutex_) = 1;
  Random random_ GUARDED_BY(mutex_){1};
  std::map<std::string, File> files_ GUARDED_BY(mutex_);
  // Where the device's last transfer ended.
  std::string head_file_ GUARDED_BY(mutex_);
  int64_t head_offset_ GUARDED_BY(mutex_) = 0;
  double total_cost_ GUARDED_BY(mutex_) = 0;
  int64_t seeks_ GUARDED_BY(mutex_) = 0;
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_LATENCY_H_
