// Compares the words of activations and costs with their formulas in a wider type.
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernels/formulas/costs.hpp"
#include "kernels/formulas/sigma.hpp"
#include "support/library.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;
using tests::Wide;
namespace library = tests::library;

double normal_number() {
  static std::mt19937_64 generator{1};
  return std::normal_distribution<double>()(generator);
}

// σ(z) and σ′(z); a derivative's error is measured in units of u · terms.
template <class R> struct Sought {
  R value, derivative, terms;
};
template <class R> Sought<R> sought(Sigma sigma, R z, R p) {
  using namespace library;
  const R S = library::sigmoid(z), S1 = library::sigmoid(z) * library::sigmoid(-z), lambda = selu_scale,
          la = selu_scale_alpha;
  const R T = tanh_of_softplus(z), T1 = tanh_of_softplus_derivative(z), G = library::gaussian(z, R(1)), e = std::exp(z);
  const auto from_a = [](R a, R d) { return Sought<R>{a, d, 1 + std::abs(d)}; };
  const auto from_z = [](R a, R d) { return Sought<R>{a, d, std::abs(d)}; };
  switch (sigma) {
    case Sigma::identity:
      return from_z(z, 1);
    case Sigma::relu:
      return z > 0 ? from_z(z, 1) : from_z(0, 0);
    case Sigma::leaky_relu:
      return z > 0 ? from_z(z, 1) : from_z(p * z, p);
    case Sigma::elu:
      return z > 0 ? from_z(z, 1) : from_a(p * std::expm1(z), p * e);
    case Sigma::selu:
      return z > 0 ? from_z(lambda * z, lambda) : from_a(la * std::expm1(z), la * e);
    case Sigma::sigmoid:
      return from_a(S, S1);
    case Sigma::tanh:
      return from_a(std::tanh(z), 1 / std::cosh(z) / std::cosh(z));
    case Sigma::softplus:
      return from_z(library::softplus(z), S);
    case Sigma::softsign:
      return from_a(z / (1 + std::abs(z)), 1 / (1 + std::abs(z)) / (1 + std::abs(z)));
    case Sigma::gelu: {
      const R first = library::normal(z), second = z * density(z);
      return {z * first, first + second, first + std::abs(second)};
    }
    case Sigma::silu:
      return {z * S, S + z * S1, S + std::abs(z * S1)};
    case Sigma::mish:
      return {z * T, T + z * T1, T + std::abs(z * T1)};
    case Sigma::hard_tanh:
      return from_z(std::min(R(1), std::max(R(-1), z)), std::abs(z) < 1);
    case Sigma::gaussian:
      return from_z(G, -2 * z * G);
    case Sigma::sine:
      return from_z(std::sin(z), std::cos(z));
    case Sigma::exp:
      return from_z(e, e);
    default:
      return {};
  }
}

// σ″(z)
template <class R> R bend(Sigma sigma, R z, R p) {
  using namespace library;
  const R S = library::sigmoid(z), S1 = S * library::sigmoid(-z), S2 = S1 * std::tanh(-z / 2), e = std::exp(z);
  const R a = std::abs(z), T = std::tanh(z), G = library::gaussian(z, R(1));
  switch (sigma) {
    case Sigma::elu:
      return z > 0 ? 0 : p * e;
    case Sigma::selu:
      return z > 0 ? 0 : R(selu_scale_alpha) * e;
    case Sigma::sigmoid:
      return S2;
    case Sigma::tanh:
      return -2 * T / std::cosh(z) / std::cosh(z);
    case Sigma::softplus:
      return S1;
    case Sigma::softsign:
      return z == 0 ? 0 : std::copysign(2 / (1 + a) / (1 + a) / (1 + a), -z);
    case Sigma::gelu:
      return a > 100 ? 0 : (2 - z * z) * density(z);
    case Sigma::silu:
      return 2 * S1 + z * S2;
    case Sigma::mish: {  // T = tanh(softplus z): T′ = (1 − T²) S, T″ = (1 − T²) S (S(−z) − 2 T S)
      const R t = tanh_of_softplus(z), t1 = tanh_of_softplus_derivative(z);
      return 2 * t1 + z * t1 * (library::sigmoid(-z) - 2 * t * S);
    }
    case Sigma::gaussian:
      return a > 100 ? 0 : (4 * z * z - 2) * G;
    case Sigma::sine:
      return -std::sin(z);
    case Sigma::exp:
      return e;
    default:
      return 0;
  }
}

// Checks the worst errors of value (ULP), derivative (u · terms) and second derivative (u (4 + |σ″|)) over numbers of all sizes; p is the parameter.
template <class T> void activations(double p) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> points;
  for (const T x : tests::test_points<T>(20000))
    if (std::abs(x) < Limits::max() / 4) points.push_back(x);  // finite, no NaN
  while (points.size() % lanes<T>) points.push_back(T(-0.5));
  for (int s = 0; s < static_cast<int>(Sigma::softmax); ++s) {
    const Sigma kind = static_cast<Sigma>(s);
    double worst = 0, worst_derivative = 0, worst_second = 0;
    for (std::size_t i = 0; i < points.size(); i += lanes<T>)
      with(kind, [&]<Sigma sigma>() {
        T a[lanes<T>], d[lanes<T>], b[lanes<T>];
        const V<T> z = load(&points[i]), parameter = broadcast(T(p)), A = value<sigma>(z, parameter);
        store(a, A);
        store(d, derivative<sigma>(derivative_needs_z(sigma, p) ? z : A, parameter));
        store(b, second_derivative<sigma>(z, A, parameter));
        for (int j = 0; j < lanes<T>; ++j) {
          if (const Wide<T> wanted = bend<Wide<T>>(sigma, points[i + j], T(p)); std::isfinite(T(wanted))) {
            const Wide<T> scale = Limits::epsilon() / 2 * (4 + std::abs(wanted));
            worst_second = std::max(worst_second, b[j] == b[j] ? double(std::abs(b[j] - wanted) / scale) : HUGE_VAL);
          }
          const auto [av, dv, terms] = sought<Wide<T>>(sigma, points[i + j], T(p));
          // a subnormal factor such as S(z) has an error of half its unit: z times that is allowed
          const Wide<T> tiny = Limits::denorm_min() * (1 + std::abs(Wide<T>(points[i + j])));
          if (std::abs(a[j] - av) > tiny) worst = std::max(worst, tests::ulp_error<T>(a[j], av));
          if (std::isinf(T(dv))) continue;  // exp
          const Wide<T> scale = Limits::epsilon() / 2 * terms;
          if (std::abs(d[j] - dv) > 4 * tiny)
            worst_derivative = std::max(worst_derivative, double(std::abs(d[j] - dv) / scale));
          if (d[j] != d[j]) worst_derivative = HUGE_VAL;
        }
      });
    std::printf("  %-12s %-6s value %6.3f ULP, derivative %6.3f u, second derivative %6.3f u\n", sigma_names[s],
                sizeof(T) == 4 ? "float" : "double", worst, worst_derivative, worst_second);
    CHECK(worst <= 5.5, "%s", sigma_names[s]);
    CHECK(worst_derivative <= 6, "%s", sigma_names[s]);
    CHECK(worst_second <= 8, "%s", sigma_names[s]);
  }
}

// Derivatives at kinks are those of the Python classes.
template <class T> void kinks() {
  const V<T> zero{}, p = broadcast(T(0.25)), one = broadcast(T(1));
  CHECK(derivative<Sigma::relu>(zero, p)[0] == 0, "relu′(0)");
  CHECK(derivative<Sigma::leaky_relu>(zero, p)[0] == T(0.25), "leaky_relu′(0)");
  CHECK(derivative<Sigma::elu>(zero, p)[0] == T(0.25), "elu′(0)");
  CHECK(derivative<Sigma::selu>(zero, p)[0] == T(selu_scale_alpha), "selu′(0)");
  CHECK(derivative<Sigma::hard_tanh>(one, p)[0] == 0 && derivative<Sigma::hard_tanh>(-one, p)[0] == 0,
        "hard_tanh′(±1)");
  CHECK(derivative<Sigma::elu>(broadcast(T(-1)), -p)[0] < 0, "elu′ from z where alpha < 0");
  V<T> nan = broadcast(std::numeric_limits<T>::quiet_NaN());
  for (int s = 0; s < static_cast<int>(Sigma::softmax); ++s)
    with(static_cast<Sigma>(s), [&]<Sigma sigma>() {
      const T a = value<sigma>(nan, p)[0];
      CHECK(a != a, "%s lets NaN through", sigma_names[s]);
    });
}

template <class R> R times(R y, R x) { return y == 0 ? 0 : y * x; }

// Each entry's loss and derivative are within a few u of the size of the terms.
template <class T> void costs() {
  using R = Wide<T>;
  const double u = std::numeric_limits<T>::epsilon() / 2;
  const auto near = [u](T got, R wanted, R terms, const char* name) {
    CHECK(std::abs(got - wanted) <= 8 * u * (std::abs(wanted) + std::abs(terms)), "%s: %g, not %g", name, double(got),
          double(wanted));
  };
  for (int i = 0; i < 20000; ++i) {
    const T y = T(i % 3 ? i % 3 - 1 : 0.3), a = T(library::sigmoid(3 * normal_number())), p = T(0.3),
            z = T(10 * normal_number());
    const R A = a, Y = y, P = p, Z = z, E = A - Y, S = library::sigmoid(Z), c = std::min(P, std::max(-P, E));
    const V<T> va = broadcast(a), vy = broadcast(y), vp = broadcast(p), vz = broadcast(z);
    const auto check = [&]<Cost cost>(R loss_wanted, R derivative_wanted, R curvature_wanted, R terms) {
      near(loss<cost>(va, vy, vp)[0], loss_wanted, terms, cost_names[int(cost)]);
      near(loss_derivative<cost>(va, vy, vp)[0], derivative_wanted, terms, cost_names[int(cost)]);
      near(loss_curvature<cost>(va, vy, vp)[0], curvature_wanted, 0, cost_names[int(cost)]);
    };
    check.template operator()<Cost::sum_of_squares>(E * E / 2, E, 1, 0);
    check.template operator()<Cost::log_likelihood>(
        -times(Y, std::log(A)) - times(1 - Y, std::log1p(-A)), times(1 - Y, 1 / (1 - A)) - times(Y, 1 / A),
        times(1 - Y, 1 / ((1 - A) * (1 - A))) + times(Y, 1 / (A * A)), Y / A + (1 - Y) / (1 - A));
    check.template operator()<Cost::cross_entropy>(-times(Y, std::log(A)), -times(Y, 1 / A), times(Y, 1 / (A * A)), 0);
    check.template operator()<Cost::absolute_error>(std::abs(E), (E > 0) - (E < 0), 0, 0);
    check.template operator()<Cost::huber>(c * (E - c / 2), c, std::abs(E) < P, 0);
    check.template operator()<Cost::quantile>(E > 0 ? (1 - P) * E : -P * E, E > 0 ? 1 - P : E < 0 ? -P : R(0), 0, 0);
    check.template operator()<Cost::poisson>(A - times(Y, std::log(A)), 1 - times(Y, 1 / A), times(Y, 1 / (A * A)),
                                             1 + Y / A);
    const auto logistic = canonical<Cost::log_likelihood>(vz, vy);
    near(logistic.a[0], S, 0, "sigmoid");
    near(logistic.loss[0], Y * library::softplus(-Z) + (1 - Y) * library::softplus(Z), 0, "logistic ℓ");
    near(logistic.delta[0], (1 - Y) * S - Y * library::sigmoid(-Z), (1 - Y) * S + Y * library::sigmoid(-Z),
         "logistic δ");
    near(logistic.curvature[0], S * library::sigmoid(-Z), 0, "logistic ∂δ/∂z");
    const auto poisson = canonical<Cost::poisson>(vz, vy);
    near(poisson.loss[0], std::exp(Z) - Y * Z, std::abs(Y * Z), "poisson ℓ");
    near(poisson.delta[0], std::exp(Z) - Y, Y, "poisson δ");
    near(poisson.curvature[0], std::exp(Z), 0, "poisson ∂δ/∂z");
  }
}

template <class T> void all() {
  if constexpr (tests::comparable<T>) {
    activations<T>(0.3);
    activations<T>(-0.5);
    costs<T>();
  }
  kinks<T>();
}

}  // namespace

int chainrule::tests::run() {
  all<float>();
  all<double>();
  return tests::failures();
}
