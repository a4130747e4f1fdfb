// Compares vector-valued activations, the cross-entropy over softmax and optimizer steps with their formulas in a wider
// type.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernels/formulas/optimizer.hpp"
#include "kernels/formulas/vector_valued.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;
using tests::Wide;
template <class T> using Numbers = std::vector<T>;

double normal_number() {
  static std::mt19937_64 generator{1};
  return std::normal_distribution<double>()(generator);
}

template <class T> struct Rows {  // m numbers for each of `lanes` examples, deliberately misaligned by one element
  int m;
  Numbers<T> entries;
  explicit Rows(int m) : m(m), entries(static_cast<std::size_t>(m * lanes<T> + 1)) {}
  T* data() { return entries.data() + 1; }
  T& at(int k, int lane) { return data()[k * lanes<T> + lane]; }
  Numbers<Wide<T>> row(int lane) {
    Numbers<Wide<T>> x;
    for (int k = 0; k < m; ++k) x.push_back(at(k, lane));
    return x;
  }
};

// Checks |got − sought| ≤ bound · u · size, entry by entry.
template <class T> void near(Rows<T>& got, int lane, const Numbers<Wide<T>>& sought, const Numbers<Wide<T>>& size,
                             double bound, const char* name) {
  for (int k = 0; k < got.m; ++k) {
    const Wide<T> error = std::abs(got.at(k, lane) - sought[k]),
                  unit =
                      std::numeric_limits<T>::epsilon() / 2 * std::abs(size[k]) + std::numeric_limits<T>::denorm_min();
    CHECK(error <= bound * unit, "%s[%d] of %d: %g, not %g: %.1f u", name, k, got.m, double(got.at(k, lane)),
          double(sought[k]), double(error / unit));
  }
}
template <class R, class F> Numbers<R> each(int m, F f) {
  Numbers<R> x;
  for (int k = 0; k < m; ++k) x.push_back(f(k));
  return x;
}
template <class R, class F> R total(int m, F f) {
  R s = 0;
  for (int k = 0; k < m; ++k) s += f(k);
  return s;
}

template <class T> void vector_valued(int m, double spread) {
  using R = Wide<T>;
  const T epsilon = T(1e-5), smoothing = T(0.1);
  Rows<T> z(m), y(m), g(m), softmax_a(m), softmax_d(m), log_a(m), log_d(m), norm_a(m), norm_d(m), ce_a(m), ce_delta(m);
  for (int lane = 0; lane < lanes<T>; ++lane)
    for (int k = 0; k < m; ++k) {
      z.at(k, lane) = T(spread * normal_number());
      g.at(k, lane) = T(normal_number());
      y.at(k, lane) = k == lane % m;
    }
  z.at(m - 1, 0) = z.at(0, 0);  // makes ties, sometimes for the largest entry
  softmax(z.data(), softmax_a.data(), m);
  softmax_pullback(softmax_a.data(), g.data(), softmax_d.data(), m);
  log_softmax(z.data(), log_a.data(), m);
  log_softmax_pullback(log_a.data(), g.data(), log_d.data(), m);
  layer_norm(z.data(), norm_a.data(), m, epsilon);
  layer_norm_pullback(z.data(), norm_a.data(), g.data(), norm_d.data(), m, epsilon);
  const V<T> losses = cross_entropy_of_softmax(z.data(), y.data(), ce_a.data(), ce_delta.data(), m, smoothing);
  for (int lane = 0; lane < lanes<T>; ++lane) {
    const Numbers<R> Z = z.row(lane), G = g.row(lane);
    const R top = *std::max_element(Z.begin(), Z.end()), lowest = *std::min_element(Z.begin(), Z.end());
    const double c = 8 + m + double(top - lowest);  // rounding zₖ − max z changes a by this many u
    const R sum = total<R>(m, [&](int k) { return std::exp(Z[k] - top); });
    const auto p = each<R>(m, [&](int k) { return std::exp(Z[k] - top) / sum; });
    near(softmax_a, lane, p, p, c, "softmax");
    near(ce_a, lane, p, p, c, "softmax of cross-entropy");
    const R dot = total<R>(m, [&](int k) { return p[k] * G[k]; }),
            size = total<R>(m, [&](int k) { return std::abs(G[k]); });
    near(softmax_d, lane, each<R>(m, [&](int k) { return p[k] * (G[k] - dot); }), each<R>(m, [&](int) { return size; }),
         2 * c, "softmax pullback");
    const auto log_p = each<R>(m, [&](int k) { return Z[k] - top - std::log(sum); });
    near(log_a, lane, log_p, each<R>(m, [&](int k) { return 1 + std::abs(log_p[k]); }), c, "log_softmax");
    const R g_sum = total<R>(m, [&](int k) { return G[k]; });
    near(log_d, lane, each<R>(m, [&](int k) { return G[k] - p[k] * g_sum; }), each<R>(m, [&](int) { return size; }),
         2 * c, "log_softmax pullback");
    const auto smooth = each<R>(m, [&](int k) { return (1 - R(smoothing)) * y.at(k, lane) + R(smoothing) / m; });
    const R loss = total<R>(m, [&](int k) { return -smooth[k] * log_p[k]; });
    CHECK(std::abs(losses[lane] - loss) <= c * std::numeric_limits<T>::epsilon() * std::abs(loss),
          "cross-entropy %g, not %g", double(losses[lane]), double(loss));
    near(ce_delta, lane, each<R>(m, [&](int k) { return p[k] - smooth[k]; }),
         each<R>(m, [&](int k) { return p[k] + smooth[k]; }), 2 * c, "cross-entropy δ");
    const R mean = total<R>(m, [&](int k) { return Z[k]; }) / m, largest = std::max(std::abs(top), std::abs(lowest));
    const R S = std::sqrt(total<R>(m, [&](int k) { return (Z[k] - mean) * (Z[k] - mean); }) / m + R(epsilon));
    const auto a = each<R>(m, [&](int k) { return (Z[k] - mean) / S; });
    const double n = 4 * (8 + m) * double(1 + largest / S);  // z − z̄ may cancel
    near(norm_a, lane, a, each<R>(m, [&](int) { return 1; }), n, "layer_norm");
    const R g_mean = g_sum / m, a_dot = total<R>(m, [&](int k) { return a[k] * G[k]; }) / m;
    near(norm_d, lane, each<R>(m, [&](int k) { return (G[k] - g_mean - a[k] * a_dot) / S; }),
         each<R>(m, [&](int) { return size / S; }), 2 * n, "layer_norm pullback");
  }
}

// Compares five steps of each optimizer with the same in a wider type; `rate` multiplies the step and `decay` AdamW's
// λ.
template <class T> void optimizers(double rate, double decay) {
  using R = Wide<T>;
  for (int o = 0; o <= static_cast<int>(Optimizer::rprop); ++o) {
    const Optimizer kind = static_cast<Optimizer>(o);
    const double hypers[8][4] = {
        {}, {0.9}, {0.9}, {1e-10}, {0.9, 1e-8}, {0.9, 0.999, 1e-8}, {0.9, 0.999, 1e-8}, {0.5, 1.2, 1e-6, 50}};
    const auto& h = hypers[o];
    const double alpha = 0.01, lambda = 0.01;
    V<T> theta = broadcast(T(1.5)), first = broadcast(T(kind == Optimizer::rprop ? alpha : 0)), second{};
    R t = 1.5, mu = first[0], nu = 0;
    for (int k = 1; k <= 5; ++k) {
      const T g = T(k == 3 ? -0.75 : 1.0 / k);
      with(kind, [&]<Optimizer optimizer>() {
        update<optimizer>(theta, first, second, broadcast(g),
                          rounded<T>(coefficients(kind, alpha, lambda, k, h), rate, decay));
      });
      const R G = g, b1 = h[0], b2 = h[1];
      switch (kind) {
        case Optimizer::gradient_descent:
          t -= rate * alpha * G;
          break;
        case Optimizer::momentum:
          mu = b1 * mu + G, t -= rate * alpha * mu;
          break;
        case Optimizer::nesterov:
          mu = b1 * mu + G, t -= rate * alpha * (G + b1 * mu);
          break;
        case Optimizer::adagrad:
          mu += G * G, t -= rate * alpha * G / (std::sqrt(mu) + h[0]);
          break;
        case Optimizer::rmsprop:
          mu = b1 * mu + (1 - b1) * G * G, t -= rate * alpha * G / (std::sqrt(mu) + h[1]);
          break;
        case Optimizer::adamw:
          t -= rate * decay * alpha * lambda * t;
          [[fallthrough]];
        case Optimizer::adam:
          mu = b1 * mu + (1 - b1) * G, nu = b2 * nu + (1 - b2) * G * G;
          t -= rate * alpha * (mu / (1 - std::pow(b1, R(k)))) / (std::sqrt(nu / (1 - std::pow(b2, R(k)))) + h[2]);
          break;
        case Optimizer::rprop:
          mu = std::min(R(h[3]), std::max(R(h[2]), mu * (G * nu > 0 ? h[1] : G * nu < 0 ? h[0] : 1.0)));
          nu = G * nu < 0 ? 0 : G;
          t -= rate * mu * ((nu > 0) - (nu < 0));
      }
      CHECK(std::abs(theta[0] - t) <= 4 * k * std::numeric_limits<T>::epsilon() * std::abs(t),
            "%s, step %d: %.9g, not %.9g", optimizer_names[o], k, double(theta[0]), double(t));
    }
  }
}

template <class T> void all() {
  if constexpr (!tests::comparable<T>) return;
  for (const int m : {1, 2, 3, 7, 10, 33})
    for (const double spread : {0.01, 1.0, 20.0, 1000.0})
      for (int i = 0; i < 20; ++i) vector_valued<T>(m, spread);
  optimizers<T>(1, 1);
  optimizers<T>(6, 0.5);
  optimizers<T>(0, 1);
}

}  // namespace

int chainrule::tests::run() {
  all<float>();
  all<double>();
  std::printf("vector-valued activations, cross-entropy over softmax, optimizers\n");
  return tests::failures();
}
