// From the gradients of a bundle to the optimizer's step: the numbers that differ from network to network lie across
// the lanes.
#pragma once
#include "kernels/bundles/contract.hpp"
#include "kernels/formulas/optimizer.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The largest |x| of each lane. The bits of |x| are ordered like |x|, with NaN above all numbers.
template <class T> struct LargestOfLanes {
  Int<V<T>> bits{};

  CHAINRULE_WORD void raise(V<T> x) {
    const Int<V<T>> of_x = as_int(abs(x));
    bits = of_x > bits ? of_x : bits;
  }
};

// BundleKernels::largest
template <class T> void bundle_largest(const T* x, long d, T* out) {
  LargestOfLanes<T> most;
  for (long k = 0; k < d * lanes<T>; k += lanes<T>) most.raise(load(x + k));
  store(out, as_number<V<T>>(most.bits));
}

// BundleKernels::add_penalties, with the operations of lane_penalties
template <class T>
void bundle_penalties(T* gradient, T* theta, const T* mask, long d, const BundlePenalties<T>& penalties) {
  const V<T> zero{}, one = broadcast(T(1));
  const V<T> l1 = load(penalties.l1.of), l2 = load(penalties.l2.of), decay = load(penalties.decay.of);
  const Int<V<T>> is_due = load(penalties.is_due.of) != zero;
  for (long k = 0; k < d; ++k, gradient += lanes<T>, theta += lanes<T>) {
    const V<T> w = broadcast(mask[k]), x = load(theta), g = load(gradient);
    const V<T> sign = select(x > zero, one, select(x < zero, -one, zero));
    store(gradient, select(is_due, g + w * (l1 * sign + l2 * x), g));
    store(theta, select(is_due, fnma(decay * w, x, x), x));
  }
}

// BundleKernels::update
template <class T>
void bundle_update(const T* gradient, long d, const Parameters<T>& p, const BundleUpdate<T>& u, T* largest) {
  const auto of = [](const PerLane<T>& numbers) { return load(numbers.of); };
  const Coefficients<PerLane<T>>& from = u.coefficients;
  const Coefficients<V<T>> c = {.alpha = of(from.alpha),
                                .beta1 = of(from.beta1),
                                .rest1 = of(from.rest1),
                                .beta2 = of(from.beta2),
                                .rest2 = of(from.rest2),
                                .epsilon = of(from.epsilon),
                                .root = of(from.root),
                                .decay = of(from.decay),
                                .shrink = of(from.shrink),
                                .grow = of(from.grow),
                                .smallest = of(from.smallest),
                                .largest = of(from.largest)};
  const V<T> scale = of(u.gradient_scale);
  const Int<V<T>> is_frozen = c.alpha == V<T>{};  // θ keeps every bit, whatever the moments are
  LargestOfLanes<T> most;
  with(u.optimizer, [&]<Optimizer optimizer>() {
    constexpr int kept = moment_count(optimizer);
    for (long k = 0; k < d * lanes<T>; k += lanes<T>) {
      V<T> x = load(p.theta + k), mu{}, nu{};
      if constexpr (kept > 0) mu = load(p.moment[0] + k);
      if constexpr (kept > 1) nu = load(p.moment[1] + k);
      const V<T> before = x;
      update<optimizer>(x, mu, nu, scale * load(gradient + k), c);
      x = select(is_frozen, before, x);
      store(p.theta + k, x);
      most.raise(x);
      if constexpr (kept > 0) {
        store(p.moment[0] + k, mu);
        most.raise(mu);
      }
      if constexpr (kept > 1) {
        store(p.moment[1] + k, nu);
        most.raise(nu);
      }
    }
  });
  store(largest, as_number<V<T>>(most.bits));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
