// A kernel set is the table of kernels compiled for one instruction set. One set is chosen
// for the whole process: the best that this CPU runs, or the one that the environment variable CHAINRULE_KERNELS names.
#pragma once

namespace chainrule {

template <class T> struct Kernels;  // see kernels.hpp; T = float or double
struct JacobianKernels;             // see kernels/jacobian/contract.hpp
struct ColumnKernels;               // see kernels/columns/contract.hpp

struct KernelSet {
  const char* name;  // baseline, avx2, avx512 or neon
  const Kernels<float>& float32;
  const Kernels<double>& float64;
  const JacobianKernels& jacobian;
  const ColumnKernels& columns;

  template <class T> const Kernels<T>& kernels() const {
    if constexpr (sizeof(T) == 4)
      return float32;
    else
      return float64;
  }
};

// The set in use. Throws std::invalid_argument, naming the choices, if CHAINRULE_KERNELS names no set that this CPU can
// run.
const KernelSet& kernel_set();

}  // namespace chainrule
