// A step whose numbers would overflow is not made (PanelMethod): bounds that rule it out beforehand, at no cost where training goes
// well, and a copy of θ and the moments to go back to where they do not.
#include <algorithm>
#include <cmath>

#include "panels/panel_method.hpp"

namespace chainrule {
namespace {

// max |x|, infinite where one of them is NaN
template <class T> double reach_of(const Kernels<T>& kernels, const T* x, long count) {
  const T largest = kernels.largest(x, count);
  return largest >= 0 ? double(largest) : std::numeric_limits<double>::infinity();
}

// A g with |σ(z)| ≤ g (|z| + 1) and |σ′(z)| ≤ g for all z, infinite where there is none or nobody asks
double growth(const LayerSpec& layer) {
  if (layer.is_parametric || layer.has_dropout() || !is_entrywise(layer.sigma) || layer.sigma == Sigma::exp)
    return std::numeric_limits<double>::infinity();
  const bool bent = layer.sigma == Sigma::leaky_relu || layer.sigma == Sigma::elu;
  return 2 * std::max(1.0, bent ? std::abs(layer.parameter) : 1.0);
}

// A bound of |∂ℓ/∂z[r]| for |z[r]| ≤ z and |y| ≤ y, infinite likewise
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
  return std::numeric_limits<double>::infinity();
}

}  // namespace

template <class T> void PanelMethod<T>::measure_data(const ProblemSpec<T>& problem) {
  const auto& [X, Y, weights, t] = problem.data;
  const auto reach = [&](const T* x, long count) {
    const int threads = count < least_parallel_copy ? 1 : problem.threads;
    std::vector<double> reach_of_part(threads);
    run_threads(threads, [&](int k) {
      const long first = count * k / threads, last = count * (k + 1) / threads;
      reach_of_part[k] = reach_of(network_.kernels, x + first, last - first);
    });
    return *std::max_element(reach_of_part.begin(), reach_of_part.end());
  };
  x_reach_ = reach(X, t * problem.net.m.front());
  y_reach_ = reach(Y, t * problem.net.m.back());
  weight_reach_ = weights && !problem.cost.has_mean() ? reach_of(network_.kernels, weights, t) : 1;
  a_reach_.resize(network_.layers.size());
  foresees_ = network_.front.count() == 0 && moderate_within(0);  // some σ and costs are not bounded whatever θ is
}

// Is no entry of the gradient above moderate_gradient() while no |θ| exceeds `reach`? By |z| ≤ (n |a| + 1) |θ|, |Wᵀδ| ≤ m |θ| |δ| and
// |∂J/∂W| ≤ t |δ| |a|, with room for rounding. Then no number of a step has to be looked at.
template <class T> bool PanelMethod<T>::moderate_within(double reach) {
  const auto& layers = network_.layers;
  const double most = 0.5 * network_.moderate_gradient();
  double z = 0;
  a_reach_[0] = std::max(1.0, x_reach_);  // 1: what b is multiplied by
  for (std::size_t l = 0; l < layers.size(); ++l) {
    z = (double(layers[l].n) * a_reach_[l] + 1) * reach;
    if (l + 1 < layers.size()) a_reach_[l + 1] = std::max(1.0, growth(layers[l].spec) * (z + 1));
  }
  bool within = z <= most;
  const auto& last = layers.back();
  double delta = weight_reach_ * slope(cost_, last.spec, z, y_reach_, double(last.m));
  for (std::size_t l = layers.size(); l-- > 0;) {
    within &= double(network_.capacity) * delta * a_reach_[l] <= most;
    if (l > 0) delta *= double(layers[l].m) * reach * growth(layers[l - 1].spec);
  }
  return within;
}

// Thread 0, at the begin of a step that moves θ by no more than stays_finite() has just told.
template <class T> void PanelMethod<T>::look_ahead(const Step<T>& step) {
  calm_ahead_ = safe_ && foresees_ && moderate_within(theta_reach_);
  if (!safe_ || !foresees_ || calm_ahead_ || --next_look_ > 0) return;
  measure_reach();
  calm_ahead_ = stays_finite(step, network_.moderate_gradient()) && moderate_within(theta_reach_);
  look_every_ = calm_ahead_ ? 64 : std::min(2 * look_every_, 4096L);  // looking costs as much as a small step
  next_look_ = look_every_;
}

template <class T> void PanelMethod<T>::measure_reach() {
  theta_reach_ = moment_reach_ = 0;
  each_array([&](const T* numbers, long count, std::size_t, int moment) {
    if (moment == 1) return;  // the second one bounds nothing
    double& reach = moment < 0 ? theta_reach_ : moment_reach_;
    reach = std::max(reach, reach_of(network_.kernels, numbers, count));
  });
}

// Can no |θ| overflow in this step, if no entry of the gradient is above `largest`? A bound of |θ| and of the first moment is kept
// from step to step; where it has grown too far, they are measured anew. Called by thread 0.
template <class T> bool PanelMethod<T>::stays_finite(const Step<T>& step, double largest) {
  Coefficients<T> c = step.constants[0].coefficients[0];  // with the largest factors
  for (std::size_t l = 0; l < constants_.size(); ++l)
    for (const Coefficients<T>& other : step.constants[l].coefficients) {
      c.alpha = std::max(c.alpha, other.alpha);
      c.decay = std::max(c.decay, other.decay);
    }
  const double room = 0.5 * double(std::numeric_limits<T>::max());
  const auto step_size = [&] {  // of the longest step
    const double g = largest + step.l1 + step.l2 * theta_reach_;
    const double beta1 = c.beta1, beta2 = c.beta2;
    switch (step.constants[0].optimizer) {
      case Optimizer::gradient_descent:
        return c.alpha * g;
      case Optimizer::momentum:
      case Optimizer::nesterov:
        return c.alpha * 2 * (g + moment_reach_);
      case Optimizer::adagrad:  // but α g comes before the division, here and below
        return c.alpha * g < room ? 2.0 * c.alpha : room;
      case Optimizer::rmsprop:
        return c.alpha * g < room ? 2 * c.alpha / std::sqrt(1 - beta2) : room;
      case Optimizer::adam:
      case Optimizer::adamw: {  // |μ| ≤ C √ν, by Cauchy and Schwarz
        const double q = beta1 * beta1 / beta2;
        if (!(c.alpha * (g + moment_reach_) < room)) return room;
        const double C = q < 1 ? (1 - beta1) / std::sqrt((1 - beta2) * (1 - q)) : moment_reach_ / c.epsilon;
        return 2 * c.alpha * (C + 1) + c.decay * theta_reach_;
      }
      case Optimizer::rprop:
        return double(c.alpha) * double(c.largest);
    }
    return room;
  };
  if (!(theta_reach_ + step_size() < room)) measure_reach();
  const double reach = theta_reach_ + step_size();
  if (!(reach < room)) return false;
  theta_reach_ = reach;
  moment_reach_ += largest;
  return true;
}

// f(numbers, count, place, moment) for θ (moment = −1) and the moments (0, 1), piece of memory by piece, each with its place in kept_
template <class T> template <class F> void PanelMethod<T>::each_array(F f) const {
  std::size_t place = 0;
  const auto numbers = [&](T* array, long count, int moment) {
    if (array) f(array, count, place++, moment);
  };
  numbers(network_.front.theta.get(), network_.front.size(), -1);
  for (int k = 0; k < 2; ++k) numbers(front_moments_[k].get(), network_.front.size(), k);
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const auto& layer = network_.layers[l];
    T* const of[parts] = {layer.weights(), layer.b.get(), layer.kappa.get()};
    for (int k = 0; k < parts; ++k) {
      numbers(of[k], count(layer, Part(k)), -1);
      for (int i = 0; i < 2; ++i)
        if (!moments_[i].empty()) numbers(moments_[i][l].of[k].get(), count(layer, Part(k)), i);
    }
  }
}

template <class T> void PanelMethod<T>::keep() {
  if (kept_.empty()) each_array([&](const T*, long count, std::size_t, int) { kept_.emplace_back(count); });
  each_array([&](const T* numbers, long count, std::size_t k, int) { std::copy_n(numbers, count, kept_[k].get()); });
}

template <class T> bool PanelMethod<T>::theta_is_finite() const {
  bool finite = true;
  each_array([&](const T* numbers, long count, std::size_t, int moment) {
    if (moment < 0) finite &= network_.kernels.largest(numbers, count) <= std::numeric_limits<T>::max();
  });
  return finite;
}

template <class T> void PanelMethod<T>::restore() {
  each_array([&](T* numbers, long count, std::size_t k, int) { std::copy_n(kept_[k].get(), count, numbers); });
  for (const GradientBlock<T>& block : blocks_)
    if (block.transposed)
      network_.kernels.transpose_block(block.parameters.theta, block.height, block.width, block.transposed);
}

template class PanelMethod<float>;
template class PanelMethod<double>;

}  // namespace chainrule
