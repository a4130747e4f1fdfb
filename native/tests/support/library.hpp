// The functions that tests compare vector words with, made of the C library's in a wider type R.
#pragma once
#include <cmath>

namespace chainrule::tests::library {

// e^(−a x²), with the rounding error of x².
template <class R> R gaussian(R x, R a) {
  if (std::abs(x) > 60) return 0;
  const R h = x * x;
  return std::exp(-a * h) * (1 - a * std::fma(x, x, -h));
}
template <class R> R sigmoid(R x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
template <class R> R softplus(R x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
// ½ erfc(−z/√2), with √½ in two parts.
template <class R> R normal(R z) {
  if (std::abs(z) > 60) return z > 0;
  const R high = std::sqrt(R(0.5)), low = -std::fma(high, high, R(-0.5)) / (2 * high), x = -z * high;
  const R missing = std::fma(-z, high, -x) - z * low;
  return R(0.5) * (std::erfc(x) - R(1.12837916709551257390L) * std::exp(-x * x) * missing);
}
template <class R> R density(R z) { return R(0.39894228040143267794L) * gaussian(z, R(0.5)); }
template <class R> R tanh_of_softplus(R z) {
  const R q = std::exp(-std::abs(z)), n = z < 0 ? q * (q + 2) : 1 + 2 * q;
  return n / (n + (z < 0 ? 2 : 2 * q * q));
}
template <class R> R tanh_of_softplus_derivative(R z) {
  const R q = std::exp(-std::abs(z)), n = z < 0 ? q * (q + 2) : 1 + 2 * q, d = n + (z < 0 ? 2 : 2 * q * q);
  return 4 * (z < 0 ? q : q * q) * (1 + q) / d / d;
}

}  // namespace chainrule::tests::library
