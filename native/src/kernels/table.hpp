// The end of each file of simd/: compiles the kernels for its instruction set and fills the set's table.
#pragma once
#include "chainrule/kernel_set.hpp"
#include "kernels.hpp"

#define CHAINRULE_TEXT_(x) #x
#define CHAINRULE_TEXT(x) CHAINRULE_TEXT_(x)

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> const Kernels<T> table = {CHAINRULE_VECTOR_BYTES / int(sizeof(T))};

static bool supported() { return CHAINRULE_SUPPORTED; }

extern const KernelSet set;
const KernelSet set = {CHAINRULE_TEXT(CHAINRULE_KERNEL_SET), supported, table<float>, table<double>};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
