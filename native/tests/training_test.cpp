// The core as a whole, with the kernel set that CHAINRULE_KERNELS forces: results do not depend on the number of
// threads, on the slices of a run or on the alignment of the data; sparse rows give the numbers of dense ones;
// training steps allocate nothing.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "check.hpp"
#include "panels/forward_backward.hpp"
#include "support/problems.hpp"
#include "trainer.hpp"

namespace {
std::atomic<long> allocations{0};
}
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(_WIN32)  // which have their own
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {                  // called by Buffer
  ++allocations;
  void* p = nullptr;
  return posix_memalign(&p, alignment, size) == 0 ? p : nullptr;
}
#endif
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace chainrule;
using namespace chainrule::tests;

// θ and all records after a run in slices of `epochs` epochs; its threads may be limited again and again meanwhile.
template <class T>
std::vector<double> run(Data<T>& data, int threads, long epochs, int first_threads = 0, bool has_limits = false) {
  data.problem.threads = threads, data.problem.first_threads = first_threads;
  Progress progress;
  progress.stream.state = 12345, progress.stream.increment = 67891;
  Trainer<T> trainer(data.problem, progress, data.theta.data(), {data.zeros.data(), data.zeros.data()});
  std::atomic<bool> is_over{!has_limits};
  std::thread limiter([&] {
    for (int k = 0; !is_over; ++k) trainer.limit_threads(1 + k % 3), std::this_thread::yield();
  });
  while (trainer.stopped() == Stopped::no) trainer.advance(epochs, 100, nullptr);
  is_over = true;
  limiter.join();
  std::vector<T> theta(data.problem.net.d()), late(theta.size());
  trainer.get(theta.data(), {nullptr, nullptr});
  trainer.finish();
  trainer.advance(1, 100, nullptr);  // makes no step
  trainer.get(late.data(), {nullptr, nullptr});
  CHECK(theta == late, "finish() changed theta");
  std::vector<double> all(theta.begin(), theta.end());
  for (int k : {Progress::J, Progress::validation_J, Progress::learning_rate, Progress::gradient_norm})
    for (double value : trainer.progress().records[k]) all.push_back(value);
  for (double value : all) CHECK(std::isfinite(value), "%g", value);
  return all;
}

template <class T> void same_numbers(const Shape& shape) {
  for (const Optimizer optimizer : {Optimizer::gradient_descent, Optimizer::adamw}) {
    Data<T> data(shape, optimizer), moved(shape, optimizer, 1);
    if (optimizer == Optimizer::gradient_descent)
      data.problem.optimizer.clip_norm = moved.problem.optimizer.clip_norm = 0.5;
    const auto expected = run(data, 1, 1000);
    CHECK(run(data, 2, 1000) == expected, "%s, two threads", shape.name);
    CHECK(run(data, 3, 1) == expected, "%s, three threads, epoch by epoch", shape.name);
    CHECK(run(data, 2, 1000, 1) == expected, "%s, trials of thread counts", shape.name);
    CHECK(run(data, 3, 1000, 0, true) == expected, "%s, limits of thread counts", shape.name);
    CHECK(run(moved, 1, 1000) == expected, "%s, misaligned", shape.name);
  }
}

// Rows of X as a sparse matrix: every 9th number is kept, every 54th as a zero that is stored, and the first row is empty.
template <class T> struct Sparse {
  std::vector<std::int64_t> starts{0}, columns;
  std::vector<T> values;

  explicit Sparse(Data<T>& dense) {
    const long n = dense.problem.net.m.front();
    for (long j = 0; j < dense.problem.data.t; ++j) {
      for (long k = 0; k < n; ++k) {
        T& x = dense.X[j * n + k];
        const bool is_stored = j > 0 && (j + 2 * k) % 9 == 0;
        if (!is_stored || (j + 2 * k) % 54 == 0) x = 0;
        if (!is_stored) continue;
        columns.push_back(k);
        values.push_back(x);
      }
      starts.push_back(static_cast<std::int64_t>(columns.size()));
    }
  }
  CsrMatrix<T> matrix() const {
    return {.starts = starts.data(), .columns32 = nullptr, .columns64 = columns.data(), .values = values.data()};
  }
};

// Sparse rows train θ to the bits of the dense ones in panels that no half of the rows sums alone, for any number of threads and any slices. J and the norm
// of its gradient, whose sums run in another order, agree to rounding, and so does θ if the norm clips the gradient.
template <class T> void sparse_rows(const Shape& shape) {
  for (const Optimizer optimizer : {Optimizer::gradient_descent, Optimizer::momentum, Optimizer::adamw}) {
    Data<T> data(shape, optimizer);
    const bool clips = optimizer == Optimizer::gradient_descent;
    if (clips) data.problem.optimizer.clip_norm = 0.5;
    const Sparse<T> sparse(data);
    const auto dense = run(data, 2, 1000);
    for (TrainingSet<T>* set : {&data.problem.data, &data.problem.validation}) {
      set->X = nullptr;
      set->sparse_X = sparse.matrix();
    }
    const auto expected = run(data, 1, 1000);
    for (std::size_t k = 0; k < dense.size(); ++k) {
      const double rounding = sizeof(T) == 4 ? 1e-4 : 1e-12, error = std::abs(dense[k] - expected[k]);
      const bool is_exact = !clips && k < data.theta.size();
      CHECK(error <= (is_exact ? 0 : rounding * (1 + std::abs(dense[k]))), "%s, sparse rows: %g, not %g", shape.name,
            expected[k], dense[k]);
    }
    for (int threads = 2; threads <= 4; ++threads)
      CHECK(run(data, threads, threads == 3 ? 1 : 1000) == expected, "%s, sparse rows, %d threads", shape.name,
            threads);
  }
}

// Thirty epochs allocate no more often than three.
void no_allocation(int threads, double clip_norm) {
  for (const Shape& shape : {shapes[0], shapes[1], shapes[3], shapes[9], shapes[10], std::end(shapes)[-1]}) {
    Data<float> data(shape, Optimizer::adam);
    data.problem.epochs = 100000;
    data.problem.threads = threads;
    data.problem.optimizer.clip_norm = clip_norm;
    Trainer<float> trainer(data.problem, {}, data.theta.data(), {data.zeros.data(), data.zeros.data()});
    const auto count = [&](long epochs) {
      const long before = allocations;
      trainer.advance(epochs, 100, nullptr);
      return allocations - before;
    };
    count(3);
    const long few = count(3), many = count(30);
    CHECK(few == many, "%s, %d threads: %ld and %ld", shape.name, threads, few, many);
  }
}

// An interrupted run undoes its unfinished step, and later continues to the same result.
void interruption() {
  Data<float> data(shapes[5], Optimizer::adam);
  data.problem.epochs = 12;
  const auto expected = run(data, 2, 1000);
  Progress progress;
  progress.stream.state = 12345, progress.stream.increment = 67891;
  Trainer<float> trainer(data.problem, progress, data.theta.data(), {data.zeros.data(), data.zeros.data()});
  long calls = 0;
  while (trainer.stopped() == Stopped::no) trainer.advance(1000, 100, [&] { return ++calls % 2 == 1; });
  std::vector<float> theta(data.problem.net.d());
  trainer.get(theta.data(), {nullptr, nullptr});
  CHECK(std::equal(theta.begin(), theta.end(), expected.begin()), "interrupted at every second of %ld calls", calls);
}

// Zeros are found where there are many: behind ReLU, and in inputs of which nine in ten are 0.
void zeros_are_found() {
  for (const bool relu : {false, true})
    for (const bool rare : {false, true}) {
      const Sigma sigma = relu ? Sigma::relu : Sigma::tanh;
      Data<float> data({"", {150, 140, 130, 1}, {{sigma}, {sigma}, {Sigma::identity}}, {}, 50, 50}, Optimizer::adam);
      if (rare)
        for (std::size_t k = 0; k < data.X.size(); ++k) data.X[k] *= k % 10 == 0;
      PanelNetwork<float> net(data.problem.net, 50, /*is_input_sparse=*/false);
      net.put(data.theta.data(), 1);
      ForwardBackward<float> pass(net, data.problem.cost, 1);
      Team team(1);
      pass.run({.set = &data.problem.data, .order = nullptr, .first = 0, .rows = 50, .scale = 1, .is_training = true},
               team, 0);
      pass.activations.look_for_zeros(50);
      const auto &first = pass.activations.layers[0], &second = pass.activations.layers[1];
      CHECK(first.is_input_sparse == rare && first.is_delta_sparse == relu, "layer 1, %d, %d", relu, rare);
      CHECK(second.is_input_sparse == relu && second.is_delta_sparse == relu, "layer 2, %d, %d", relu, rare);
    }
}

// If J, ∇J, the next θ or a moment is not finite, θ keeps its numbers.
void divergence() {
  for (const Shape& shape : {shapes[0], shapes[3], shapes[8]}) {
    Data<float> data(shape, Optimizer::gradient_descent);
    data.problem.optimizer.schedule.rate = 1e38;
    data.problem.epochs = 1000;
    Trainer<float> trainer(data.problem, {}, data.theta.data(), {nullptr, nullptr});
    while (trainer.stopped() == Stopped::no) trainer.advance(1000, 100, nullptr);
    CHECK(trainer.stopped() == Stopped::diverged, "%s", shape.name);
    std::vector<float> theta(data.problem.net.d());
    trainer.get(theta.data(), {nullptr, nullptr});
    for (float value : theta) CHECK(std::isfinite(value), "%s", shape.name);
  }
}

// Each piece is done exactly once; a thread alone does all of them, beginning with its own.
void pieces() {
  Team team(4);
  for (long all : {0, 3, 1000}) {
    std::vector<std::atomic<int>> done(all);
    team.run(
        4, [](int) {},
        [&](int thread) {
          for (int round = 0; round < 2; ++round) {
            team.for_each_piece(thread, all, [&](long k) { ++done[k]; });
            team.barrier.wait();
          }
        });
    for (const auto& times : done) CHECK(times == 2, "%d times", int(times));
  }
  WorkQueue queue(3);
  queue.assign_evenly(6);
  for (long sought : {2, 3, 5, 4, 1, 0, -1}) CHECK(queue.take(1) == sought, "piece %ld", sought);
}

}  // namespace

int chainrule::tests::run() {
  for (const Shape& shape : shapes) {
    same_numbers<float>(shape);
    same_numbers<double>(shape);
  }
  sparse_rows<float>(shapes[3]);
  sparse_rows<double>(shapes[3]);
  no_allocation(1, 0.1);
  no_allocation(2, std::numeric_limits<double>::infinity());
  interruption();
  zeros_are_found();
  divergence();
  pieces();
  return tests::failures();
}
