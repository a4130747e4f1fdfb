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
    is_asked_to_stop_ = is_stop_deferred_ = false;
    obey();
    next_poll_ = std::chrono::steady_clock::now() + poll_period;
    queue_.assign_evenly(0);
  }

  // Runs work(thread) on `threads` threads, at most those of the constructor; on fewer if the system has no more.
  // Calls begin(count) with their number before. Throws what work throws, after all threads have ended.
  template <class Begin, class Work> void run(int threads, Begin begin, Work work) {
    run_threads(
        threads, [&](int thread, int) { work(thread); },
        [&](int started) {
          count = started;
          barrier.reset(started);
          begin(started);
        },
        &barrier);
  }

  // Asks on thread 0, at most once per poll_period, whether the run shall stop. Called between pieces of a step.
  void poll(int thread) {
    if (thread != 0 || !interrupted_ || is_asked_to_stop_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_poll_) return;
    next_poll_ = now + poll_period;
    is_asked_to_stop_ = interrupted_();
    if (!is_stop_deferred_) obey();
  }
  bool is_stopping() const { return stop_.load(std::memory_order_relaxed); }

  // Between these two calls on thread 0, the team does not stop: a request waits. The others must wait at a barrier
  // after the first one.
  void defer_stop() {
    is_stop_deferred_ = true;
    stop_.store(false, std::memory_order_relaxed);
  }
  void obey_stop() {
    is_stop_deferred_ = false;
    obey();
  }

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

  void obey() { stop_.store(is_asked_to_stop_, std::memory_order_relaxed); }

  WorkQueue queue_;
  std::atomic<bool> stop_{false};
  bool is_asked_to_stop_ = false, is_stop_deferred_ = false;  // of thread 0 alone
  std::function<bool()> interrupted_;                         // called on thread 0 alone
  std::chrono::steady_clock::time_point next_poll_;
};

}  // namespace chainrule
