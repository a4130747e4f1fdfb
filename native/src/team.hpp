// What the threads of a run share: their number, their barrier, and whether they have been told to stop.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "threads.hpp"

namespace chainrule {

class Team {
 public:
  explicit Team(int count) : count(count), barrier(count) {}

  // Thread 0 asks, at most every 50 ms and between pieces of a step, whether somebody wants the run to stop.
  void poll(int thread) {
    if (thread != 0 || !interrupted) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_poll_) return;
    next_poll_ = now + std::chrono::milliseconds(50);
    if (interrupted()) stop_.store(true, std::memory_order_relaxed);
  }
  bool stopping() const { return stop_.load(std::memory_order_relaxed); }

  // Between two runs of the threads: so many from now on.
  void resize(int threads) {
    count = threads;
    barrier.resize(threads);
  }

  int count;
  Barrier barrier;
  std::function<bool()> interrupted;  // may be empty; called on thread 0 alone

 private:
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point next_poll_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
};

}  // namespace chainrule
