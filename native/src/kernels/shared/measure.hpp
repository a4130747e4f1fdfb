// Sums and extremes of arrays, for norms, penalties, the overflow guard and the search for zeros.
#pragma once
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// f(v, i) for all vectors v of x in double precision, lanes<double> numbers each; count is a multiple of lanes<T>.
template <class T, class F> CHAINRULE_WORD void each_wide(const T* x, long count, F f) {
  constexpr int words = lanes<T> / lanes<double>;
  for (long k = 0; k < count; k += lanes<T>)
#pragma GCC unroll 2
    for (int i = 0; i < words; ++i) f(load_wide(x + k + i * lanes<double>), i);
}

// SharedKernels::sum_of_squares: Σ x² in double precision, in a fixed order.
template <class T> inline double sum_of_squares(const T* x, long count) {
  V<double> s[2] = {};
  each_wide(x, count, [&](V<double> v, int i) { s[i] = fma(v, v, s[i]); });
  return sum(s[0] + s[1]);
}

// SharedKernels::add_norms: sums += {Σ|x|, Σ x²}, likewise.
template <class T> inline void add_norms(const T* x, long count, double* sums) {
  V<double> s[2] = {}, a[2] = {};
  each_wide(x, count, [&](V<double> v, int i) {
    s[i] = fma(v, v, s[i]);
    a[i] += abs(v);
  });
  sums[0] += sum(a[0] + a[1]);
  sums[1] += sum(s[0] + s[1]);
}

// SharedKernels::add
template <class T> void add(T* sum, const T* x, long count) {
  for (long k = 0; k < count; k += lanes<T>) store(sum + k, load(sum + k) + load(x + k));
}

// SharedKernels::count_nonzeros
template <class T> long count_nonzeros(const T* x, long count) {
  const V<T> zero{};
  Int<V<T>> found{};
  for (long k = 0; k < count; k += lanes<T>) found -= load(x + k) != zero;
  long all = 0;
  for (int i = 0; i < lanes<T>; ++i) all += static_cast<long>(found[i]);
  return all;
}

// SharedKernels::largest. The bits of |x| are ordered like |x|, with NaN above all numbers.
template <class T> T largest(const T* x, long count) {
  const Int<V<T>> size = ~as_int(broadcast(T(-0.0)));
  Int<V<T>> most[2] = {};
  const auto raise = [&](Int<V<T>>& bound, V<T> v) {
    const Int<V<T>> bits = as_int(v) & size;
    bound = bits > bound ? bits : bound;
  };
  long k = 0;
  for (; k + 2 * lanes<T> <= count; k += 2 * lanes<T>) {
    raise(most[0], load(x + k));
    raise(most[1], load(x + k + lanes<T>));
  }
  for (; k < count; k += lanes<T>) raise(most[0], load_first(x + k, count - k < lanes<T> ? count - k : lanes<T>));
  raise(most[0], as_number<V<T>>(most[1]));
  auto bits = most[0][0];
#pragma GCC unroll 16
  for (int i = 1; i < lanes<T>; ++i) bits = most[0][i] > bits ? most[0][i] : bits;
  return __builtin_bit_cast(T, bits);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
