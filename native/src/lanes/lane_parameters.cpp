#include "lanes/lane_parameters.hpp"

#include <algorithm>
#include <cmath>

#include "gradient_norm.hpp"

namespace chainrule {
namespace {

// Squares of smaller gradients, summed over 2⁶³ steps, do not overflow.
template <class T> constexpr T small_gradient = sizeof(T) == 4 ? T(0x1p32) : T(0x1p480);

}  // namespace

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
    if (moments[k]) {
      std::copy_n(moments[k], d, moments_[k].get());
      may_overflow_moments_ |= !(kernels_.shared.largest(moments_[k].get(), padded_d) < small_gradient<T>);
    }
}

template <class T> void LaneParameters<T>::get(T* theta_copy, const std::array<T*, 2>& moments) const {
  if (theta_copy) std::copy_n(theta.get(), d, theta_copy);
  for (int k = 0; k < moment_count_; ++k)
    if (moments[k]) std::copy_n(moments_[k].get(), d, moments[k]);
}

template <class T> bool LaneParameters<T>::is_finite(const Buffer<T>& numbers) const {
  return kernels_.shared.largest(numbers.get(), padded_d) <= std::numeric_limits<T>::max();
}

template <class T> bool LaneParameters<T>::are_moments_finite() const {
  return std::all_of(moments_, moments_ + moment_count_, [&](const Buffer<T>& moment) { return is_finite(moment); });
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
  const T largest = kernels_.shared.largest(gradient.get(), padded_d);  // NaN if a number is
  double norm = 0;
  if (step.measures_gradient_norm || step.clips()) {
    const double squared = kernels_.shared.sum_of_squares(gradient.get(), padded_d);
    norm = is_exact_sum_of_squares<T>(squared) ? std::sqrt(squared) : scaled_norm(gradient.get(), padded_d);
  }
  if (!step.keeps_J_finite(J) || !(largest <= std::numeric_limits<T>::max()) || !step.can_clip(norm)) {
    std::copy_n(theta_before_.get(), padded_d, theta.get());
    return Outcome::diverged;
  }
  may_overflow_moments_ |= largest >= small_gradient<T>;
  for (int k = 0; k < moment_count_; ++k) std::copy_n(moments_[k].get(), padded_d, moments_before_[k].get());
  if (norm > step.clip_norm) constants.gradient_scale = static_cast<T>(step.clip_norm / norm);
  kernels_.shared.apply(gradient.get(), padded_d,
                        {.theta = theta.get(), .moment = {moments_[0].get(), moments_[1].get()}},
                        {.constants = &constants, .should_update = true},
                        Part::b);  // whose coefficients have no decay: that of W has been done
  if (!is_finite(theta) || (may_overflow_moments_ && !are_moments_finite())) {
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
