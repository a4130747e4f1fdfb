// x86-64 with AVX2 and FMA: sixteen registers of 32 bytes.
#define CHAINRULE_KERNEL_SET avx2
#define CHAINRULE_VECTOR_BYTES 32
#include "kernels/table.hpp"
