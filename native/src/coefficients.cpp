#include "chainrule/coefficients.hpp"

#include <cmath>

namespace chainrule {
namespace {

// βᵏ, kept for the next call: the networks of a bundle ask for the same power one after the other, and pow took a
// quarter of the step of a tiny network.
struct Power {
  double beta = 0;
  long long k = 0;
  double value = 1;

  double of(double new_beta, long long new_k) {
    if (new_beta != beta || new_k != k) *this = {new_beta, new_k, std::pow(new_beta, static_cast<double>(new_k))};
    return value;
  }
};
thread_local Power power1, power2;

}  // namespace

Coefficients<double> coefficients(Optimizer optimizer, double alpha, double lambda, long long k,
                                  const double (&hyper)[4]) {
  Coefficients<double> c{};
  c.alpha = alpha;
  c.root = 1;
  switch (optimizer) {
    case Optimizer::gradient_descent:
      break;
    case Optimizer::momentum:
    case Optimizer::nesterov:
      c.beta1 = hyper[0];
      break;
    case Optimizer::adagrad:
      c.epsilon = hyper[0];
      break;
    case Optimizer::rmsprop:
      c.beta2 = hyper[0];
      c.rest2 = 1 - hyper[0];
      c.epsilon = hyper[1];
      break;
    case Optimizer::adamw:
      c.decay = alpha * lambda;
      [[fallthrough]];
    case Optimizer::adam:
      c.beta1 = hyper[0];
      c.rest1 = 1 - hyper[0];
      c.beta2 = hyper[1];
      c.rest2 = 1 - hyper[1];
      c.epsilon = hyper[2];
      c.alpha = alpha / (1 - power1.of(hyper[0], k));
      c.root = 1 / std::sqrt(1 - power2.of(hyper[1], k));
      if (hyper[3] != 0) c.epsilon *= c.root;  // ε̂: √ν/√(1 − β₂ᵏ) + ε̂/√(1 − β₂ᵏ)
      break;
    case Optimizer::rprop:
      c.alpha = 1;
      c.shrink = hyper[0];
      c.grow = hyper[1];
      c.smallest = hyper[2];
      c.largest = hyper[3];
      break;
  }
  return c;
}

template <class T> Coefficients<T> rounded(const Coefficients<double>& c, double rate, double decay) {
  const auto number = [](double x) { return static_cast<T>(x); };
  return {.alpha = number(c.alpha * rate),
          .beta1 = number(c.beta1),
          .rest1 = number(c.rest1),
          .beta2 = number(c.beta2),
          .rest2 = number(c.rest2),
          .epsilon = number(c.epsilon),
          .root = number(c.root),
          .decay = number(c.decay * rate * decay),
          .shrink = number(c.shrink),
          .grow = number(c.grow),
          .smallest = number(c.smallest),
          .largest = number(c.largest)};
}

template Coefficients<float> rounded(const Coefficients<double>&, double, double);
template Coefficients<double> rounded(const Coefficients<double>&, double, double);

}  // namespace chainrule
