// The threads of one slice of training. They are started for the slice and joined at its end, so that no thread is
// alive between slices and fork() is safe. A start costs some 30 µs; slices last a tenth of a second.
#pragma once

#include <atomic>
#include <functional>

namespace chainrule {

// wait() returns once `count` threads have called it. They spin for about 10 µs, then yield the CPU.
class Barrier {
 public:
  explicit Barrier(int count) : count_(count) {}
  void wait();
  void resize(int count) { count_ = count; }  // while no thread waits

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> generation_{0};
  int count_;
};

// Runs work(0) on this thread and work(1) … work(count − 1) on new ones; returns when all are done. If the process may
// use at least `count` CPUs and no other run is pinned, each thread stays on a CPU of its own (unpinned threads share a
// core now and then: 1100 µs a step instead of 390); this thread's affinity is restored. `work` must not throw. Throws
// std::system_error, before any work is done, if the system has no more threads.
void run_threads(int count, const std::function<void(int)>& work);

}  // namespace chainrule
