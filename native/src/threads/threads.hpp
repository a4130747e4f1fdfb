// The threads of one slice of training. They are started for the slice and joined at its end, so that no thread is
// alive between slices and fork() is safe. A start costs some 30 µs; slices last a tenth of a second.
#pragma once

#include <atomic>
#include <functional>

namespace chainrule {

// wait() returns once `count` threads have called it. They spin for about 10 µs, then yield the CPU.
class Barrier {
 public:
  struct Broken {};  // what wait() throws once a thread will not come

  explicit Barrier(int count) : count_(count) {}
  void wait();
  void break_off() { generation_.store(broken, std::memory_order_release); }  // until the next reset()
  void reset(int count);                                                      // while no thread waits

 private:
  static constexpr int broken = -1;

  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> generation_{0};
  int count_;
};

// Runs work(0, count) on this thread and work(1, count) … work(count − 1, count) on new ones; returns when all are
// done. If the process may use at least `count` CPUs and no other run is pinned, each thread stays on a CPU of its own
// (unpinned threads share a core now and then: 1100 µs a step instead of 390); this thread's affinity is restored.
//
// If the system has no more threads, `count` becomes the number of those that were started; `begin(count)` is called on
// this thread before any work. If work throws, the first exception is rethrown after all threads have ended; `barrier`,
// where they wait for each other, is broken for that.
using Work = std::function<void(int thread, int count)>;
void run_threads(int count, const Work& work, const std::function<void(int count)>& begin = {},
                 Barrier* barrier = nullptr);

}  // namespace chainrule
