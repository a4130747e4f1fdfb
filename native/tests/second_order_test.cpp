// The kernels of Jacobians and of the R-operator give the numbers of their contracts, exactly on integers.
#include <algorithm>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernels/curvature/output.hpp"
#include "kernels/jacobian/gram.hpp"
#include "kernels/jacobian/group.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;

std::mt19937& generator() {
  static std::mt19937 random{1};
  return random;
}

template <class T> std::vector<T> integers(long count) {
  std::uniform_int_distribution<int> digit(-3, 3);
  std::vector<T> x(static_cast<std::size_t>(count));
  for (T& value : x) value = T(digit(generator()));
  return x;
}

// C[f][h] += Σ_e P[f][e] Q[h][e]
void grams() {
  const int vectors = 5, rows = 7, columns = 3 * gram_columns;
  const long size = long(vectors) * lanes<double>, stride = columns + 2;
  const auto P = integers<double>(rows * size), Q = integers<double>(columns * size);
  std::vector<double> C = integers<double>(rows * stride), expected = C;
  for (int f = 0; f < rows; ++f)
    for (int h = 0; h < columns; ++h)
      for (long e = 0; e < size; ++e) expected[f * stride + h] += P[f * size + e] * Q[h * size + e];
  gram(P.data(), rows, Q.data(), columns, vectors, C.data(), stride);
  CHECK(C == expected, "gram");
}

// Σₖ p[k] q[k], for rows that lie in groups.
void row_products() {
  const int outputs = 3, groups = 2, features = 4, vectors = 2 * group_vectors - 1;
  const long group = outputs * features * row_size;
  const auto p = integers<double>(groups * group), q = integers<double>(groups * group);
  const ExampleRows a{p.data(), group, features * row_size}, b{q.data(), group, features * row_size};
  std::vector<double> out(groups * row_size);
  row_product(a, 1, b, 2, outputs, vectors, out.data());
  bool is_equal = true;
  for (long e = 0; e < long(vectors) * lanes<double>; ++e) {
    const auto at = [&](const std::vector<double>& x, int k, int f) {
      return x[e / row_size * group + (k * features + f) * row_size + e % row_size];
    };
    double sum = 0;
    for (int k = 0; k < outputs; ++k) sum += at(p, k, 1) * at(q, k, 2);
    is_equal &= out[e] == sum;
  }
  CHECK(is_equal, "row_product");
}

// A linear network: ∂a[2]/∂z[2] = I and ∂a[2]ₖ/∂z[1] = row k of W[2], times w; the residuals are w (a[2] − y).
void jacobians() {
  constexpr int m[] = {2, 3, 2};
  const auto W1 = integers<double>(6), b1 = integers<double>(3), W2 = integers<double>(6), b2 = integers<double>(2);
  const auto x = integers<double>(2 * row_size), y = integers<double>(2 * row_size), w = integers<double>(row_size);
  std::vector<double> a1(3 * row_size), a2(2 * row_size), delta1(6 * row_size), delta2(4 * row_size);
  std::vector<double> residuals(2 * row_size), scratch(4 * 3 * lanes<double>);
  const auto layer = [&](int i, const std::vector<double>& W, const std::vector<double>& b, std::vector<double>& a) {
    return LaneLayer<double>{.n = m[i - 1],
                             .m = m[i],
                             .sigma = Sigma::identity,
                             .parameter = 0,
                             .W = W.data(),
                             .b = b.data(),
                             .theta_offset = 0,
                             .a = a.data(),
                             .saved = nullptr,
                             .mask = nullptr,
                             .delta = nullptr};
  };
  const LaneLayer<double> layers[] = {layer(1, W1, b1, a1), layer(2, W2, b2, a2)};
  LaneGroup<double> g{};
  g.r = 2;
  g.layers = layers;
  g.vectors = group_vectors;
  g.x = x.data();
  g.y = y.data();
  g.example_weights = w.data();
  g.scratch = scratch.data();
  double* const deltas[] = {delta1.data(), delta2.data()};
  jacobian_group(g, residuals.data(), deltas);
  bool is_equal = true;
  for (long e = 0; e < row_size; ++e)
    for (int k = 0; k < 2; ++k) {
      double a = b2[k];
      for (int j = 0; j < 3; ++j) {
        a += W2[k * 3 + j] * (b1[j] + W1[j * 2] * x[e] + W1[j * 2 + 1] * x[row_size + e]);
        is_equal &= delta1[(k * 3 + j) * row_size + e] == w[e] * W2[k * 3 + j];
      }
      is_equal &= residuals[k * row_size + e] == w[e] * (a - y[k * row_size + e]);
      for (int j = 0; j < 2; ++j) is_equal &= delta2[(k * 2 + j) * row_size + e] == (j == k) * w[e];
    }
  CHECK(is_equal, "jacobian_group");
}

// push and pull: R a = slope R z + kappa_slope v, R δ = slope R g + bend R z + kappa_bend v, and the terms of R ∂J/∂κ.
template <class T> void entrywise_bends(bool has_kappa) {
  const long count = 3L * R<T>;
  auto slope = integers<T>(count), bend = integers<T>(count), kappa_slope = integers<T>(count),
       kappa_bend = integers<T>(count);
  std::vector<T> kappa_change(count), Rdelta(count), v = integers<T>(R<T>);
  const auto Rz = integers<T>(count), Rg = integers<T>(count), g = integers<T>(count);
  EntrywiseBend<T> f{.sigma = Sigma::tanh,
                     .parameter = 0,
                     .slope = slope.data(),
                     .bend = bend.data(),
                     .kappa = nullptr,
                     .v_kappa = nullptr,
                     .kappa_slope = nullptr,
                     .kappa_bend = nullptr,
                     .kappa_change = nullptr};
  if (has_kappa) {
    f.kappa = f.v_kappa = v.data();
    f.kappa_slope = kappa_slope.data();
    f.kappa_bend = kappa_bend.data();
    f.kappa_change = kappa_change.data();
  }
  auto delta = g, bent = bend, kappa_bent = kappa_bend;
  bend_pullback(f, delta.data(), count);
  auto Ra = Rz;
  bend_push(f, Ra.data(), Rdelta.data(), count);
  bend_pull(f, Rg.data(), Rdelta.data(), count);
  bool is_equal = true;
  for (long k = 0; k < count; ++k) {
    const T of_kappa = has_kappa ? v[k % R<T>] : T(0);
    is_equal &= delta[k] == slope[k] * g[k] && bend[k] == bent[k] * g[k];
    is_equal &= Ra[k] == slope[k] * Rz[k] + kappa_slope[k] * of_kappa;
    is_equal &= Rdelta[k] == slope[k] * Rg[k] + bend[k] * Rz[k] + kappa_bend[k] * of_kappa;
    if (has_kappa) {
      is_equal &= kappa_bend[k] == kappa_bent[k] * g[k];
      is_equal &= kappa_change[k] == kappa_bend[k] * Rz[k] + kappa_slope[k] * Rg[k];
    }
  }
  CHECK(is_equal, "entrywise, κ %d, %zu bytes", has_kappa, sizeof(T));
}

// Without curvature of σ, no bend is stored, and R δ = slope R g.
template <class T> void straight_lines() {
  const long count = 2L * R<T>;
  auto slope = integers<T>(count), Ra = integers<T>(count), Rdelta = integers<T>(count), expected = Ra;
  const auto Rg = integers<T>(count);
  const EntrywiseBend<T> f{.sigma = Sigma::relu,
                           .parameter = 0,
                           .slope = slope.data(),
                           .bend = nullptr,
                           .kappa = nullptr,
                           .v_kappa = nullptr,
                           .kappa_slope = nullptr,
                           .kappa_bend = nullptr,
                           .kappa_change = nullptr};
  bend_push(f, Ra.data(), Rdelta.data(), count);
  bend_pull(f, Rg.data(), Rdelta.data(), count);
  bool is_equal = true;
  for (long k = 0; k < count; ++k) is_equal &= Ra[k] == slope[k] * expected[k] && Rdelta[k] == slope[k] * Rg[k];
  CHECK(is_equal, "relu, %zu bytes", sizeof(T));
}

// The sum of squares over the identity: δ = w (z − y) and R δ = w R z.
template <class T> void outputs_of_squares() {
  const int m = R<T> + 3, rows = 2 * lanes<T>;
  const long stride = 2L * rows * R<T>;
  const auto z = integers<T>(2 * stride), Rz = integers<T>(2 * stride), Y = integers<T>(rows * m),
             w = integers<T>(rows);
  std::vector<T> delta(2 * stride), Rdelta(2 * stride), scratch(8 * m * lanes<T>), cost_parameters(m);
  OutputBend<T> f{};
  f.activation = {.sigma = Sigma::identity, .parameter = 0, .kappa = nullptr};
  f.cost = Cost::sum_of_squares;
  f.cost_parameters = cost_parameters.data();
  f.m = m;
  f.last_row = rows;
  f.z = z.data();
  f.Rz = Rz.data();
  f.stride = stride;
  f.Y = Y.data();
  f.example_weights = w.data();
  f.delta = delta.data();
  f.Rdelta = Rdelta.data();
  f.scratch = scratch.data();
  output_bend(f);
  bool is_equal = true;
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < m; ++k) {
      const long at = k / R<T> * stride + r * R<T> + k % R<T>;
      const T y = Y[(r / lanes<T> * m + k) * lanes<T> + r % lanes<T>];
      is_equal &= delta[at] == w[r] * (z[at] - y) && Rdelta[at] == w[r] * Rz[at];
    }
  CHECK(is_equal, "output, %zu bytes", sizeof(T));
}

template <class T> void all() {
  entrywise_bends<T>(false);
  entrywise_bends<T>(true);
  straight_lines<T>();
  outputs_of_squares<T>();
}

}  // namespace

int chainrule::tests::run() {
  grams();
  row_products();
  jacobians();
  all<float>();
  all<double>();
  return tests::failures();
}
