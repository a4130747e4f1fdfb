#include "chainrule/coefficients.hpp"

#include <cmath>

namespace chainrule {

template <class T>
Coefficients<T> coefficients(Optimizer optimizer, double alpha, long long k, const double (&hyper)[4]) {
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
      c.decay = alpha * hyper[3];
      [[fallthrough]];
    case Optimizer::adam:
      c.beta1 = hyper[0];
      c.rest1 = 1 - hyper[0];
      c.beta2 = hyper[1];
      c.rest2 = 1 - hyper[1];
      c.epsilon = hyper[2];
      c.alpha = alpha / (1 - std::pow(hyper[0], static_cast<double>(k)));
      c.root = 1 / std::sqrt(1 - std::pow(hyper[1], static_cast<double>(k)));
      break;
    case Optimizer::rprop:
      c.shrink = hyper[0];
      c.grow = hyper[1];
      c.smallest = hyper[2];
      c.largest = hyper[3];
      break;
  }
  const auto rounded = [](double x) { return static_cast<T>(x); };
  return {rounded(c.alpha),  rounded(c.beta1),   rounded(c.rest1),    rounded(c.beta2),
          rounded(c.rest2),  rounded(c.epsilon), rounded(c.root),     rounded(c.decay),
          rounded(c.shrink), rounded(c.grow),    rounded(c.smallest), rounded(c.largest)};
}

template Coefficients<float> coefficients(Optimizer, double, long long, const double (&)[4]);
template Coefficients<double> coefficients(Optimizer, double, long long, const double (&)[4]);

}  // namespace chainrule
