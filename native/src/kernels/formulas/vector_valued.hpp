// The vector-valued activations, each map with its derivatives, and the cross-entropy over softmax (Lecture, L4, L11).
//
//   …_pullback     (∂σ/∂z)ᵀ g
//   …_pushforward  (∂σ/∂z) u, where the Jacobian is not symmetric
//   …_bend         ∇²(gᵀσ)(z) u, the change of the pullback as z moves along u
//
// Every array holds `lanes` examples, one per lane: [m][lanes], aligned or not. out may be any of the inputs.
// Sums over the m outputs run in their order; lanes are independent of each other. out of a …_bend is none of the inputs.
#pragma once
#include "kernels/formulas/costs.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// max z, and rest = Σ exp(z − max z) − 1: 1 + rest would lose the digits that log1p and 1 − a need.
template <class W> struct Top {
  W largest, rest;
};
template <class T> CHAINRULE_WORD Top<V<T>> top(const T* z, int m) {
  V<T> largest = load(z), rest{};
  for (int k = 1; k < m; ++k) largest = max(largest, load(z + k * lanes<T>));  // NaN stays
  Int<V<T>> seen{};
  for (int k = 0; k < m; ++k) {
    const V<T> zk = load(z + k * lanes<T>);
    const Int<V<T>> first = (zk == largest) & ~seen;
    rest += select(first, T(0), exp_negative(zk - largest));
    seen |= first;
  }
  return {largest, rest};
}

// aₖ = e^{zₖ} / Σ e^{zₗ}
template <class T> void softmax(const T* z, T* a, int m) {
  const auto [largest, rest] = top(z, m);
  const V<T> scale = T(1) / (T(1) + rest);
  for (int k = 0; k < m; ++k) store(a + k * lanes<T>, exp_negative(load(z + k * lanes<T>) - largest) * scale);
}
// out = (∂a/∂z)ᵀ g = a ⊙ (g − aᵀg)
template <class T> void softmax_pullback(const T* a, const T* g, T* out, int m) {
  V<T> dot{};
  for (int k = 0; k < m; ++k) dot = fma(load(a + k * lanes<T>), load(g + k * lanes<T>), dot);
  for (int k = 0; k < m; ++k) store(out + k * lanes<T>, load(a + k * lanes<T>) * (load(g + k * lanes<T>) - dot));
}

// out = ȧ ⊙ (g − aᵀg) − a ȧᵀg with ȧ = (∂a/∂z) u = a ⊙ (u − aᵀu)
template <class T> void softmax_bend(const T* a, const T* g, const T* u, T* out, int m) {
  softmax_pullback(a, u, out, m);
  V<T> mean{}, change{};
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) {
    mean = fma(load(a + k), load(g + k), mean);
    change = fma(load(out + k), load(g + k), change);
  }
  for (int k = 0; k < m * lanes<T>; k += lanes<T>)
    store(out + k, load(out + k) * (load(g + k) - mean) - load(a + k) * change);
}

// aₖ = (zₖ − max z) − log(1 + rest)
template <class T> void log_softmax(const T* z, T* a, int m) {
  const auto [largest, rest] = top(z, m);
  const V<T> log_sum = log1p(rest);
  for (int k = 0; k < m; ++k) store(a + k * lanes<T>, (load(z + k * lanes<T>) - largest) - log_sum);
}
// out = g − eᵃ Σ g
template <class T> void log_softmax_pullback(const T* a, const T* g, T* out, int m) {
  V<T> total{};
  for (int k = 0; k < m; ++k) total += load(g + k * lanes<T>);
  for (int k = 0; k < m; ++k)
    store(out + k * lanes<T>, fnma(exp_negative(load(a + k * lanes<T>)), total, load(g + k * lanes<T>)));
}

// out = u − pᵀu, p = eᵃ
template <class T> void log_softmax_pushforward(const T* a, const T* u, T* out, int m) {
  V<T> mean{};
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) mean = fma(exp_negative(load(a + k)), load(u + k), mean);
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) store(out + k, load(u + k) - mean);
}
// out = −p ⊙ (u − pᵀu) Σ g
template <class T> void log_softmax_bend(const T* a, const T* g, const T* u, T* out, int m) {
  log_softmax_pushforward(a, u, out, m);
  V<T> total{};
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) total += load(g + k);
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) store(out + k, -(exp_negative(load(a + k)) * load(out + k)) * total);
}

// z̄, and 1/S in two factors: S = √(mean (z − z̄)² + ε), centred numbers divided by a power of two so that no square
// overflows
template <class W> struct Moments {
  W mean, shrink, inverse;
};
template <class T> CHAINRULE_WORD Moments<V<T>> moments_of(const T* z, int m, T epsilon) {
  const T part = T(1) / T(m);
  V<T> mean{}, largest{}, squares{};
  for (int k = 0; k < m; ++k) mean = fma(load(z + k * lanes<T>), broadcast(part), mean);
  for (int k = 0; k < m; ++k) largest = max(largest, abs(load(z + k * lanes<T>) - mean));
  const Int<V<T>> exponent = as_int(largest) & as_int(broadcast(T(__builtin_huge_val())));
  const V<T> size = max(broadcast(T(1)), as_number<V<T>>(exponent)), shrink = T(1) / size;
  for (int k = 0; k < m; ++k) {
    const V<T> c = (load(z + k * lanes<T>) - mean) * shrink;
    squares = fma(c, c, squares);
  }
  return {mean, shrink, T(1) / sqrt(fma(squares, broadcast(part), epsilon * shrink * shrink))};
}
// a = (z − z̄)/S
template <class T> void layer_norm(const T* z, T* a, int m, T epsilon) {
  const auto [mean, shrink, inverse] = moments_of(z, m, epsilon);
  for (int k = 0; k < m; ++k) store(a + k * lanes<T>, (load(z + k * lanes<T>) - mean) * shrink * inverse);
}
// out = ((I − 11ᵀ/m − aaᵀ/m)/S) g
template <class T> void layer_norm_pullback(const T* z, const T* a, const T* g, T* out, int m, T epsilon) {
  const V<T> part = broadcast(T(1) / T(m));
  const auto [_, shrink, inverse] = moments_of(z, m, epsilon);
  const V<T> scale = inverse * shrink;
  V<T> mean{}, dot{};
  for (int k = 0; k < m; ++k) {
    const V<T> gk = load(g + k * lanes<T>);
    mean += gk;
    dot = fma(load(a + k * lanes<T>), gk, dot);
  }
  mean *= part;
  dot *= part;
  for (int k = 0; k < m; ++k)
    store(out + k * lanes<T>, fnma(load(a + k * lanes<T>), dot, load(g + k * lanes<T>) - mean) * scale);
}

// out = −(ȧ m(a ⊙ g) + a m(ȧ ⊙ g) + (∂a/∂z)ᵀg m(a ⊙ u))/S with ȧ = (∂a/∂z) u and m the mean of a row
template <class T> void layer_norm_bend(const T* z, const T* a, const T* g, const T* u, T* out, int m, T epsilon) {
  const V<T> part = broadcast(T(1) / T(m));
  const auto [_, shrink, inverse] = moments_of(z, m, epsilon);
  const V<T> scale = inverse * shrink;
  V<T> g_mean{}, u_mean{}, ag{}, au{};
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) {
    const V<T> ak = load(a + k), gk = load(g + k), uk = load(u + k);
    g_mean += gk;
    u_mean += uk;
    ag = fma(ak, gk, ag);
    au = fma(ak, uk, au);
  }
  g_mean *= part;
  u_mean *= part;
  ag *= part;
  au *= part;
  const auto pulled = [&](V<T> xk, V<T> mean, V<T> dot, V<T> ak) { return fnma(ak, dot, xk - mean) * scale; };
  V<T> change_g{};
  for (int k = 0; k < m * lanes<T>; k += lanes<T>)
    change_g = fma(pulled(load(u + k), u_mean, au, load(a + k)), load(g + k), change_g);
  change_g *= part;
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) {
    const V<T> ak = load(a + k);
    const V<T> change = pulled(load(u + k), u_mean, au, ak), pulled_g = pulled(load(g + k), g_mean, ag, ak);
    store(out + k, -fma(change, ag, fma(ak, change_g, pulled_g * au)) * scale);
  }
}

// Cross-entropy over softmax. a := softmax z, delta := ∂ℓ/∂z = a − y′ = (1 − y′) a − y′ (1 − a); returns ℓ = −Σ y′ₖ log
// aₖ per lane. y holds distributions; label smoothing ε makes y′ of it. a and delta may be null.
template <class T> V<T> cross_entropy_of_softmax(const T* z, const T* y, T* a, T* delta, int m, T label_smoothing) {
  const auto [largest, rest] = top(z, m);
  const V<T> one = broadcast(T(1)), scale = one / (one + rest), log_sum = log1p(rest);
  Int<V<T>> seen{};
  V<T> total{};
  for (int k = 0; k < m; ++k) {
    const V<T> zk = load(z + k * lanes<T>), yk = smoothed(load(y + k * lanes<T>), label_smoothing, m);
    const V<T> ak = exp_negative(zk - largest) * scale;
    const Int<V<T>> first = (zk == largest) & ~seen;  // the only entry for which 1 − a may cancel
    seen |= first;
    total += times(yk, (largest - zk) + log_sum);
    if (a) store(a + k * lanes<T>, ak);
    if (delta) store(delta + k * lanes<T>, (one - yk) * ak - yk * select(first, rest * scale, one - ak));
  }
  return total;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
