// The threads of a training run as a team: their number, their barrier, their work queue, and the request to stop.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "threads/threads.hpp"
#include "threads/work_queue.hpp"

namespace chainrule {

class Team {
 public:
  explicit Team(int count) : count(count), barrier(count), queue_(count) {}

  // Forgets an earlier request to stop. Called before the threads run; `interrupted` may be empty.
  void begin(const std::function<bool()>& interrupted) {
    interrupted_ = interrupted;
    stop_.store(false, std::memory_order_relaxed);
    next_poll_ = std::chrono::steady_clock::now() + poll_period;
    queue_.assign_evenly(0);
  }

  // Sets the number of threads, at most that of the constructor. Called while none of them runs.
  void resize(int threads) {
    count = threads;
    barrier.resize(threads);
  }

  // Asks on thread 0, at most once per poll_period, whether the run shall stop. Called between pieces of a step.
  void poll(int thread) {
    if (thread != 0 || !interrupted_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_poll_) return;
    next_poll_ = now + poll_period;
    if (interrupted_()) stop_.store(true, std::memory_order_relaxed);
  }
  bool is_stopping() const { return stop_.load(std::memory_order_relaxed); }

  // Calls f(k) for the pieces k = first … last − 1 of this thread, and for those that it takes over from others. All
  // threads call this, with equal f, and meet at a barrier before the next call. A stopping team leaves pieces undone.
  template <class F> void for_each_piece(int thread, long first, long last, F f) {
    const bool is_alone = count == 1;
    if (!is_alone) queue_.claim(thread, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
    for (long next = first; !is_stopping();) {  // f is called in one place only, so that it can be inlined there
      const long k = !is_alone ? queue_.take(thread) : next < last ? next++ : -1;
      if (k < 0) return;
      f(k);
    }
  }
  // The same for `all` pieces of equal size
  template <class F> void for_each_piece(int thread, long all, F f) {
    for_each_piece(thread, all * thread / count, all * (thread + 1) / count, f);
  }

  int count;
  Barrier barrier;

 private:
  static constexpr std::chrono::milliseconds poll_period{50};

  WorkQueue queue_;
  std::atomic<bool> stop_{false};
  std::function<bool()> interrupted_;  // called on thread 0 alone
  std::chrono::steady_clock::time_point next_poll_;
};

}  // namespace chainrule
