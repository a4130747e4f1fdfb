// The gradient of training in lanes, from the partial sums of its groups, and the penalties' part of a step.
#pragma once
#include "kernels/layout/transpose.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// LaneKernels::reduce
template <class T> void lane_reduce(const T* sums, long chunk_stride, int chunks, long first, long last, T* gradient) {
  for (long k = first; k < last; k += lanes<T>) {
    const long count = smaller(last - k, lanes<T>);
    V<T> x[lanes<T>] = {};
    for (int c = 0; c < chunks; ++c)
      for (long i = 0; i < count; ++i) x[i] += load(sums + c * chunk_stride + (k + i) * lanes<T>);
    store(gradient + k, lane_sums<T>(x));
  }
}

// LaneKernels::penalties
template <class T> void lane_penalties(T* gradient, T* theta, const T* mask, long count, T l1, T l2, T decay) {
  const V<T> zero{}, one = broadcast(T(1));
  for (long k = 0; k < count; k += lanes<T>) {
    const V<T> x = load(theta + k), w = load(mask + k), sign = select(x > zero, one, select(x < zero, -one, zero));
    store(gradient + k, load(gradient + k) + w * (l1 * sign + l2 * x));
    store(theta + k, fnma(decay * w, x, x));
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
