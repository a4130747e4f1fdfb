// What the threads of a run share: their number, their barrier, their work, and whether they have been told to stop.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "threads/threads.hpp"
#include "threads/work_queue.hpp"

namespace chainrule {

class Team {
 public:
  explicit Team(int count) : count(count), barrier(count), shares_(count) {}

  // Thread 0 asks, at most once in a `period` and between pieces of a step, whether somebody wants the run to stop.
  void poll(int thread) {
    if (thread != 0 || !interrupted_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_poll_) return;
    next_poll_ = now + period;
    if (interrupted_()) stop_.store(true, std::memory_order_relaxed);
  }
  bool stopping() const { return stop_.load(std::memory_order_relaxed); }

  // Before the threads run: nobody has been told to stop, and nothing is left of a run that was. `interrupted` may be empty.
  void begin(const std::function<bool()>& interrupted) {
    interrupted_ = interrupted;
    stop_.store(false, std::memory_order_relaxed);
    next_poll_ = std::chrono::steady_clock::now() + period;
    shares_.assign_evenly(0);
  }

  // Between two runs of the threads: so many from now on, at most as many as at first.
  void resize(int threads) {
    count = threads;
    barrier.resize(threads);
  }

  // f(k) for pieces first … last − 1 of this thread's and what it takes over from others. All threads call it, with f alike, and
  // meet at a barrier before they call it again. A team that is told to stop leaves pieces undone.
  template <class F> void share(int thread, long first, long last, F f) {
    const bool alone = count == 1;
    if (!alone) shares_.claim(thread, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
    for (long next = first; !stopping();) {  // f is called in one place only, so that it can be inlined there
      const long k = !alone ? shares_.take(thread) : next < last ? next++ : -1;
      if (k < 0) return;
      f(k);
    }
  }
  // and where all pieces are alike, `all` of them
  template <class F> void share(int thread, long all, F f) {
    share(thread, all * thread / count, all * (thread + 1) / count, f);
  }

  int count;
  Barrier barrier;

 private:
  static constexpr std::chrono::milliseconds period{50};

  WorkQueue shares_;
  std::atomic<bool> stop_{false};
  std::function<bool()> interrupted_;  // called on thread 0 alone
  std::chrono::steady_clock::time_point next_poll_;
};

}  // namespace chainrule
