// A kernel set is the table of kernels compiled for one instruction set. One is chosen, once, for the whole process:
// the best that this CPU runs, or the one that the environment variable CHAINRULE_KERNELS names.
#pragma once

namespace chainrule {

template <class T> struct Kernels;  // kernels.hpp: what the table holds, for T = float and double

struct KernelSet {
  const char* name;     // baseline, avx2, avx512 or neon
  bool (*supported)();  // can this CPU run it?
  const Kernels<float>& float32;
  const Kernels<double>& float64;

  template <class T> const Kernels<T>& kernels() const {
    if constexpr (sizeof(T) == 4)
      return float32;
    else
      return float64;
  }
};

// The set in use. Throws std::invalid_argument, naming the choices, if CHAINRULE_KERNELS names none that can run here.
const KernelSet& kernel_set();

}  // namespace chainrule
