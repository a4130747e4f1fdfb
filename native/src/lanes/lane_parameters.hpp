// θ of a narrow network in the lecture's order, its gradient, the optimizer's moments, and the step along the gradient.
#pragma once

#include "buffer.hpp"
#include "method.hpp"

namespace chainrule {

template <class T> class LaneParameters {
 public:
  LaneParameters(const NetworkSpec& net, Optimizer optimizer, const Kernels<T>& kernels);

  void put(const T* new_theta, const std::array<const T*, 2>& moments);
  void get(T* theta_copy, const std::array<T*, 2>& moments) const;

  // Makes the optimizer's step along `gradient`, given J without penalties, and sets `measured`; or leaves θ and the
  // moments unchanged and returns `diverged` if J, ∇J, the next θ or a moment is not finite.
  Outcome update(const Step<T>& step, double J, Measured& measured);

  const long d;         // the length of θ
  const long padded_d;  // d rounded up to vectors, as all of the arrays are
  const Buffer<T> theta;
  const Buffer<T> gradient;

 private:
  bool is_finite(const Buffer<T>& numbers) const;
  bool are_moments_finite() const;
  double penalty(const Step<T>& step) const;

  const Kernels<T>& kernels_;
  const int moment_count_;
  Buffer<T> weight_mask_;        // 1 for entries of W, 0 for entries of b
  Buffer<T> moments_[2];         // as many as the optimizer keeps
  Buffer<T> theta_before_;       // this step
  Buffer<T> moments_before_[2];  // this step
  bool may_overflow_moments_ = false;
};

extern template class LaneParameters<float>;
extern template class LaneParameters<double>;

}  // namespace chainrule
