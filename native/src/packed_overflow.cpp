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
  each_array([&](const T* numbers, long count, std::size_t, int moment) {
    if (moment == 1) return;  // the second one bounds nothing
    double& reach = moment < 0 ? theta_reach_ : moment_reach_;
    reach = std::max(reach, largest_size(numbers, count));
  });
}

// Can no |θ| overflow in this step, if no entry of the gradient is above `largest`? A bound of |θ| and of the first moment is kept
// from step to step; where it has grown too far, they are measured anew. Called by thread 0.
template <class T> bool Packed<T>::stays_finite(const Step<T>& step, double largest) {
  Coefficients<T> c = step.constants[0].of[0];  // with the largest factors
  for (std::size_t l = 0; l < constants_.size(); ++l)
    for (const Coefficients<T>& other : step.constants[l].of) {
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
template <class T> template <class F> void Packed<T>::each_array(F f) const {
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

template <class T> void Packed<T>::keep() {
  if (kept_.empty()) each_array([&](const T*, long count, std::size_t, int) { kept_.emplace_back(count); });
  each_array([&](const T* numbers, long count, std::size_t k, int) { std::copy_n(numbers, count, kept_[k].get()); });
}

template <class T> bool Packed<T>::theta_is_finite() const {
  bool finite = true;
  each_array([&](const T* numbers, long count, std::size_t, int moment) {
    if (moment < 0) finite &= network_.kernels.bounded(numbers, count, std::numeric_limits<T>::max());
  });
  return finite;
}

template <class T> void Packed<T>::restore() {
  each_array([&](T* numbers, long count, std::size_t k, int) { std::copy_n(kept_[k].get(), count, numbers); });
  for (const Piece& piece : pieces_) {
    if (piece.layer < 0) continue;
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
