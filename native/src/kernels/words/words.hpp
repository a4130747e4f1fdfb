// The vector words: the operations on vectors of numbers that all kernels are written in, for every instruction set.
//
// A kernel set is one compilation of the kernels for one vector width. Its translation unit defines
//     CHAINRULE_KERNEL_SET     the namespace: baseline, avx2, avx512 or neon
//     CHAINRULE_VECTOR_BYTES   16, 32 or 64
// and includes no standard header with inline functions: the linker may keep one copy of such a function for the whole
// program, compiled for a CPU that this one is not. Everything here is in the set's own namespace and inlined.
//
// V<T>, T = float or double, is a compiler vector: + − · / and comparisons work lane by lane, and a scalar operand
// is broadcast. A comparison gives a mask, all bits of a lane set or clear. Compile with -ffp-contract=off:
// products and sums are fused where the source says fma, and nowhere else.
#pragma once
#include <cstddef>
#include <cstdint>

#ifndef CHAINRULE_VECTOR_BYTES  // a header compiled alone takes the widest set that the flags allow
#  if defined(__AVX512F__)
#    define CHAINRULE_VECTOR_BYTES 64
#    define CHAINRULE_KERNEL_SET avx512
#  elif defined(__AVX2__)
#    define CHAINRULE_VECTOR_BYTES 32
#    define CHAINRULE_KERNEL_SET avx2
#  elif defined(__aarch64__)
#    define CHAINRULE_VECTOR_BYTES 16
#    define CHAINRULE_KERNEL_SET neon
#  else
#    define CHAINRULE_VECTOR_BYTES 16
#    define CHAINRULE_KERNEL_SET baseline
#  endif
#endif
#define CHAINRULE_WORD inline __attribute__((always_inline))

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> struct VectorOf;
template <> struct VectorOf<float> {
  typedef float numbers __attribute__((vector_size(CHAINRULE_VECTOR_BYTES)));
  using lane = int32_t;
  typedef int32_t integers __attribute__((vector_size(CHAINRULE_VECTOR_BYTES)));
};
template <> struct VectorOf<double> {
  typedef double numbers __attribute__((vector_size(CHAINRULE_VECTOR_BYTES)));
  using lane = int64_t;
  typedef int64_t integers __attribute__((vector_size(CHAINRULE_VECTOR_BYTES)));
};
template <class T> using V = typename VectorOf<T>::numbers;
template <class T> inline constexpr int lanes = CHAINRULE_VECTOR_BYTES / sizeof(T);

// From a vector type W = V<T> back: Scalar<W> = T, Int<W> the integers (and masks) of the same width.
template <class W> struct Of;
template <> struct Of<V<float>> {
  using scalar = float;
  using integers = VectorOf<float>::integers;
  static constexpr int mantissa = 23, bias = 127;             // x = ±2^(e − bias)·1.f, f of `mantissa` bits
  static constexpr float unit = 0x1p-24f, magic = 0x1.8p23f;  // u; x + magic rounds x to an integer
};
template <> struct Of<V<double>> {
  using scalar = double;
  using integers = VectorOf<double>::integers;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double unit = 0x1p-53, magic = 0x1.8p52;
};
template <class W> using Scalar = typename Of<W>::scalar;
template <class W> using Int = typename Of<W>::integers;

// memory
template <class T> CHAINRULE_WORD V<T> load(const T* p) {
  V<T> x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
template <class T> CHAINRULE_WORD V<T> load_aligned(const T* p) {  // p: a multiple of CHAINRULE_VECTOR_BYTES
  return load(static_cast<const T*>(__builtin_assume_aligned(p, CHAINRULE_VECTOR_BYTES)));
}
template <class T> CHAINRULE_WORD void store(T* p, V<T> x) { __builtin_memcpy(p, &x, sizeof x); }
template <class T> CHAINRULE_WORD void store_aligned(T* p, V<T> x) {
  store(static_cast<T*>(__builtin_assume_aligned(p, CHAINRULE_VECTOR_BYTES)), x);
}
template <class T> CHAINRULE_WORD V<double> load_wide(const T* p) {  // lanes<double> numbers in double precision
  typedef T part __attribute__((vector_size(sizeof(T) * lanes<double>)));
  part x;
  __builtin_memcpy(&x, p, sizeof x);
  return __builtin_convertvector(x, V<double>);
}
template <class T> CHAINRULE_WORD void store_narrow(T* p, V<double> x) {  // the reverse
  typedef T part __attribute__((vector_size(sizeof(T) * lanes<double>)));
  const part y = __builtin_convertvector(x, part);
  __builtin_memcpy(p, &y, sizeof y);
}
template <class T> CHAINRULE_WORD V<T> broadcast(T x) { return x - V<T>{}; }  // x − 0 = x, for x = −0 too
CHAINRULE_WORD V<float> broadcast(V<float> x) { return x; }                   // which has a number for each lane
CHAINRULE_WORD V<double> broadcast(V<double> x) { return x; }

// bits
template <class W> CHAINRULE_WORD Int<W> as_int(W x) { return reinterpret_cast<Int<W>>(x); }
template <class W> CHAINRULE_WORD W as_number(Int<W> n) { return reinterpret_cast<W>(n); }

// choices
template <class W> CHAINRULE_WORD W select(Int<W> mask, W a, W b) { return mask ? a : b; }  // mask ? a : b
template <class W> CHAINRULE_WORD W select(Int<W> mask, W a, Scalar<W> b) { return mask ? a : broadcast(b); }
template <class W> CHAINRULE_WORD W select(Int<W> mask, Scalar<W> a, W b) { return mask ? broadcast(a) : b; }
template <class W> CHAINRULE_WORD W abs(W x) { return as_number<W>(as_int(x) & ~as_int(broadcast(Scalar<W>(-0.0)))); }
template <class W> CHAINRULE_WORD W copy_sign(W x, W from) {  // |x| with the sign of `from`
  const Int<W> sign = as_int(broadcast(Scalar<W>(-0.0)));
  return as_number<W>((as_int(x) & ~sign) | (as_int(from) & sign));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET

// The words that each set defines for itself: fma, fnma, sqrt, min, max, sum, any, load_first, store_first.
#if CHAINRULE_VECTOR_BYTES == 64
#  include "kernels/words/avx512.hpp"
#elif CHAINRULE_VECTOR_BYTES == 32
#  include "kernels/words/avx2.hpp"
#elif defined(__aarch64__)
#  include "kernels/words/neon.hpp"
#else
#  include "kernels/words/baseline.hpp"
#endif

namespace chainrule::CHAINRULE_KERNEL_SET {

#if CHAINRULE_VECTOR_BYTES != 64
// √x and a / b within 2 ULP: these sets use the exact ones.
template <class W> CHAINRULE_WORD W quick_sqrt(W x) { return sqrt(x); }
template <class W> CHAINRULE_WORD W quick_quotient(W a, W b) { return a / b; }
#endif

// x rounded to the nearest integer, ties to even, as a number. |x| ≤ 2²² (float), 2⁵¹ (double).
template <class W> CHAINRULE_WORD W nearest(W x) { return (x + Of<W>::magic) - Of<W>::magic; }
// 2ⁿ for integral n, −126 ≤ n ≤ 127 (−1022 ≤ n ≤ 1023).
// In n + magic + bias the exponent field of 2ⁿ is in the lowest bits: a sum and a shift.
template <class W> CHAINRULE_WORD W power_of_two(W n) {
  return as_number<W>(as_int(n + (Of<W>::magic + Of<W>::bias)) << Of<W>::mantissa);
}
template <class W>
CHAINRULE_WORD W clamp(W x, Scalar<W> low, Scalar<W> high) {  // min and max give b for NaN, so that NaN stays
  return min(broadcast(high), max(broadcast(low), x));
}
// c[0] + c[1] x + … + c[n−1] xⁿ⁻¹ by Horner's rule.
template <class W, int n> CHAINRULE_WORD W polynomial(W x, const Scalar<W> (&c)[n]) {
  W p = broadcast(c[n - 1]);
#pragma GCC unroll 32
  for (int k = n - 2; k >= 0; --k) p = fma(p, x, broadcast(c[k]));
  return p;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
