#include "lanes/lane_parameters.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {

template <class T>
LaneParameters<T>::LaneParameters(const NetworkSpec& net, Optimizer optimizer, const Kernels<T>& kernels)
    : d(net.d()),
      padded_d((d + kernels.lanes - 1) / kernels.lanes * kernels.lanes),
      theta(padded_d),
      gradient(padded_d),
      kernels_(kernels),
      moment_count_(moment_count(optimizer)),
      weight_mask_(padded_d),
      theta_before_(padded_d) {
  for (int k = 0; k < moment_count_; ++k) {
    moments_[k] = Buffer<T>(padded_d);
    moments_before_[k] = Buffer<T>(padded_d);
  }
  long offset = 0;
  for (int i = 1; i <= net.r(); ++i) {
    std::fill_n(weight_mask_.get() + offset, net.entries(i), T(1));
    offset += net.size(i);
  }
}

template <class T> void LaneParameters<T>::put(const T* new_theta, const std::array<const T*, 2>& moments) {
  std::copy_n(new_theta, d, theta.get());
  for (int k = 0; k < moment_count_; ++k)
    if (moments[k]) std::copy_n(moments[k], d, moments_[k].get());
}

template <class T> void LaneParameters<T>::get(T* theta_copy, const std::array<T*, 2>& moments) const {
  if (theta_copy) std::copy_n(theta.get(), d, theta_copy);
  for (int k = 0; k < moment_count_; ++k)
    if (moments[k]) std::copy_n(moments_[k].get(), d, moments[k]);
}

template <class T> bool LaneParameters<T>::is_finite(const Buffer<T>& numbers) const {
  return kernels_.shared.largest(numbers.get(), padded_d) <= std::numeric_limits<T>::max();
}

template <class T> double LaneParameters<T>::penalty(const Step<T>& step) const {
  double l1 = 0, l2 = 0;
  for (long k = 0; k < d; ++k) {
    const double w = double(weight_mask_[k]) * theta[k];
    l1 += std::abs(w);
    l2 += w * w;
  }
  return penalty_of(step.l1, l1, step.l2, l2);
}

template <class T> Outcome LaneParameters<T>::update(const Step<T>& step, double J, Measured& measured) {
  StepConstants<T> constants = step.constants[0];  // all layers have the same
  std::copy_n(theta.get(), padded_d, theta_before_.get());
  const bool has_penalties = step.l1 != 0 || step.l2 != 0, decays = constants.optimizer == Optimizer::adamw;
  if (has_penalties) J += penalty(step);
  if (has_penalties || decays)
    kernels_.lane.penalties(gradient.get(), theta.get(), weight_mask_.get(), padded_d, constants.l1, constants.l2,
                            decays ? constants.coefficients[int(Part::W)].decay : T(0));
  if (!std::isfinite(J) || !is_finite(gradient)) {
    std::copy_n(theta_before_.get(), padded_d, theta.get());
    return Outcome::diverged;
  }
  for (int k = 0; k < moment_count_; ++k) std::copy_n(moments_[k].get(), padded_d, moments_before_[k].get());
  double norm = 0;
  if (step.measures_gradient_norm || step.clips())
    norm = std::sqrt(kernels_.shared.sum_of_squares(gradient.get(), padded_d));
  if (norm > step.clip_norm) constants.gradient_scale = static_cast<T>(step.clip_norm / norm);
  kernels_.shared.apply(gradient.get(), padded_d,
                        {.theta = theta.get(), .moment = {moments_[0].get(), moments_[1].get()}},
                        {.constants = &constants, .should_update = true},
                        Part::b);  // whose coefficients have no decay: that of W has been done
  if (!is_finite(theta)) {
    std::copy_n(theta_before_.get(), padded_d, theta.get());
    for (int k = 0; k < moment_count_; ++k) std::copy_n(moments_before_[k].get(), padded_d, moments_[k].get());
    return Outcome::diverged;
  }
  measured = {.J = J, .gradient_norm = norm};
  return Outcome::done;
}

template class LaneParameters<float>;
template class LaneParameters<double>;

}  // namespace chainrule
