// A step whose numbers would overflow is not made (Packed): bounds that rule it out beforehand, at no cost where training goes
// well, and a copy of θ and the moments to go back to where they do not.
#include <algorithm>
#include <cmath>

#include "packed.hpp"

namespace chainrule {
namespace {

template <class T> double largest_size(const T* x, long count) {
  double largest = 0;
  for (long k = 0; k < count; ++k) largest = std::max(largest, std::abs(double(x[k])));
  return largest;
}

}  // namespace

template <class T> void Packed<T>::measure_reach() {
  theta_reach_ = moment_reach_ = 0;
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const auto& layer = network_.layers[l];
    const long weights = layer.packed() * network_.R, biases = long(layer.panels_out) * network_.R;
    theta_reach_ =
        std::max({theta_reach_, largest_size(layer.weights(), weights), largest_size(layer.b.get(), biases)});
    if (moments_[l].W[0])
      moment_reach_ = std::max(
          {moment_reach_, largest_size(moments_[l].W[0].get(), weights), largest_size(moments_[l].b[0].get(), biases)});
  }
}

// Can no |θ| overflow in this step, if no entry of the gradient is above `largest`? A bound of |θ| and of the first moment is kept
// from step to step; where it has grown too far, they are measured anew. Called by thread 0.
template <class T> bool Packed<T>::stays_finite(const Step<T>& step, double largest) {
  const Coefficients<T>& c = step.constants.weights;
  const double room = 0.5 * double(std::numeric_limits<T>::max());
  const auto step_size = [&] {  // of the longest step
    const double g = largest + step.l1 + step.l2 * theta_reach_;
    const double beta1 = c.beta1, beta2 = c.beta2;
    switch (step.constants.optimizer) {
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
        return double(c.largest);
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

// f(numbers, count, place) for θ and the moments, piece of memory by piece, each with its place in kept_
template <class T> template <class F> void Packed<T>::each_array(F f) const {
  std::size_t place = 0;
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const auto& layer = network_.layers[l];
    const long weights = layer.packed() * network_.R, biases = long(layer.panels_out) * network_.R;
    f(layer.weights(), weights, place++);
    f(layer.b.get(), biases, place++);
    for (int k = 0; k < 2; ++k)
      if (moments_[l].W[k]) {
        f(moments_[l].W[k].get(), weights, place++);
        f(moments_[l].b[k].get(), biases, place++);
      }
  }
}

template <class T> void Packed<T>::keep() {
  if (kept_.empty()) each_array([&](const T*, long count, std::size_t) { kept_.emplace_back(count); });
  each_array([&](const T* numbers, long count, std::size_t k) { std::copy_n(numbers, count, kept_[k].get()); });
}

template <class T> bool Packed<T>::theta_is_finite() const {
  const T largest = std::numeric_limits<T>::max();
  for (const auto& layer : network_.layers)
    if (!network_.kernels.bounded(layer.weights(), layer.packed() * network_.R, largest) ||
        !network_.kernels.bounded(layer.b.get(), long(layer.panels_out) * network_.R, largest))
      return false;
  return true;
}

template <class T> void Packed<T>::restore() {
  each_array([&](T* numbers, long count, std::size_t k) { std::copy_n(kept_[k].get(), count, numbers); });
  for (const Piece& piece : pieces_) {
    const WeightBlock<T> block = weight_block(piece, 0);
    if (block.transposed)
      network_.kernels.transpose_block(block.parameters.theta, block.height, block.width, block.transposed);
  }
}

template void Packed<float>::measure_reach();
template void Packed<double>::measure_reach();
template bool Packed<float>::stays_finite(const Step<float>&, double);
template bool Packed<double>::stays_finite(const Step<double>&, double);
template void Packed<float>::keep();
template void Packed<double>::keep();
template bool Packed<float>::theta_is_finite() const;
template bool Packed<double>::theta_is_finite() const;
template void Packed<float>::restore();
template void Packed<double>::restore();

}  // namespace chainrule
