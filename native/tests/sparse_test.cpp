// Products that skip zeros give the same numbers as dense tiles, to the last bit.
#include <cstdio>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernels/panels/gradient.hpp"
#include "kernels/panels/linear.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;

std::mt19937& generator() {
  static std::mt19937 random{1};
  return random;
}

// Normal numbers, a fraction `zeros` of them replaced by 0.
template <class T> std::vector<T> numbers(long count, double zeros) {
  std::normal_distribution<double> normal;
  std::bernoulli_distribution zero(zeros);
  std::vector<T> x(static_cast<std::size_t>(count));
  for (T& value : x) value = zero(generator()) ? T(0) : T(normal(generator()));
  return x;
}

// Sets the lanes from `features` on, in the last of the panels [·][rows][R], to `value`.
template <class T> void fill_up(std::vector<T>& panels, long rows, long features, T value) {
  if (features % R<T> == 0) return;
  for (long r = 0; r < rows; ++r)
    for (long k = features % R<T>; k < R<T>; ++k) panels[(features / R<T> * rows + r) * R<T> + k] = value;
}

template <class T> long up(long count) { return (count + R<T> - 1) / R<T>; }

template <class T>
void linears(long K, long m, int rows, int first, double zeros, Activation<T> f, LinearEpilogue epilogue, bool biased) {
  const long capacity = rows + first + 3, size = up<T>(m) * capacity * R<T>;
  std::vector<T> A = numbers<T>(up<T>(K) * capacity * R<T>, zeros), B = numbers<T>(up<T>(m) * K * R<T>, 0);
  fill_up(A, capacity, K, T(7)), fill_up(B, K, m, T(0));
  std::vector<T> bias = numbers<T>(up<T>(m) * R<T>, 0), source = numbers<T>(size, 0.5), mask = numbers<T>(size, 0.3);
  fill_up(bias, 1, m, T(0));
  std::vector<T> out[2];
  for (const bool sparse : {false, true}) {
    std::vector<T> own_source = source;
    out[sparse].assign(size, T(-1));
    Linear<T> g{};
    g.A = A.data(), g.A_stride = g.out_stride = capacity * R<T>;
    g.B = B.data(), g.K = K;
    g.bias = biased ? bias.data() : nullptr;
    g.out = out[sparse].data();
    g.panels = static_cast<int>(up<T>(m));
    g.region = {.first_row = first, .last_row = first + rows, .first_panel = 0, .last_panel = g.panels};
    g.start_panel = g.panels / 2;
    g.last_lanes = static_cast<int>(m - (up<T>(m) - 1) * R<T>);
    g.can_skip_zeros = sparse;
    g.epilogue = epilogue;
    g.activation = f;
    if (epilogue == LinearEpilogue::derivative || f.saved) g.activation.saved = own_source.data();
    if (f.mask) g.activation.mask = mask.data();
    linear(g);
  }
  CHECK(out[0] == out[1], "K = %ld, m = %ld, %d rows, %g zeros", K, m, rows, zeros);
}

// ∂J/∂W of panel 0 and all panels of n inputs: stored, accumulated, and followed by the optimizer's step.
template <class T> void weights(long n, long rows, double zeros, bool use_scratch) {
  const int count = static_cast<int>(up<T>(n));
  const long capacity = rows + 2, size = n * R<T>, transposed_size = count * R<T> * R<T>;
  const std::vector<T> a = numbers<T>(count * capacity * R<T>, 0.4), delta = numbers<T>(capacity * R<T>, zeros);
  const std::vector<T> theta = numbers<T>(size, 0), mu = numbers<T>(size, 0.1);
  StepConstants<T> step{};
  step.optimizer = Optimizer::momentum;
  for (auto& c : step.coefficients) c.alpha = T(0.1), c.beta1 = T(0.9), c.rest1 = T(0.1);
  step.l2 = T(0.01), step.gradient_scale = 1;
  struct End {
    std::vector<T> theta, mu, transposed, sum;
    std::vector<double> norm2, penalty;
    bool operator==(const End&) const = default;
  } ends[2];
  for (const bool sparse : {false, true}) {
    End& end = ends[sparse];
    end = {theta,
           mu,
           std::vector<T>(transposed_size),
           std::vector<T>(size),
           std::vector<double>(count),
           std::vector<double>(2 * count)};
    std::vector<GradientBlock<T>> blocks(count);
    for (int q = 0; q < count; ++q) {
      const long at = long(q) * R<T> * R<T>;
      GradientBlock<T>& g = blocks[q];
      g.A = a.data() + q * capacity * R<T>, g.B = delta.data();
      g.height = static_cast<int>(n - q * R<T> < R<T> ? n - q * R<T> : R<T>), g.width = R<T>;
      g.parameters = {end.theta.data() + at, {end.mu.data() + at, nullptr}};
      g.transposed = end.transposed.data() + at;
      g.sum = end.sum.data() + at;
    }
    const long half = rows / 2;
    GradientRows<T> of = {.first = half,
                          .count = rows - half,
                          .use_transposed_as_scratch = use_scratch,
                          .is_transposed_remote = true,
                          .can_skip_zeros = sparse};
    of.prefetch.output = end.theta.data();
    gradient_blocks(blocks.data(), count, of, {.constants = &step, .is_complete = false});
    of.first = 0, of.count = half, of.prefetch.output = nullptr;
    if (!use_scratch)
      gradient_blocks(blocks.data(), count, of, {.constants = &step, .should_accumulate = true, .is_complete = false});
    gradient_blocks(blocks.data(), count, of,
                    {.constants = &step,
                     .should_accumulate = true,
                     .should_update = true,
                     .squared_norm = end.norm2.data(),
                     .penalty_norms = end.penalty.data()});
  }
  CHECK(ends[0] == ends[1], "%ld inputs, %ld rows, %g zeros, use_scratch: %d", n, rows, zeros, use_scratch);
}

template <class T> void test() {
  for (const double zeros : {0.0, 0.5, 0.97, 1.0})
    for (const long K : {1L, 31L, 64L, 200L})
      for (const long panels : {3L, 4L, 5L, 9L}) {
        const long m = panels * R<T> - (K % 5) * (R<T> / 4);
        for (const int rows : {1, 16, 70, 131}) {
          linears<T>(K, m, rows, 0, zeros, {Sigma::relu, 0}, LinearEpilogue::activation, true);
          linears<T>(K, m, rows, 5, zeros, {Sigma::relu, 0}, LinearEpilogue::derivative, false);
        }
        T there{};
        linears<T>(K, m, 33, 2, zeros, {Sigma::tanh, 0}, LinearEpilogue::activation, true);
        linears<T>(K, m, 33, 2, zeros, {Sigma::relu, 0, &there, &there}, LinearEpilogue::activation, true);
        linears<T>(K, m, 33, 2, zeros, {Sigma::identity, 0}, LinearEpilogue::none, false);
      }
  for (const double zeros : {0.0, 0.5, 0.97, 1.0})
    for (const long rows : {2L, 33L, 64L, 127L, 200L, 259L})
      for (const bool use_scratch : {false, true})
        for (const long n : {3L * R<T>, 4L * R<T>, 4L * R<T> - 1, 2L * R<T> + 1})
          weights<T>(n, rows, zeros, use_scratch);
}

}  // namespace

int chainrule::tests::run() {
  test<float>();
  test<double>();
  std::printf("products that skip zeros\n");
  return tests::failures();
}
