#include "panels/overflow_guard.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// A measurement costs as much as a small step; failed ones become rarer.
constexpr long least_steps_between_measurements = 64, most_steps_between_measurements = 4096;

// A number g with |σ(z)| ≤ g (|z| + 1) and |σ′(z)| ≤ g for all z; infinite if σ has none, or the layer is unsupported
double growth(const LayerSpec& layer) {
  if (layer.is_parametric || layer.has_dropout() || !is_entrywise(layer.sigma) || layer.sigma == Sigma::exp)
    return infinity;
  const bool has_slope = layer.sigma == Sigma::leaky_relu || layer.sigma == Sigma::elu;
  return 2 * std::max(1.0, has_slope ? std::abs(layer.parameter) : 1.0);
}

// A bound of |∂ℓ/∂z[r]| for |z[r]| ≤ z and |y| ≤ y; infinite likewise
double slope(const CostSpec& cost, const LayerSpec& last, double z, double y, double m) {
  switch (cost.cost) {
    case Cost::sum_of_squares:
    case Cost::absolute_error:
    case Cost::huber:
    case Cost::quantile:
      return growth(last) * (growth(last) * (z + 1) + y + 1);
    case Cost::log_likelihood:
    case Cost::cross_entropy:
      if (last.sigma == canonical_sigma(cost.cost) && !last.is_parametric) return (m + 1) * (y + 1);
      break;
    case Cost::poisson:
      break;
  }
  return infinity;
}

}  // namespace

template <class T> OverflowGuard<T>::OverflowGuard(const ProblemSpec<T>& problem, const PanelNetwork<T>& network,
                                                   const OptimizerState<T>& state, CsrLayer<T>* csr)
    : network_(network),
      state_(state),
      csr_(csr),
      cost_(problem.cost),
      n_(problem.net.m.front()),
      m_(problem.net.m.back()),
      threads_(problem.threads),
      data_(bounds_of(problem.data)),
      activation_bounds_(network.layers.size()),
      can_predict_overflow_(network.front.count() == 0 && stays_below_limits(0)),
      steps_between_measurements_(least_steps_between_measurements) {}

template <class T> void OverflowGuard<T>::set_examples(const TrainingSet<T>& set) {
  data_ = bounds_of(set);
  can_predict_overflow_ = network_.front.count() == 0 && stays_below_limits(0);
}

template <class T> typename OverflowGuard<T>::DataBounds OverflowGuard<T>::bounds_of(const TrainingSet<T>& set) const {
  const auto& [X, Y, weights, t, sparse_X, places] = set;
  if (!X && !sparse_X) return {.x = 0, .y = 0, .example_weight = 1};  // no examples yet
  const Kernels<T>& kernels = network_.kernels;
  // Of `rows` rows of `width` numbers, those of the examples.
  const auto largest = [&](const T* numbers, long rows, long width) {
    const int threads = rows * width < least_parallel_copy ? 1 : threads_;
    std::vector<double> of_part(threads);
    run_threads(threads, [&](int k, int parts) {
      const long first = rows * k / parts, last = rows * (k + 1) / parts;
      if (!places) of_part[k] = largest_magnitude(kernels, numbers + first * width, (last - first) * width);
      for (long row = first; places && row < last; ++row)
        of_part[k] = std::max(of_part[k], largest_magnitude(kernels, numbers + places[row] * width, width));
    });
    return *std::max_element(of_part.begin(), of_part.end());
  };
  return {.x = sparse_X ? largest(sparse_X.values, sparse_X.starts[t], 1) : largest(X, t, n_),
          .y = largest(Y, t, m_),
          .example_weight = weights && !cost_.has_mean() ? largest(weights, t, 1) : 1};
}

template <class T> void OverflowGuard<T>::measure() {
  if (csr_) csr_->settle(/*thread=*/0, /*threads=*/1);  // other threads may read the columns of the step
  largest_theta_ = state_.largest_theta();
  largest_first_moment_ = state_.largest_first_moment();  // the second moment bounds nothing
}

// Returns true if no activation, delta or gradient can exceed its limit while no |θ| exceeds `largest_theta`, from
//   |z| ≤ (n |a| + 1) |θ|,   |Wᵀδ| ≤ m |θ| |δ|,   |∂J/∂W| ≤ t |δ| |a|,
// with room for rounding.
template <class T> bool OverflowGuard<T>::stays_below_limits(double largest_theta) {
  const auto& layers = network_.layers;
  auto& a = activation_bounds_;
  const double most = 0.5 * largest_safe_gradient<T>();
  double z = 0;
  a[0] = std::max(1.0, data_.x);  // 1: the input that b multiplies
  for (std::size_t l = 0; l < layers.size(); ++l) {
    z = (double(layers[l].n) * a[l] + 1) * largest_theta;
    if (l + 1 < layers.size()) a[l + 1] = std::max(1.0, growth(layers[l].spec) * (z + 1));
  }
  bool is_below = z <= most;
  const PanelLayer<T>& last = layers.back();
  double delta = data_.example_weight * slope(cost_, last.spec, z, data_.y, double(last.m));
  for (std::size_t l = layers.size(); l-- > 0;) {
    is_below &= double(network_.capacity) * delta * a[l] <= most;
    if (l > 0) delta *= double(layers[l].m) * largest_theta * growth(layers[l - 1].spec);
  }
  return is_below;
}

template <class T> bool OverflowGuard<T>::next_step_cannot_overflow(const Step<T>& step) {
  if (!can_predict_overflow_) return false;
  if (stays_below_limits(largest_theta_)) return true;
  if (--steps_to_measurement_ > 0) return false;
  measure();
  const bool cannot_overflow =
      theta_stays_finite(step, largest_safe_gradient<T>()) && stays_below_limits(largest_theta_);
  steps_between_measurements_ = cannot_overflow
                                    ? least_steps_between_measurements
                                    : std::min(2 * steps_between_measurements_, most_steps_between_measurements);
  steps_to_measurement_ = steps_between_measurements_;
  return cannot_overflow;
}

template <class T> bool OverflowGuard<T>::theta_stays_finite(const Step<T>& step, double largest_gradient) {
  const double most = 0.5 * double(std::numeric_limits<T>::max());
  double after_step = largest_theta_ + largest_change(step, largest_gradient);
  if (!(after_step < most)) {
    measure();
    after_step = largest_theta_ + largest_change(step, largest_gradient);
  }
  if (!(after_step < most)) return false;
  largest_first_moment_ = first_moment_after(step, gradient_with_penalties(step, largest_gradient));
  largest_theta_ = after_step;
  return true;
}

template <class T> double OverflowGuard<T>::gradient_with_penalties(const Step<T>& step, double largest) const {
  return largest + step.l1 + step.l2 * largest_theta_;
}

// A bound of the first moment after a step along gradients up to g
template <class T> double OverflowGuard<T>::first_moment_after(const Step<T>& step, double g) const {
  const double m = largest_first_moment_;
  switch (step.constants[0].optimizer) {
    case Optimizer::adagrad:
      return m + g * g;
    case Optimizer::rmsprop:  // a mean of both
      return std::max(m, g * g);
    default:
      return m + g;
  }
}

// A bound of the change of any θ in a step, whatever the second moments are; too large if a moment may overflow
template <class T> double OverflowGuard<T>::largest_change(const Step<T>& step, double largest_gradient) const {
  Coefficients<T> c = step.constants[0].coefficients[0];  // made those of the longest step of all layers and parts
  for (std::size_t l = 0; l < network_.layers.size() + network_.front.layers.size(); ++l)
    for (const Coefficients<T>& other : step.constants[l].coefficients) {
      c.alpha = std::max(c.alpha, other.alpha);
      c.decay = std::max(c.decay, other.decay);
    }
  const double too_large = 0.5 * double(std::numeric_limits<T>::max());
  const double g = gradient_with_penalties(step, largest_gradient), m = largest_first_moment_;
  if (!(g < too_large)) return too_large;  // the penalties are added in T
  const Optimizer optimizer = step.constants[0].optimizer;
  const bool has_moments = moment_count(optimizer) > 0 && optimizer != Optimizer::rprop;
  const bool has_second = optimizer == Optimizer::adam || optimizer == Optimizer::adamw;  // a mean of squares
  if (has_moments && !(first_moment_after(step, g) < too_large)) return too_large;
  if (has_second && !(g * g < too_large)) return too_large;
  const double beta1 = c.beta1, beta2 = c.beta2;
  switch (optimizer) {
    case Optimizer::gradient_descent:
      return c.alpha * g;
    case Optimizer::momentum:
    case Optimizer::nesterov:
      return c.alpha * 2 * (g + m);
    case Optimizer::adagrad:  // α g is computed before the division, here and below
      return c.alpha * g < too_large ? 2.0 * c.alpha : too_large;
    case Optimizer::rmsprop:
      return c.alpha * g < too_large ? 2 * c.alpha / std::sqrt(1 - beta2) : too_large;
    case Optimizer::adam:
    case Optimizer::adamw: {  // |μ| ≤ C √ν, by Cauchy and Schwarz
      if (!(c.alpha * (g + m) < too_large)) return too_large;
      const double q = beta1 * beta1 / beta2;
      const double C = q < 1 ? (1 - beta1) / std::sqrt((1 - beta2) * (1 - q)) : m / c.epsilon;
      return 2 * c.alpha * (C + 1) + c.decay * largest_theta_;
    }
    case Optimizer::rprop:
      return double(c.alpha) * double(c.largest);
  }
  return too_large;
}

template class OverflowGuard<float>;
template class OverflowGuard<double>;

}  // namespace chainrule
