// The threads of one slice of training. They are started for the slice and joined at its end: between slices no thread is
// alive, so that fork() is safe. A start costs some 30 µs, of slices that last a tenth of a second.
#pragma once

#include <atomic>
#include <functional>

namespace chainrule {

// All of `count` threads arrive before any goes on. Waiting threads spin for about 10 µs, then let others run.
class Barrier {
 public:
  explicit Barrier(int count) : count_(count) {}
  void wait();
  void resize(int count) { count_ = count; }  // while nobody waits

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> generation_{0};
  int count_;
};

// One turn of a wait, the `spins`th.
void relax(int spins);

// work(0) on this thread, work(1) … work(count − 1) on new ones; returns when all are done. Where the process may use at
// least `count` CPUs and no other run is pinned, each thread stays on a CPU of its own (unpinned ones share a core now and
// then: 1100 µs a step instead of 390); this thread's affinity is restored. `work` must not throw;
// std::system_error where the system has no more threads: then no work has been done.
void run_threads(int count, const std::function<void(int)>& work);

}  // namespace chainrule
