#include "threads/threads.hpp"

#include <exception>
#include <limits>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>
#ifdef __linux__
#  include <pthread.h>
#  include <sched.h>
#endif
#if defined(__x86_64__)
#  include <immintrin.h>
#endif

namespace chainrule {
namespace {

inline void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Pins the threads of one run at a time: two pinned runs would share CPUs while others idle.
#ifdef __linux__
class Pinning {
 public:
  explicit Pinning(int count) {
    if (count < 2 || sched_getaffinity(0, sizeof before_, &before_) != 0 || CPU_COUNT(&before_) < count) return;
    if (is_taken_.exchange(true)) return;
    is_active_ = true;
    const int here = sched_getcpu();
    if (here >= 0 && CPU_ISSET(here, &before_)) cpus_.push_back(here);  // its caches are warm
    for (int cpu = 0; cpu < CPU_SETSIZE && static_cast<int>(cpus_.size()) < count; ++cpu)
      if (CPU_ISSET(cpu, &before_) && cpu != here) cpus_.push_back(cpu);
  }
  ~Pinning() {
    if (!is_active_) return;
    pthread_setaffinity_np(pthread_self(), sizeof before_, &before_);
    is_taken_.store(false);
  }
  void pin(int thread) const {
    if (!is_active_) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus_[thread], &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
  }
  Pinning(const Pinning&) = delete;
  Pinning& operator=(const Pinning&) = delete;

 private:
  static inline std::atomic<bool> is_taken_{false};
  cpu_set_t before_;
  bool is_active_ = false;
  std::vector<int> cpus_;  // of each thread
};
#else
struct Pinning {  // the system places the threads
  explicit Pinning(int) {}
  void pin(int) const {}
};
#endif

// The body of a spinning wait, called for the `spins`-th time.
void relax(int spins) {
  if (spins < 2000)
    pause();
  else
    std::this_thread::yield();
}

}  // namespace

void Barrier::wait() {
  if (count_ == 1) return;
  int generation = generation_.load(std::memory_order_relaxed);
  if (generation == broken) throw Broken();
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
    arrived_.store(0, std::memory_order_relaxed);
    const int next = (generation + 1) & std::numeric_limits<int>::max();
    if (!generation_.compare_exchange_strong(generation, next, std::memory_order_acq_rel)) throw Broken();
    return;
  }
  int now;
  for (int spins = 0; (now = generation_.load(std::memory_order_acquire)) == generation; ++spins) relax(spins);
  if (now == broken) throw Broken();
}

void Barrier::reset(int count) {
  count_ = count;
  arrived_.store(0, std::memory_order_relaxed);
  generation_.store(0, std::memory_order_relaxed);
}

void run_threads(int count, const Work& work, const std::function<void(int)>& begin, Barrier* barrier) {
  const auto start = [&] {
    if (begin) begin(count);
  };
  if (count == 1) {
    start();
    return work(0, 1);
  }
  const Pinning pinning(count);
  enum Signal { wait, go, leave };
  std::atomic<Signal> signal{wait};
  std::mutex mutex;
  std::exception_ptr failure;  // the first one
  const auto guarded_work = [&](int thread) {
    try {
      work(thread, count);
    } catch (const Barrier::Broken&) {  // another thread has failed
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
      if (barrier) barrier->break_off();
    }
  };
  std::vector<std::thread> others;
  others.reserve(count - 1);
  try {
    for (int t = 1; t < count; ++t)
      others.emplace_back([&, t] {
        pinning.pin(t);
        Signal heard;
        for (int spins = 0; (heard = signal.load(std::memory_order_acquire)) == wait; ++spins) relax(spins);
        if (heard == go) guarded_work(t);
      });
  } catch (const std::system_error&) {  // the system has no thread left
  } catch (const std::bad_alloc&) {     // nor memory for one
  }
  count = 1 + static_cast<int>(others.size());
  pinning.pin(0);
  Signal command = go;
  try {
    start();
  } catch (...) {
    failure = std::current_exception();
    command = leave;
  }
  signal.store(command, std::memory_order_release);
  if (command == go) guarded_work(0);
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace chainrule
